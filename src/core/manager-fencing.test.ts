import { describe, expect, it } from "vitest";
import type { ClusterConfig, FenceStep } from "../model/cluster-config.ts";
import { parseDeviceId, parseNodeId, parseServiceId } from "../model/ids.ts";
import { durationMs } from "../model/units.ts";
import {
  ask,
  cut,
  type Driver,
  feed,
  heal,
  logged,
  newDriver,
  nodeOf,
  powerOff,
  powerOn,
  run,
  testConfig,
  told,
  whereRuns,
} from "./manager-driver.fixture.ts";
import { clusterWarnings } from "./services/explain.ts";
import { explainFences } from "./services/explain-fences.ts";

const [pdu, ipmi] = [parseDeviceId("pdu"), parseDeviceId("ipmi")];

/** Nodes, each with a board of its own as the first level and an outlet as the second. */
function withLevels(more: Partial<FenceStep> = {}, names: readonly string[] = ["n1", "n2", "n3"]): ClusterConfig {
  const config = testConfig(names, [{ name: "web" }]);
  if (config.fencing.kind !== "devices") throw new Error("it has devices");
  const devices = config.fencing.devices.flatMap((device) => [device, { ...device, id: ipmi, agent: "fence_board" }]);
  const nodes = config.nodes.map((node) => ({
    ...node,
    fence: [[{ device: ipmi, plug: node.id, ...more }], [{ device: pdu, plug: node.id }]],
  }));
  return { ...config, nodes, fencing: { kind: "devices", devices } };
}

function started(config: ClusterConfig): Driver {
  const driver = newDriver(config);
  powerOn(driver, ...driver.nodes.keys());
  run(driver, 5_000);
  return driver;
}

/** The performer has no lease any more. @returns gives it back */
function takeLease(driver: Driver): () => void {
  const n2 = nodeOf(driver, "n2");
  const { leaseMs } = n2;
  Object.assign(n2, { leaseUntil: driver.now, leaseMs: 0 });
  return () => {
    Object.assign(n2, { leaseUntil: driver.now + leaseMs, leaseMs });
    feed(driver, n2, null);
  };
}

function cannotStop(driver: Driver): void {
  const outcome = { status: "failed" as const, severity: "soft" as const, reason: "busy" };
  driver.behaviours.push({ resource: "web/daemon", action: "stop", node: "n1", outcome, times: 100 });
  ask(driver, "n1", { kind: "standby-node", node: parseNodeId("n1") });
}

describe("levels and broken devices", () => {
  it("[SVC-9, FEN-2] a node that cannot stop is fenced by the next level when the device of the first is broken", () => {
    const driver = started(withLevels());
    driver.brokenAgents.add("fence_board");
    cannotStop(driver);
    run(driver, 150);
    expect(whereRuns(driver, "web")).toBe("n1");
    run(driver, 5_000);
    expect(logged(driver, "fence off").map((line) => line.split("fence off ")[1])).toEqual([
      "n1 by fence_board",
      "n1 by fence_test",
    ]);
    expect(told(driver, "n2", "web")).toBe("started on n2");
  });

  it("[SVC-9, FEN-3, SAFE-2] stays blocked while every device is broken, and goes on when one is mended", () => {
    const driver = started(withLevels());
    for (const agent of ["fence_board", "fence_test"]) driver.brokenAgents.add(agent);
    cannotStop(driver);
    run(driver, 30_000);
    expect(told(driver, "n2", "web")).toBe("blocked on n1");
    expect(logged(driver, " start web/")).toHaveLength(2);
    driver.brokenAgents.delete("fence_test");
    run(driver, 60_000);
    expect(told(driver, "n2", "web")).toBe("started on n2");
  });
});

describe("a step with a delay", () => {
  const delay = { delayMs: durationMs(4_000) };

  it("[FEN-2] waits, and nobody's fence waits with it", () => {
    const config = withLevels(delay, ["n1", "n2", "n3", "n4", "n5"]);
    const nodes = config.nodes.map((node) => (node.id === "n2" ? node : { ...node, fence: node.fence.slice(1) }));
    const driver = started({ ...config, nodes });
    ask(driver, "n1", { kind: "fence-node", node: parseNodeId("n2") });
    run(driver, 100);
    ask(driver, "n1", { kind: "fence-node", node: parseNodeId("n3") });
    run(driver, 3_000);
    expect(logged(driver, "n1 fence off").map((line) => line.split("fence off ")[1])).toEqual(["n3 by fence_test"]);
    run(driver, 2_000);
    expect(logged(driver, "n1 fence off").map((line) => line.split("fence off ")[1])).toEqual([
      "n3 by fence_test",
      "n2 by fence_board",
    ]);
  });

  it("[FEN-2] does not begin when its performer has lost its place meanwhile", () => {
    const driver = started(withLevels(delay));
    ask(driver, "n3", { kind: "fence-node", node: parseNodeId("n1") });
    run(driver, 100);
    expect(logged(driver, "fence 1 requested, by n2")).not.toEqual([]);
    cut(driver, "n2");
    run(driver, 60_000);
    expect(logged(driver, "n2 fence off")).toEqual([]);
    expect(logged(driver, "n3 fence off n1")).toHaveLength(1);
  });
});

