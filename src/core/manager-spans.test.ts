import { describe, expect, it } from "vitest";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { parseNodeId } from "../model/ids.ts";
import { durationMs } from "../model/units.ts";
import {
  cut,
  type Driver,
  feed,
  newDriver,
  nodeOf,
  powerOn,
  run,
  testConfig,
  told,
  whereRuns,
} from "./manager-driver.fixture.ts";

const slow = durationMs(4_000);

function withDeadtime(deadtimeMs: number, assumeOffAfterMs = 8_000): ClusterConfig {
  const config = testConfig(["n1", "n2", "n3"], [{ name: "web" }]);
  const heartbeat = { ...config.heartbeat, deadtimeMs: durationMs(deadtimeMs) };
  return { ...config, heartbeat, fencing: { kind: "none", assumeOffAfterMs: durationMs(assumeOffAfterMs) } };
}

/** Every daemon runs with the lease of its own timers. */
function started(config: ClusterConfig, leaseMs: number, ofOthers = leaseMs): Driver {
  const driver = newDriver(config);
  for (const [id, node] of driver.nodes) node.leaseMs = id === "n1" ? leaseMs : ofOthers;
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 5_000);
  return driver;
}

function reload(driver: Driver, config: ClusterConfig): void {
  feed(driver, nodeOf(driver, "n2"), { kind: "config", request: 900, config, digest: "faster", author: "root" });
  run(driver, 100);
}

/** What the others count with. */
function leaseOfN1(driver: Driver): number | undefined {
  return nodeOf(driver, "n2").manager?.cluster.nodes[parseNodeId("n1")]?.leaseMs;
}

// Goal: daemons are restarted one after the other for a shorter deadtime; n1 is the last, and is lost before. A stop takes some time, so that
// who starts web too early is found out: two nodes with one service end the test.
describe("a node that acts by other timers than those in force", () => {
  it("[FEN-7, SAFE-2] is given its own lease, and not that of the node that judges it", () => {
    const driver = started(withDeadtime(1_500, 4_000), 8_000, 3_000);
    expect(leaseOfN1(driver)).toBe(8_000);
    driver.behaviours.push({ resource: "web/daemon", action: "stop", node: "n1", takesMs: 2_000, times: 1 });
    cut(driver, "n1");
    // Found lost after a deadtime; then assume-off-after, and 5 s for the longer lease.
    run(driver, 1_500 + 8_900);
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    run(driver, 1_000);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[FEN-7, SAFE-2] is judged by what it knew when a shorter deadtime comes into force without it", () => {
    const driver = started(withDeadtime(slow), 8_000, 8_000);
    driver.behaviours.push({ resource: "web/daemon", action: "stop", node: "n1", takesMs: 2_000, times: 1 });
    cut(driver, "n1");
    run(driver, 1_500);
    reload(driver, withDeadtime(1_500, 4_000));
    run(driver, 8_800);
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    run(driver, 1_000);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[FEN-7] tells at once that it acts for longer than the others count with, whatever its probes take", () => {
    const driver = newDriver(withDeadtime(1_500));
    nodeOf(driver, "n1").leaseMs = 8_000;
    driver.behaviours.push({ resource: "web/daemon", action: "monitor", node: "n1", takesMs: 9_000, times: 1 });
    powerOn(driver, "n1", "n2", "n3");
    run(driver, 1_000);
    expect(leaseOfN1(driver)).toBe(8_000);
    expect(told(driver, "n2", "web")).toBe("unknown");
  });

  it("[FEN-7] tells when what it goes by has changed, and nothing when it has not", () => {
    const driver = started(withDeadtime(slow), 3_000);
    expect(leaseOfN1(driver)).toBe(8_000);
    const { length } = driver.entries;
    reload(driver, withDeadtime(1_500, 3_000));
    expect(leaseOfN1(driver)).toBe(3_000);
    // The configuration, and a word of each node.
    run(driver, 60_000);
    expect(driver.entries.length).toBe(length + 4);
  });
});
