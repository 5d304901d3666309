import { describe, expect, it } from "vitest";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { parseDeviceId, parseNodeId } from "../model/ids.ts";
import { durationMs } from "../model/units.ts";
import {
  ask,
  type Driver,
  logged,
  newDriver,
  nodeOf,
  powerOff,
  powerOn,
  run,
  testConfig,
} from "./manager-driver.fixture.ts";
import { applyEntry } from "./services/apply-entry.ts";
import { clusterWarnings } from "./services/explain.ts";
import { explainDevices } from "./services/explain-devices.ts";

/** Three nodes on one strip, which is looked at every ten seconds. */
function config(intervalMs = 10_000): ClusterConfig {
  const plain = testConfig(["n1", "n2", "n3"], [{ name: "web" }]);
  if (plain.fencing.kind !== "devices") throw new Error("it has devices");
  const monitor = { intervalMs: durationMs(intervalMs), timeoutMs: durationMs(2_000) };
  const devices = plain.fencing.devices.map((device) => ({ ...device, monitor }));
  return { ...plain, fencing: { kind: "devices", devices } };
}

function started(given = config()): Driver {
  const driver = newDriver(given);
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 15_000);
  return driver;
}

function stateOf(driver: Driver, name: string) {
  const { manager } = nodeOf(driver, name);
  if (manager === null) throw new Error(`no daemon runs on ${name}`);
  return manager;
}

function warningsOf(driver: Driver, name: string): readonly string[] {
  return clusterWarnings(stateOf(driver, name).cluster, []).filter((warning) => warning.startsWith("fence device"));
}

describe("a fence device", () => {
  it("[FEN-16] is asked by every node in turn, and nothing is said while it works", () => {
    const driver = started();
    const asked = logged(driver, "fence monitor").map((line) => line.split(" ")[1]);
    expect(asked.slice(0, 4)).toEqual(["n1", "n2", "n3", "n1"]);
    expect(driver.entries.filter(({ body }) => body.kind === "device")).toEqual([]);
    expect(explainDevices(stateOf(driver, "n1").cluster, driver.config, stateOf(driver, "n1").deviceWatches)).toEqual([
      { device: "pdu", agent: "fence_test", last: expect.objectContaining({ isWorking: true }) as object, broken: [] },
    ]);
  });

  it("[FEN-16] that is broken is known everywhere before it is needed, and so is its recovery", () => {
    const driver = started();
    driver.brokenAgents.add("fence_test");
    run(driver, 30_000);
    for (const name of ["n1", "n2", "n3"])
      expect(warningsOf(driver, name)).toEqual(["fence device pdu does not work for n1, n2, n3: no answer"]);
    expect(driver.entries.filter(({ body }) => body.kind === "device")).toHaveLength(3);
    driver.brokenAgents.clear();
    run(driver, 30_000);
    expect(warningsOf(driver, "n3")).toEqual([]);
    expect(stateOf(driver, "n3").cluster.brokenDevices).toEqual({});
    expect(logged(driver, "n1 event").filter((line) => line.includes("fence device pdu works again"))).toHaveLength(3);
    expect(driver.entries.filter(({ body }) => body.kind === "device")).toHaveLength(6);
  });

  it("[FEN-16] is not warned of in the name of an absent node", () => {
    const driver = started();
    driver.brokenAgents.add("fence_test");
    run(driver, 30_000);
    driver.brokenAgents.clear();
    powerOff(driver, "n3");
    run(driver, 40_000);
    expect(warningsOf(driver, "n1")).toEqual([]);
  });

  it("[FEN-16] that is gone from the configuration is forgotten", () => {
    const driver = started();
    driver.brokenAgents.add("fence_test");
    run(driver, 30_000);
    const gone: ClusterConfig = { ...driver.config, fencing: { kind: "none", assumeOffAfterMs: durationMs(10_000) } };
    const { cluster } = stateOf(driver, "n1");
    const last = driver.entries.at(-1);
    if (last === undefined) throw new Error("there are entries");
    const body = { kind: "config" as const, config: gone, digest: "d", author: "" };
    const { state } = applyEntry(cluster, { ...last, index: cluster.index + 1, body });
    expect([cluster.brokenDevices, state.brokenDevices]).toEqual([{ pdu: expect.anything() as object }, {}]);
  });
});

describe("a fence and who asks its device", () => {
  it("[FEN-17] the question is killed on every node, and none is put while the fence goes on", () => {
    const driver = started(config(600));
    driver.deviceMs = 500;
    run(driver, 2_000);
    const before = logged(driver, "cancel-fence").length;
    ask(driver, "n3", { kind: "fence-node", node: parseNodeId("n1") });
    run(driver, 20);
    const cancelled = logged(driver, "cancel-fence").length - before;
    expect(cancelled).toBeGreaterThan(0);
    const open = [...driver.nodes.keys()].flatMap((name) => Object.values(stateOf(driver, name).deviceWatches));
    expect(open.map(({ call }) => call)).toEqual([0, 0, 0]);
    const asked = logged(driver, "fence monitor").length;
    run(driver, 400);
    expect(logged(driver, "fence off n1")).toHaveLength(1);
    expect(logged(driver, "fence monitor")).toHaveLength(asked);
    run(driver, 5_000);
    expect(logged(driver, "fence monitor").length).toBeGreaterThan(asked);
  });

  it("[FEN-17] a device that fences nobody now goes on being asked", () => {
    const plain = config(600);
    if (plain.fencing.kind !== "devices") throw new Error("it has devices");
    const [pdu] = plain.fencing.devices;
    if (pdu === undefined) throw new Error("it has one");
    const other = { ...pdu, id: parseDeviceId("other"), agent: "fence_other" };
    const nodes = plain.nodes.map((node) =>
      node.id === "n3" ? { ...node, fence: [[{ device: other.id, plug: node.id }]] } : node,
    );
    const driver = started({ ...plain, nodes, fencing: { kind: "devices", devices: [pdu, other] } });
    driver.deviceMs = 3_000;
    ask(driver, "n2", { kind: "fence-node", node: parseNodeId("n1") });
    run(driver, 100);
    const [own, others] = ["by fence_test", "by fence_other"].map((by) => logged(driver, by).length);
    run(driver, 2_500);
    expect(logged(driver, "by fence_test")).toHaveLength(own ?? 0);
    expect(logged(driver, "by fence_other").length).toBeGreaterThanOrEqual(others ?? 0);
  });
});
