import { coreRules } from "../../daemon/core-rules.ts";
import type { LogLimits } from "../../core/replication/log-limits.ts";
import type { Rules } from "../../daemon/setup.ts";
import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Violation } from "../checkers/checker.ts";
import { viewIdText } from "../../model/view.ts";
import type { MachineClock } from "../fake-clock.ts";
import type { NodeTruth } from "../ground-truth.ts";
import type { MachineWire } from "../machine.ts";
import type { RareState } from "../rare-states/rare-states.ts";
import { ClusterWatch } from "../rare-states/watch-cluster.ts";
import { Random } from "../random.ts";
import { World, type TimelineLine } from "../world.ts";
import { drawPlan, type FaultKind, type Plan } from "./draw-plan.ts";
import { FaultMaker } from "./fault-maker.ts";
import { saysShape, shapeConfig, type Shape } from "./shapes.ts";

/** What a seed came to. */
export interface SeedResult {
  readonly seed: number;
  readonly shape: Shape;
  readonly plan: Plan;
  readonly violations: readonly Violation[];
  /** Virtual time of the whole run. */
  readonly ranMs: number;
  /** From the end of the faults until everything was as it should be; null when it never was. */
  readonly recoveredMs: number | null;
  readonly entries: number;
  readonly faults: ReadonlyMap<FaultKind, number>;
  /** Rare states that it has been in. */
  readonly rareStates: ReadonlySet<RareState>;
  readonly timeline: readonly TimelineLine[];
  /** Where every node stood in the end, one line each. */
  readonly ends: readonly string[];
}

/** How to run a seed. */
export interface SeedOptions {
  /** Planted bugs. */
  readonly rules?: (node: NodeId) => Rules | undefined;
  readonly wire?: MachineWire;
  /** Of the log; default: drawn. */
  readonly limits?: LogLimits;
}

/** Faults are over for at most this long before everything must be well. Patience with absent nodes and several rounds of recovery fit in. */
const recoveryMsMax = 90_000;
const lookEveryMs = 500;
const askAgainMs = 20_000;
/** FEN-11 allows for so much. */
const resetMsMax = 1_000;

/** Runs one seed: faults with safety watched, then no faults, and everything must come back in time. */
export function exploreSeed(seed: number, shape: Shape, options: SeedOptions = {}): SeedResult {
  const random = new Random(seed);
  const plan = drawPlan(random, shape);
  const { config, digest } = shapeConfig(shape);
  const watch = new ClusterWatch();
  const world = new World({
    config,
    configDigest: digest,
    seed: random.bits(),
    bootMs: random.pick([500, 3000]),
    rules: (node) => watch.rules(node, withLimits(options.rules?.(node) ?? coreRules, options.limits ?? plan.limits)),
    clocks: () => drawClock(random, plan),
    ...(options.wire === undefined ? {} : { wire: options.wire }),
  });
  world.watch(watch.checker(world));
  const rates = [...world.machines.values()].map(({ clock }) => clock.rate);
  if (Math.max(...rates) - Math.min(...rates) > 0.005) watch.rareStates.add("clocks-apart");
  for (const { watchdog } of world.machines.values())
    Object.assign(watchdog.driver, { rate: drawRate(random, plan), resetMs: random.between(0, resetMsMax) });
  for (const { id } of config.services.flatMap(({ resources }) => resources))
    world.book.times.set(id, { start: plan.agentMs, stop: plan.agentMs, monitor: 100 });
  if (saysShape(shape, "promotable"))
    for (const { instance, resources } of config.services)
      if (instance !== undefined) for (const { id } of resources) world.book.scores.set(id, random.between(0, 3));
  // What comes after the devices is needed only where they fail for long.
  if (saysShape(shape, "last") && random.chance(0.6))
    for (const device of world.fence.devices.values()) device.works = false;
  world.found();
  const faults = new FaultMaker(world, random.fork(), plan, shape);
  for (const node of config.nodes) world.machine(node.id).powerOn(random.between(0, 500));
  faults.start();
  world.runUntil(plan.faultsUntilMs);
  faults.end();
  const endedAtMs = world.time.now;
  const recoveredMs = recover(world, endedAtMs);
  world.judgeQuiet();
  return {
    seed,
    shape,
    plan,
    violations: world.violations,
    ranMs: world.time.now,
    recoveredMs,
    entries: world.truth.entries.length,
    faults: faults.made,
    rareStates: watch.rareStates,
    timeline: world.timeline,
    ends: [...world.truth.nodes.values()].map(endOf),
  };
}

function withLimits(rules: Rules, limits: LogLimits): Rules {
  return { ...rules, startCore: (boot, moment) => rules.startCore({ ...boot, limits }, moment) };
}

/** One machine's. */
function drawClock(random: Random, plan: Plan): Partial<MachineClock> {
  return { rate: drawRate(random, plan), wallSkewMs: random.between(-plan.wallSkewMsMax, plan.wallSkewMsMax) };
}

