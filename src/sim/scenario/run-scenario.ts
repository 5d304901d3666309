import type { Rules } from "../../daemon/setup.ts";
import type { NodeId } from "../../model/ids.ts";
import { canWait } from "../../model/intent.ts";
import { wallMs } from "../../model/units.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { Violation } from "../checkers/checker.ts";
import { fairWeather } from "../fake-network.ts";
import type { MachineWire } from "../machine.ts";
import { World, type OwnerChange, type TimelineLine } from "../world.ts";
import { checkExpectation, serviceStates } from "./check-expectation.ts";
import { parseScenario, type ScenarioSource } from "./parse-scenario.ts";
import type { Scenario, Step } from "./scenario.ts";

/** How to run a scenario. */
export interface ScenarioOptions extends ScenarioSource {
  /** Planted bugs. */
  readonly rules?: (node: NodeId) => Rules | undefined;
  /** Packets as real bytes. */
  readonly wire?: MachineWire;
  /** Tracing events in the timeline too. */
  readonly debug?: boolean;
}

/** The document of `hale simulate --json`. */
export interface ScenarioResult {
  /** Every expectation held and no safety rule was broken. */
  readonly ok: boolean;
  readonly services: Readonly<Record<string, { readonly state: string; readonly owner: string | null }>>;
  readonly fenced: readonly string[];
  readonly starts: Readonly<Record<string, number>>;
  readonly timeline: readonly TimelineLine[];
  /** Rule EXPECT: an expectation of the scenario that did not hold. */
  readonly violations: readonly Violation[];
}

/** A result with what is needed to draw it. */
export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly result: ScenarioResult;
  readonly ownerChanges: readonly OwnerChange[];
}

/**
 * Runs a scenario from beginning to end on virtual time. The same text gives the same result, to the byte.
 *
 * @throws ClusterError SCENARIO_INVALID when the text cannot be used
 */
export function runScenario(text: string, options: ScenarioOptions): ScenarioRun {
  const scenario = parseScenario(text, options);
  const world = new World({
    config: scenario.config,
    configDigest: scenario.digest,
    seed: scenario.seed,
    bootMs: scenario.bootMs,
    ...(scenario.begin === null ? {} : { begin: scenario.begin }),
    debug: options.debug ?? false,
    ...(options.rules === undefined ? {} : { rules: options.rules }),
    ...(options.wire === undefined ? {} : { wire: options.wire }),
  });
  world.found();
  for (const [resource, times] of scenario.agents) world.book.times.set(resource, times);
  // Whoever has power at 0 has had it for a while: its daemon starts at once.
  for (const node of scenario.start) world.machine(node).powerOn(0);
  for (const { atMs, step } of scenario.steps) {
    world.runUntil(atMs - 1);
    world.time.schedule(atMs, null, () => takeStep(world, scenario, step));
    world.runUntil(atMs);
  }
  world.runUntil(scenario.untilMs);
  if (scenario.expect !== null) checkExpectation(world, scenario.expect);
  const result: ScenarioResult = {
    ok: world.violations.length === 0,
    services: serviceStates(world),
    fenced: world.fenced,
    starts: Object.fromEntries(
      scenario.config.services.map((service) => [service.id, world.starts.get(service.id) ?? 0]),
    ),
    timeline: world.timeline,
    violations: world.violations,
  };
  return { scenario, result, ownerChanges: world.ownerChanges };
}

