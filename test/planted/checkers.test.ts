import { describe, expect, test } from "vitest";
import { noFence } from "../../src/core/fencing/fence-record.ts";
import type { ClusterState } from "../../src/core/services/cluster-state.ts";
import { coreRules } from "../../src/daemon/core-rules.ts";
import type { ManagerState } from "../../src/core/manager-work.ts";
import type { Rules } from "../../src/daemon/setup.ts";
import type { Effect } from "../../src/model/effect.ts";
import type { NodeId, ResourceId, ServiceId } from "../../src/model/ids.ts";
import type { Input } from "../../src/model/input.ts";
import type { OperationAction } from "../../src/model/operation.ts";
import { after, durationMs, instantMs, never } from "../../src/model/units.ts";
import { shapeConfig, type Shape } from "../../src/sim/explore/shapes.ts";
import { World } from "../../src/sim/world.ts";

// A checker is trusted after it has caught a planted bug. Here are the bugs.

const [n1, n2, n3] = ["n1", "n2", "n3"] as [NodeId, NodeId, NodeId];
const settledMs = 20_000;

/** The rules of hale with a mistake in what goes in or in what comes out. */
function rulesWith(mistake: {
  readonly input?: (input: Input) => Input;
  readonly effects?: (effects: readonly Effect[]) => readonly Effect[];
}): Rules {
  return {
    ...coreRules,
    stepCore(core, input, moment) {
      const step = coreRules.stepCore(core, mistake.input?.(input) ?? input, moment);
      return { ...step, effects: mistake.effects?.(step.effects) ?? step.effects };
    },
  };
}

/** The rules of hale with a manager that remembers something else than what happened. */
function rulesWithState(change: (manager: ManagerState) => ManagerState): Rules {
  return {
    ...coreRules,
    stepCore(core, input, moment) {
      const step = coreRules.stepCore({ ...core, manager: change(core.manager) }, input, moment);
      return { ...step, state: { ...step.state, manager: change(step.state.manager) } };
    },
  };
}

/** A cluster that has been up for a while, all of it well. */
function settledWorld(rules?: Partial<Record<string, Rules>>, shape: Shape = "3"): World {
  const { config, digest } = shapeConfig(shape);
  const world = new World({ config, configDigest: digest, seed: 1, rules: (node) => rules?.[node] });
  world.found();
  for (const node of config.nodes) world.machine(node.id).powerOn(0);
  world.runUntil(settledMs);
  return world;
}

/** A cluster whose third node was without power, and is on its way back into the view; the disk of the second takes its time. */
function backInWorld(status: "promised" | "active"): World {
  const world = settledWorld();
  world.powerOff(n3, "cable");
  world.runUntil(settledMs + 5_000);
  world.machine(n2).disk.writeMs = 600;
  world.powerOn(n3, "cable");
  while (world.truth.of(n3).body?.status !== status) world.runUntil(world.time.now + 10);
  return world;
}

function rulesBroken(world: World): readonly string[] {
  return [...new Set(world.violations.map((violation) => violation.rule))].sort();
}

/** An operation that no rule asked for. */
function runByMistake(world: World, node: NodeId, resource: string, action: OperationAction): void {
  const service = world.truth.serviceOf(resource as ResourceId);
  const config = service?.resources.find((each) => each.id === resource);
  const { kernel } = world.machine(node);
  if (service === undefined || config === undefined || kernel === null)
    throw new RangeError(`No ${resource} on ${node}`);
  const operation = {
    id: 1_000_000,
    service: service.id,
    resource: config,
    action,
    timeoutMs: durationMs(4000),
    notAfter: never,
  };
  const process = { call: (run: () => void) => run() };
  void kernel.run(operation, new AbortController().signal, process as never);
}