function drawRate(random: Random, { drift }: Plan): number {
  return 1 + (drift * random.between(-1000, 1000)) / 1000;
}

function endOf({ node, hasPower, hasDaemon, body, log }: NodeTruth): string {
  if (body === null) return `${node}: ${hasPower ? (hasDaemon ? "silent" : "no daemon") : "no power"}`;
  const hears = body.hears.filter((hearing) => hearing.isHeard).map((hearing) => hearing.node);
  return [
    `${node}: ${body.status} ${viewIdText(body.view)} of ${body.members.join(",")}, promised ${viewIdText(body.promised)}`,
    `hears ${hears.join(",") || "nobody"}, log ${log.length}, committed ${body.committed}, delivered ${body.delivered}`,
    `voters ${body.electorate.voters.join(",")} (${body.electorate.index})${body.isBlank ? ", blank" : ""}`,
    `late ${body.loopLateMs}/${body.diskLateMs}`,
  ].join("; ");
}

/** Gives power and daemons to all, lets an operator take back what operators did, and waits until all is well or time is up. */
function recover(world: World, endedAtMs: number): number | null {
  let askAtMs = 0;
  let wellSince: number | null = null;
  while (world.time.now < endedAtMs + recoveryMsMax) {
    world.runUntil(world.time.now + lookEveryMs);
    if (world.violations.length > 0) return null;
    for (const node of world.config.nodes) {
      // A fence that was under way when faults ended may still hit; what is off after it is switched on again.
      if (world.fence.underWay === 0) world.powerOn(node.id, "cable");
      const { hasPower, hasDaemon } = world.truth.of(node.id);
      if (hasPower && !hasDaemon && world.time.now > endedAtMs + 10_000) world.startDaemon(node.id);
    }
    const isTogether = isOneView(world);
    readmitAll(world);
    if (isTogether && world.time.now >= askAtMs) {
      // Again after a while: an operation that was under way when faults ended may fail later than this.
      askAtMs = world.time.now + askAgainMs;
      askForEverything(world);
      continue;
    }
    if (!isTogether || !isAllStarted(world)) {
      wellSince = null;
      continue;
    }
    wellSince ??= world.time.now;
    // Well for a while, not only in passing.
    if (world.time.now - wellSince >= 4000) return wellSince - endedAtMs;
  }
  return null;
}

/** Whoever was removed is wanted again. */
function readmitAll(world: World): void {
  const removed = Object.keys(world.truth.wishes.stateAt(world.truth.entries.length).removed ?? {}) as NodeId[];
  const [there] = [...world.truth.nodes.values()].filter(({ hasDaemon, node }) => hasDaemon && !removed.includes(node));
  if (there === undefined) return;
  for (const node of removed) world.ask(there.node, { kind: "readmit-node", node }, `node readmit ${node}`);
}

function isOneView(world: World): boolean {
  const nodes = [...world.truth.nodes.values()];
  const [first] = nodes;
  return nodes.every(
    ({ body, hasDaemon }) =>
      hasDaemon &&
      body?.status === "active" &&
      body.view.counter === first?.body?.view.counter &&
      body.members.length === nodes.length &&
      body.delivered === world.truth.entries.length,
  );
}

function isAllStarted(world: World): boolean {
  return world.config.services.every((service) => {
    const best = service.domain.failback && service.domain.ordered ? service.domain.nodes[0] : undefined;
    const isStarted = (other: ServiceConfig): boolean =>
      world.config.nodes.some((node) => world.truth.isWhole(node.id, other));
    const started = world.config.nodes.filter((node) => world.truth.isWhole(node.id, service));
    const { instance } = service;
    if (instance?.limit !== undefined) {
      const instances = world.config.services.filter((other) => other.instance?.of === instance.of);
      return instances.filter(isStarted).length === instance.limit;
    }
    return started.length === 1 && (best === undefined || started[0]?.id === best);
  });
}

function askForEverything(world: World): void {
  const [first] = world.config.nodes;
  if (first === undefined) return;
  world.ask(first.id, { kind: "end-maintenance" }, "maintenance off");
  for (const { id: node } of world.config.nodes) {
    world.ask(first.id, { kind: "unfreeze-node", node }, `node unfreeze ${node}`);
    world.ask(first.id, { kind: "online-node", node }, `node online ${node}`);
    world.ask(first.id, { kind: "release-node", node }, `node release ${node}`);
  }
  for (const { id: service } of world.config.services) {
    world.ask(first.id, { kind: "unfreeze-service", service }, `service unfreeze ${service}`);
    world.ask(first.id, { kind: "enable-service", service }, `service enable ${service}`);
    world.ask(first.id, { kind: "clear-service", service }, `service clear ${service}`);
  }
}