function takeStep(world: World, scenario: Scenario, step: Step): void {
  switch (step.kind) {
    case "power-off":
      return world.powerOff(step.node, "cable");
    case "power-on":
      return world.powerOn(step.node, "cable");
    case "shutdown":
      return world.shutdown(step.node);
    case "start-daemon":
      return world.startDaemon(step.node);
    case "lose-disk":
      return world.loseDisk(step.node);
    case "cut":
      return cut(world, step);
    case "heal":
      world.note(null, "-- all cables are good again");
      return world.network.healAll();
    case "lose":
      world.note(null, `-- packets lost: ${Math.round(step.probability * 100)} %`);
      world.network.weather = step.probability === 0 ? fairWeather : { ...fairWeather, loss: step.probability };
      return undefined;
    case "pause":
      world.pause(step.node, step.what);
      world.time.schedule(world.time.now + step.forMs, null, () => world.resume(step.node));
      return undefined;
    case "crash-daemon":
      return world.crashDaemon(step.node, step.restartMs);
    case "fail": {
      const service = world.truth.serviceOf(step.resource);
      const node = step.node ?? (service === undefined ? undefined : world.truth.activeNodes(service)[0]);
      if (node === undefined) return world.report("EXPECT", `${step.resource} cannot die: it runs nowhere`);
      return world.killResource(node, step.resource, step.isSeen);
    }
    case "refuse":
      world.note(
        step.node,
        `-- ${step.resource}: ${step.action} will ${step.how}${step.times > 1e6 ? "" : ` ${step.times} times`}`,
      );
      world.book.refusals.push({
        resource: step.resource,
        action: step.action,
        node: step.node,
        how: step.how,
        timesLeft: step.times,
      });
      return undefined;
    case "fence-device":
      world.note(null, `-- fence device ${step.device} ${step.works ? "works" : "does not work"}`);
      world.device(step.device).works = step.works;
      return undefined;
    case "watchdog":
      world.note(step.node, `-- watchdog ${step.works ? "is there" : "is not there"}`);
      world.machine(step.node).watchdog.driver.isThere = step.works;
      return undefined;
    case "reach":
      world.note(step.node, `-- reaches ${step.hosts} ${step.hosts === 1 ? "host" : "hosts"} of the reachlist`);
      world.machine(step.node).reach.reached = step.hosts;
      return undefined;
    case "score":
      world.note(null, `-- ${step.resource} has score ${step.value}`);
      world.book.scores.set(step.resource, step.value);
      return undefined;
    case "disk":
      return setDisk(world, step);
    case "run":
      return runWords(world, step);
    case "reload":
      return reload(world, scenario, step);
    case "expect":
      return checkExpectation(world, step.expect);
    default:
      return unreachable(step);
  }
}

function runWords(world: World, { on, intent, words, inMs }: Extract<Step, { kind: "run" }>): void {
  const node = on ?? somebody(world);
  if (inMs === null || !canWait(intent)) return world.ask(node, intent, words);
  // By the clock of the machine on which it is said, as the command has it.
  const at = wallMs(world.wallOf(node) + inMs);
  world.ask(node, { kind: "schedule", what: intent, at }, `${words} --in ${inMs / 1_000}s`);
  world.time.schedule(world.time.now + inMs, null, () => world.disturbBy(intent, `${words}, scheduled`));
}

function setDisk(world: World, { node, works, writeMs }: Extract<Step, { kind: "disk" }>): void {
  world.note(node, `-- disk ${works ? `takes ${writeMs} ms to write` : "refuses to write"}`);
  const { disk } = world.machine(node);
  disk.isFailing = !works;
  disk.writeMs = writeMs;
}

function reload(world: World, scenario: Scenario, { file, on }: Extract<Step, { kind: "reload" }>): void {
  const { begin } = scenario;
  world.reload(on ?? somebody(world), file === "begin" && begin !== null ? begin : scenario, "config reload");
}

function cut(world: World, step: Extract<Step, { kind: "cut" }>): void {
  const arrow = step.isOneWay ? " -x-> " : " | ";
  const where = step.link === null ? "" : ` on link ${step.link}`;
  world.note(null, `-- cut${where}: ${step.groups.map((group) => group.join(" ")).join(arrow)}`);
  const link = step.link ?? undefined;
  for (const [from, to] of pairsBetween(step.groups)) {
    world.network.cut(from, to, link);
    if (!step.isOneWay) world.network.cut(to, from, link);
  }
}

/** Every node of an earlier group with every node of a later one. */
function pairsBetween(groups: readonly (readonly NodeId[])[]): readonly (readonly [NodeId, NodeId])[] {
  return groups.flatMap((group, index) => {
    const later = groups.slice(index + 1).flat();
    return group.flatMap((from) => later.map((to) => [from, to] as const));
  });
}

/** Whom an operator would ask: a node with a running daemon that is active in a view, else any with a daemon. */
function somebody(world: World): NodeId {
  const nodes = [...world.truth.nodes.values()];
  const active = nodes.find((node) => node.hasDaemon && !node.isPaused && node.body?.status === "active");
  const found = active ?? nodes.find((node) => node.hasDaemon) ?? nodes[0];
  if (found === undefined) throw new RangeError("Cannot ask anybody: there are no nodes");
  return found.node;
}