describe("checkers", () => {
  test("nothing is reported of a healthy cluster", () => {
    const world = settledWorld();
    world.judgeQuiet();
    expect(world.violations).toEqual([]);
  });

  test("[SAFE-1] a service started on a second node", () => {
    const world = settledWorld();
    world.machine(n2).kernel?.startByHand("web/disk" as ResourceId);
    expect(rulesBroken(world)).toEqual(["SAFE-1"]);
  });

  test("[SAFE-1] a daemon that takes a failed fence for a confirmed one", () => {
    const trusting = rulesWith({
      input: (input) =>
        input.kind === "fence-result" ? { ...input, outcome: { ...input.outcome, confirmed: true } } : input,
    });
    const world = settledWorld({ n1: trusting, n2: trusting, n3: trusting });
    // The node that owns web hears nobody and cannot stop, so that only a fence would help, and the device does not work.
    for (const device of world.fence.devices.values()) device.works = false;
    world.pause(n1, "machine");
    world.runUntil(settledMs + 20_000);
    expect(rulesBroken(world)).toContain("SAFE-1");
  });

  test("[SAFE-2] a start while the owner's fate is unknown", () => {
    const world = settledWorld();
    for (const device of world.fence.devices.values()) device.works = false;
    world.powerOff(n1, "cable");
    world.runUntil(settledMs + 10_000);
    expect(world.violations).toEqual([]);
    // n1 is really off, so this start hurts nobody; but nobody can know.
    runByMistake(world, n2, "web/disk", "start");
    expect(rulesBroken(world)).toEqual(["SAFE-2"]);
  });

  test("[SAFE-3] a node that writes down something else than the others", () => {
    const forging = rulesWith({
      effects: (effects) =>
        effects.map((effect) => {
          if (effect.kind !== "persist") return effect;
          const records = effect.records.map((record) =>
            record.kind === "append"
              ? {
                  ...record,
                  entries: record.entries.map((entry) => ({ ...entry, id: { ...entry.id, sequence: 7777 } })),
                }
              : record,
          );
          return { ...effect, records };
        }),
    });
    expect(rulesBroken(settledWorld({ n3: forging }))).toContain("SAFE-3");
  });

  test("[SAFE-4] an entry that is missing in a later view", () => {
    const world = settledWorld();
    const truth = world.truth.of(n3);
    // Its disk ends early: the last entries were never there.
    truth.log = truth.log.slice(0, -2);
    world.powerOff(n1, "cable");
    world.runUntil(settledMs + 10_000);
    expect(rulesBroken(world)).toContain("SAFE-4");
  });

  test("[SAFE-5] a start outside the domain, of a disabled service, on a standby node", () => {
    const outside = settledWorld();
    outside.machine(n1).kernel?.orphan();
    outside.ask(n1, { kind: "disable-service", service: "web" as never }, "service disable web");
    outside.ask(n1, { kind: "standby-node", node: n2 }, "node standby n2");
    outside.runUntil(settledMs + 10_000);
    expect(outside.violations).toEqual([]);
    runByMistake(outside, n3, "web/disk", "start");
    runByMistake(outside, n2, "data/base", "start");
    const texts = outside.violations.filter(({ rule }) => rule === "SAFE-5").map(({ text }) => text);
    expect(texts).toEqual([
      "n3 starts web/disk outside its domain (n1, n2)",
      "n3 starts web/disk, which is disabled",
      "n2 starts data/base on standby",
    ]);
  });

  test("[SVC-28] a start of what an operator has stopped, until a node goes", () => {
    const world = settledWorld();
    world.ask(n1, { kind: "stop-service", service: "web" as never }, "service stop web");
    world.runUntil(settledMs + 5_000);
    world.judgeQuiet();
    expect(world.violations).toEqual([]);
    runByMistake(world, n2, "web/disk", "start");
    expect(rulesBroken(world)).toEqual(["SVC-28"]);
    const other = settledWorld();
    other.ask(n1, { kind: "stop-service", service: "web" as never }, "service stop web");
    other.runUntil(settledMs + 5_000);
    other.powerOff(n3, "cable");
    other.runUntil(settledMs + 15_000);
    other.judgeQuiet();
    expect([other.violations, other.starts.get("web")]).toEqual([[], 2]);
  });

  test("[SVC-29] a start or a monitor of what is frozen", () => {
    const world = settledWorld();
    world.ask(n1, { kind: "begin-maintenance" }, "maintenance on");
    world.killResource(n1, "web/server" as ResourceId, true);
    world.runUntil(settledMs + 10_000);
    world.judgeQuiet();
    expect(world.violations).toEqual([]);
    runByMistake(world, n1, "web/server", "monitor");
    runByMistake(world, n1, "web/server", "start");
    expect(world.violations.map(({ rule, text }) => `${rule} ${text}`)).toEqual([
      "SVC-29 n1 monitors web/server of service web, which is frozen",
      "SVC-29 n1 starts web/server of service web, which is frozen",
    ]);
  });

  test("[SVC-29] entries that move what is frozen, and that have somebody fenced in maintenance", () => {
    const world = settledWorld();
    world.ask(n1, { kind: "begin-maintenance" }, "maintenance on");
    world.runUntil(settledMs + 2_000);
    const { wishes } = world.truth;
    const { length } = world.truth.entries;
    const stateAt = wishes.stateAt.bind(wishes);
    const wrong = (index: number): ClusterState => {
      const state = stateAt(index);
      if (index <= length) return state;
      const web = "web" as ServiceId;
      const record = state.services[web];
      if (record === undefined) throw new RangeError("No service web");
      const fence = { by: n1, byIncarnation: null as never, incarnation: null, at: state.at, reason: "it is lost" };
      const moved = { ...record, phase: { kind: "stopping" as const, node: n1, next: null } };
      const fences = { [n3]: { ...noFence(n3), attempt: 1, inFlight: fence } };
      return { ...state, services: { ...state.services, [web]: moved }, fences };
    };
    Object.assign(wishes, { stateAt: wrong });
    const body = { kind: "fence-begun" as const, target: n3, incarnation: null, by: n1, attempt: 1, reason: "lost" };
    const [last] = world.truth.entries.slice(-1);
    if (last === undefined) throw new RangeError("No entries");
    world.truth.entries.push({ ...last, index: length + 1, body });
    for (let step = 0; step < 2; step += 1) world.time.runUntil(world.time.now + 500);
    expect(world.violations.filter(({ rule }) => rule === "SVC-29").map(({ text }) => text)).toEqual([
      `entry ${length + 1} has service web, which is frozen, started -> stopping`,
      `entry ${length + 1} has n3 fenced in maintenance: lost`,
    ]);
  });

  test("[SAFE-6] a start before the resource above runs, a stop before the one below is stopped", () => {
    const world = settledWorld();
    runByMistake(world, n1, "web/disk", "stop");
    expect(rulesBroken(world)).toEqual(["SAFE-6"]);
    const other = settledWorld();
    runByMistake(other, n2, "mail/queue", "start");
    expect(rulesBroken(other)).toContain("SAFE-6");
  });

  test("[LIVE-1] daemons that never start anything", () => {
    const lazy = rulesWith({
      effects: (effects) => effects.filter((effect) => effect.kind !== "run" || effect.operation.action !== "start"),
    });
    const world = settledWorld({ n1: lazy, n2: lazy, n3: lazy });
    world.judgeQuiet();
    expect(rulesBroken(world)).toEqual(["LIVE-1"]);
  });

  test("[LIVE-2] a service that is restarted without a cause", () => {
    const world = settledWorld();
    // Behind the back of the checker too: it knows of no fault.
    world.machine(n1).kernel?.kill("web/disk" as ResourceId, false);
    world.machine(n1).kernel?.kill("web/server" as ResourceId, false);
    world.runUntil(settledMs + 10_000);
    expect(rulesBroken(world)).toEqual(["LIVE-2"]);
  });

  test("[LIVE-2] a service that is restarted while only another node is hit", () => {
    const world = settledWorld();
    world.powerOff(n3, "cable");
    world.runUntil(settledMs + 3_000);
    world.machine(n1).kernel?.kill("web/disk" as ResourceId, false);
    world.runUntil(settledMs + 15_000);
    expect(world.violations.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^service web is started on n1, from n1, without a cause left; there was power off of n3/),
    ]);
  });

  test("[LIVE-2] who is hit again as it is taken in costs the others their lease, and nobody is blamed", () => {
    const world = backInWorld("promised");
    // Its promise is out, and that of the slow disk is not.
    world.runUntil(world.time.now + 100);
    world.powerOff(n3, "cable");
    world.runUntil(world.time.now + 20_000);
    expect(world.starts.get("web")).toBe(2);
    expect(world.violations).toEqual([]);
  });

  test("[LIVE-2] who goes and comes back while the others change their view has had one fault, which is no cause for them", () => {
    const world = backInWorld("active");
    world.powerOff(n3, "cable");
    while (world.truth.of(n1).body?.status === "active") world.runUntil(world.time.now + 10);
    world.powerOn(n3, "cable");
    world.runUntil(world.time.now + 5_000);
    world.machine(n1).kernel?.kill("web/disk" as ResourceId, false);
    world.runUntil(world.time.now + 10_000);
    expect(rulesBroken(world)).toEqual(["LIVE-2"]);
  });

  test("[LIVE-2] one fault that restarts a service twice", () => {
    const world = settledWorld();
    world.killResource(n1, "web/disk" as ResourceId, false);
    world.runUntil(settledMs + 10_000);
    expect(world.violations).toEqual([]);
    world.machine(n1).kernel?.kill("web/disk" as ResourceId, false);
    world.runUntil(settledMs + 20_000);
    expect(rulesBroken(world)).toEqual(["LIVE-2"]);
  });

  test("[LIVE-2] a node that is fenced without a cause", () => {
    const world = settledWorld();
    world.powerOff(n2, "fence device");
    expect(world.violations.map(({ text }) => text)).toEqual(["n2 is fenced without a cause"]);
  });

  test("[LIVE-3] a node without quorum that keeps its services", () => {
    const stubborn = rulesWith({
      effects: (effects) => effects.filter((effect) => effect.kind !== "run" || effect.operation.action !== "stop"),
    });
    const world = settledWorld({ n1: stubborn });
    for (const device of world.fence.devices.values()) device.works = false;
    for (const other of [n2, n3]) {
      world.network.cut(n1, other);
      world.network.cut(other, n1);
    }
    world.runUntil(settledMs + 60_000);
    expect(rulesBroken(world)).toEqual(["LIVE-3"]);
  });

  test("[FEN-11, FEN-13] watchdogs as they should be: nothing is reported of whoever stands still", () => {
    const world = settledWorld(undefined, "3-watchdog");
    world.pause(n1, "machine");
    world.runUntil(settledMs + 60_000);
    expect(world.resets).toEqual([n1]);
    expect(world.violations).toEqual([]);
  });

  test("[SAFE-1, FEN-13] a watchdog that is fed by a timer instead of a step", () => {
    const world = settledWorld(undefined, "3-watchdog");
    world.pause(n1, "daemon");
    const feed = (): void => {
      world.machine(n1).watchdog.feed();
      world.time.schedule(world.time.now + 1_000, null, feed);
    };
    feed();
    world.runUntil(settledMs + 40_000);
    expect(rulesBroken(world)).toContain("SAFE-1");
  });

  test("[SAFE-2, FEN-11] survivors that do not wait for a watchdog", () => {
    const hasty = rulesWithState((manager) => ({
      ...manager,
      outsideSince: Object.fromEntries(Object.keys(manager.outsideSince).map((node) => [node, instantMs(0)])),
    }));
    const world = settledWorld({ n2: hasty, n3: hasty }, "3-watchdog");
    world.pause(n1, "machine");
    world.runUntil(settledMs + 20_000);
    expect(rulesBroken(world)).toEqual(["SAFE-1", "SAFE-2"]);
  });

  test("[SAFE-2, FEN-11] survivors that wait for one time-out, when the daemon dies before the watchdog rings", () => {
    const hasty = rulesWithState((manager) => ({
      ...manager,
      outsideSince: Object.fromEntries(
        Object.entries(manager.outsideSince).map(([node, since]) => [node, after(since, -10_100)]),
      ),
    }));
    const story = (rules: Partial<Record<string, Rules>> | undefined): readonly string[] => {
      const world = settledWorld(rules, "3-watchdog");
      // It hangs, so that nobody feeds the watchdog; when it is killed, the kernel does.
      world.pause(n1, "daemon");
      world.runUntil(settledMs + 9_500);
      world.crashDaemon(n1, null);
      world.runUntil(settledMs + 40_000);
      expect(world.resets).toEqual([n1]);
      return rulesBroken(world);
    };
    expect(story(undefined)).toEqual([]);
    expect(story({ n2: hasty, n3: hasty })).toEqual(["SAFE-1", "SAFE-2"]);
  });

  test("[SAFE-2, FEN-12] a node that is taken as off although it never said that its watchdog is armed", () => {
    const trusting = rulesWithState((manager) => {
      if (manager.cluster.nodes[n1]?.watchdog?.timeoutMs !== 0) return manager;
      const nodes = Object.fromEntries(
        Object.entries(manager.cluster.nodes).map(([node, record]) => [
          node,
          { ...record, watchdog: { timeoutMs: 10_000, detail: "surely" } },
        ]),
      );
      return { ...manager, cluster: { ...manager.cluster, nodes } };
    });
    const story = (rules: Partial<Record<string, Rules>> | undefined): readonly string[] => {
      const { config, digest } = shapeConfig("3-watchdog");
      const world = new World({ config, configDigest: digest, seed: 1, rules: (node) => rules?.[node] });
      world.found();
      world.machine(n1).watchdog.driver.isThere = false;
      for (const node of config.nodes) world.machine(node.id).powerOn(0);
      world.runUntil(settledMs);
      world.pause(n1, "machine");
      world.runUntil(settledMs + 40_000);
      expect(world.resets).toEqual([]);
      return rulesBroken(world);
    };
    expect(story(undefined)).toEqual([]);
    expect(story({ n2: trusting, n3: trusting })).toEqual(["SAFE-1", "SAFE-2"]);
  });

  /** n1 hangs for so long that the others, who cannot fence, start its service. */
  function hungOwner(rules: Partial<Record<string, Rules>> | undefined): readonly string[] {
    const world = settledWorld(rules, "3-none");
    world.pause(n1, "daemon");
    world.runUntil(settledMs + 40_000);
    world.resume(n1);
    world.runUntil(settledMs + 100_000);
    world.judgeQuiet();
    return rulesBroken(world);
  }

  test("[LIVE-4] a daemon that does not say that it ran its services for too long", () => {
    const silent = rulesWithState((manager) => {
      const runtimes = { ...manager.runner.runtimes };
      for (const runtime of Object.values(runtimes)) runtimes[runtime.service] = { ...runtime, ranUntil: null };
      return { ...manager, runner: { ...manager.runner, runtimes } };
    });
    expect(hungOwner(undefined)).toEqual([]);
    expect(hungOwner({ n1: silent })).toEqual(["LIVE-4"]);
  });

  test("[LIVE-4] a daemon that wakes and keeps what runs beside its new owner", () => {
    const stubborn = rulesWith({
      effects: (effects) => effects.filter((effect) => effect.kind !== "run" || effect.operation.action !== "stop"),
    });
    expect(hungOwner({ n1: stubborn })).toContain("LIVE-4");
  });

  test("a daemon that breaks a promise of its own is reported, and started again", () => {
    let isBroken = false;
    const breaking: Rules = {
      ...coreRules,
      stepCore(core, input, moment) {
        if (input.kind === "tick" && !isBroken && moment.now > 1_000_000 + 5000) {
          isBroken = true;
          throw new RangeError("Cannot happen");
        }
        return coreRules.stepCore(core, input, moment);
      },
    };
    const world = settledWorld({ n1: breaking });
    expect(rulesBroken(world)).toEqual(["BROKEN"]);
    expect(world.machine(n1).daemon).not.toBeNull();
  });
});
