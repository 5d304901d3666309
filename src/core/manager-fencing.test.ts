import { describe, expect, it } from "vitest";
import type { ClusterConfig, FenceStep } from "../model/cluster-config.ts";
import { parseDeviceId, parseNodeId } from "../model/ids.ts";
import { durationMs } from "../model/units.ts";
import {
  ask,
  cut,
  type Driver,
  logged,
  newDriver,
  powerOn,
  run,
  testConfig,
  told,
  whereRuns,
} from "./manager-driver.fixture.ts";

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