describe("a node that is back", () => {
  it.each([
    ["after a delay", { delayMs: durationMs(8_000) }, 100],
    ["after a level that has failed slowly", {}, 8_000],
  ])("[FEN-2] in a new life is not fenced %s", (_, more, deviceMs) => {
    const driver = started(withLevels(more));
    driver.deviceMs = deviceMs;
    driver.brokenAgents.add("fence_board");
    powerOff(driver, "n1");
    run(driver, 3_000);
    expect(logged(driver, "n1 event")).not.toEqual([]);
    ask(driver, "n3", { kind: "confirm-off-node", node: parseNodeId("n1") });
    run(driver, 500);
    powerOn(driver, "n1");
    run(driver, 30_000);
    expect(logged(driver, "fence off n1 by fence_test")).toEqual([]);
    expect(nodeOf(driver, "n1").hasPower).toBe(true);
    expect(logged(driver, "no longer wanted")).not.toEqual([]);
  });

  it("[FEN-2] in the life in which it was lost, and needed by nobody, is not fenced by the next level", () => {
    const driver = started(withLevels());
    driver.deviceMs = 8_000;
    driver.brokenAgents.add("fence_board");
    cut(driver, "n1");
    run(driver, 5_000);
    heal(driver);
    run(driver, 20_000);
    expect(logged(driver, "fence off n1 by fence_board")).toHaveLength(1);
    expect(logged(driver, "fence off n1 by fence_test")).toEqual([]);
  });
});

describe("a performer without a lease", () => {
  it("[FEN-2, FEN-3] asks no other device when one has failed, and goes on when it has one again", () => {
    const driver = started(withLevels());
    driver.deviceMs = 1_000;
    driver.brokenAgents.add("fence_board");
    ask(driver, "n3", { kind: "fence-node", node: parseNodeId("n1") });
    run(driver, 500);
    expect(logged(driver, "n2 fence off n1 by fence_board")).toHaveLength(1);
    const giveBack = takeLease(driver);
    run(driver, 2_000);
    expect(logged(driver, "fence off n1 by fence_test")).toEqual([]);
    giveBack();
    run(driver, 3_000);
    expect(logged(driver, "n2 fence off n1 by fence_test")).toHaveLength(1);
    expect(logged(driver, "fence 1 failed")).toEqual([]);
  });
});

describe("a performer that has stood still", () => {
  it("[FEN-2] begins a step whose delay ends in a moment without a lease when it has one again", () => {
    const driver = started(withLevels({ delayMs: durationMs(1_000) }));
    ask(driver, "n3", { kind: "fence-node", node: parseNodeId("n1") });
    run(driver, 500);
    const giveBack = takeLease(driver);
    run(driver, 1_000);
    expect(logged(driver, "fence off")).toEqual([]);
    giveBack();
    run(driver, 1_000);
    expect(logged(driver, "n2 fence off n1 by fence_board")).toHaveLength(1);
  });

  it("[FEN-3] fences nobody before it has a lease again: its attempt may be void, and its target back", () => {
    const driver = started(withLevels());
    ask(driver, "n3", { kind: "fence-node", node: parseNodeId("n1") });
    const giveBack = takeLease(driver);
    run(driver, 1_000);
    expect(logged(driver, "fence 1 requested, by n2")).not.toEqual([]);
    expect(logged(driver, "fence off")).toEqual([]);
    giveBack();
    run(driver, 1_000);
    expect(logged(driver, "n2 fence off n1")).toHaveLength(1);
  });
});

describe("a performer that is told to end", () => {
  it("[FEN-26] ends once its device has answered: what was asked comes to pass whether it is here or not", () => {
    for (const ms of [0, 1, 2, 3, 5, 8, 50]) {
      const driver = started(withLevels());
      driver.deviceMs = 3_000;
      ask(driver, "n3", { kind: "fence-node", node: parseNodeId("n1") });
      run(driver, ms);
      feed(driver, nodeOf(driver, "n2"), { kind: "shutdown" });
      run(driver, 2_500);
      expect(nodeOf(driver, "n2").hasLeft).toBe(logged(driver, "n2 fence off n1").length === 0);
      run(driver, 3_500);
      expect(nodeOf(driver, "n2").hasLeft).toBe(true);
      expect(logged(driver, "fence off n1")).toHaveLength(1);
      expect(logged(driver, "is void")).toEqual([]);
    }
  });

  it("[FEN-26] ends between two attempts, of which the next is another one's", () => {
    const driver = started(withLevels());
    for (const agent of ["fence_board", "fence_test"]) driver.brokenAgents.add(agent);
    ask(driver, "n3", { kind: "fence-node", node: parseNodeId("n1") });
    run(driver, 50);
    feed(driver, nodeOf(driver, "n2"), { kind: "shutdown" });
    run(driver, 30_000);
    expect(nodeOf(driver, "n2").hasLeft).toBe(true);
    expect(logged(driver, "n2 fence off n1")).toHaveLength(2);
    expect(logged(driver, "n3 fence off n1").length).toBeGreaterThan(2);
  });

  it("[FEN-26] does not wait for a delay when nobody counts on it any more", () => {
    const driver = started(withLevels({ delayMs: durationMs(20_000) }));
    ask(driver, "n3", { kind: "fence-node", node: parseNodeId("n1") });
    run(driver, 50);
    cut(driver, "n2");
    run(driver, 5_000);
    feed(driver, nodeOf(driver, "n2"), { kind: "shutdown" });
    run(driver, 1_000);
    expect(logged(driver, "n2 exit")).toHaveLength(1);
  });

  it("[FEN-26, SVC-46] the cluster ends once no device is at work", () => {
    const driver = started(withLevels());
    ask(driver, "n3", { kind: "disable-service", service: parseServiceId("web") });
    run(driver, 1_000);
    driver.deviceMs = 3_000;
    ask(driver, "n3", { kind: "fence-node", node: parseNodeId("n1") });
    run(driver, 50);
    ask(driver, "n3", { kind: "stop-cluster" });
    const hasHalted = (): boolean => driver.entries.some(({ body }) => body.kind === "halted");
    run(driver, 2_500);
    expect(hasHalted()).toBe(false);
    run(driver, 5_000);
    expect(hasHalted()).toBe(true);
  });
});

// Goal: nothing of the group changes when a device confirms the end of a member that lives on, and nothing would tell.
describe("[FEN-24] a device that confirms what it has not done", () => {
  it("[SVC-26] is found out by the node itself, which stops what runs elsewhere by now", () => {
    const driver = started(testConfig(["n1", "n2", "n3"], [{ name: "web" }]));
    driver.lyingAgents.add("fence_test");
    driver.mayRunTwice = true;
    ask(driver, "n2", { kind: "fence-node", node: parseNodeId("n1") });
    run(driver, 1_000);
    expect(logged(driver, "is here although its fence was confirmed: pdu cannot be trusted")).toHaveLength(3);
    expect(whereRuns(driver, "web")).toBe("n2");
    expect(told(driver, "n3", "web")).toBe("started on n2");
    expect(logged(driver, "ran on n1 and n2 at once for less than 1 s").length).toBeGreaterThan(0);
    const { cluster } = nodeOf(driver, "n3").manager ?? {};
    if (cluster === undefined) throw new Error("n3 has a daemon");
    expect(cluster.nodes[parseNodeId("n1")]).toMatchObject({ isMember: true, off: null });
    expect(clusterWarnings(cluster, [])[0]).toContain("node n1 lived on when pdu had confirmed that it was off");
    expect(explainFences(cluster)[0]).toMatchObject({ result: "failed", target: "n1", by: "n1" });
    // Nothing goes on for ever.
    const { length } = driver.entries;
    run(driver, 120_000);
    expect(driver.entries.length).toBe(length);
  });

  it("is not believed again about this life, and gives way to the next level", () => {
    const driver = started(withLevels());
    driver.lyingAgents.add("fence_board");
    driver.mayRunTwice = true;
    cannotStop(driver);
    run(driver, 10_000);
    expect(logged(driver, "fence off").map((line) => line.split("fence off ")[1])).toEqual([
      "n1 by fence_board",
      "n1 by fence_test",
    ]);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[SAFE-2] proves nothing where there is no other, until it is described in another way or the node lives anew", () => {
    const config = testConfig(["n1", "n2", "n3"], [{ name: "web" }]);
    const driver = started(config);
    driver.lyingAgents.add("fence_test");
    driver.mayRunTwice = true;
    ask(driver, "n2", { kind: "fence-node", node: parseNodeId("n1") });
    run(driver, 1_000);
    ask(driver, "n1", { kind: "relocate-service", service: parseServiceId("web"), to: parseNodeId("n1") });
    run(driver, 1_000);
    expect(whereRuns(driver, "web")).toBe("n1");
    cut(driver, "n1");
    run(driver, 20_000);
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    expect(logged(driver, "pdu: confirmed, which is not believed").length).toBeGreaterThan(2);
    driver.lyingAgents.clear();
    const mended = { ...config, nodes: config.nodes.map((node) => ({ ...node, fence: withDelay(node.fence) })) };
    feed(driver, nodeOf(driver, "n2"), { kind: "config", request: 900, config: mended, digest: "m", author: "root" });
    run(driver, 30_000);
    expect(whereRuns(driver, "web")).toBe("n2");
  });
});

function withDelay(levels: readonly (readonly FenceStep[])[]): readonly (readonly FenceStep[])[] {
  return levels.map((level) => level.map((step) => ({ ...step, delayMs: durationMs(10) })));
}
