import { describe, expect, it } from "vitest";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { parseNodeId } from "../model/ids.ts";
import {
  ask,
  crashDaemon,
  type Driver,
  logged,
  newDriver,
  nodeOf,
  powerOff,
  powerOn,
  restartDaemon,
  run,
  testConfig,
} from "./manager-driver.fixture.ts";

const n1 = parseNodeId("n1");

/** With a device that is to switch on again what it has switched off. */
function offOn(): ClusterConfig {
  const config = testConfig(["n1", "n2", "n3", "n4", "n5"], [{ name: "web" }]);
  if (config.fencing.kind !== "devices") throw new RangeError("it has devices");
  const devices = config.fencing.devices.map(({ id, agent, parameters, timeoutMs }) => {
    return { id, agent, parameters, timeoutMs };
  });
  return { ...config, fencing: { kind: "devices", devices } };
}

/** n2 has switched n1 off, and is about to hear that it is on. */
function switchingOn(): Driver {
  const driver = newDriver(offOn());
  powerOn(driver, ...driver.nodes.keys());
  run(driver, 5_000);
  ask(driver, "n3", { kind: "fence-node", node: n1 });
  for (let waited = 0; logged(driver, "n2 fence on n1").length === 0; waited += 1) {
    if (waited > 10_000) throw new RangeError("n2 does not switch n1 on");
    run(driver, 1);
  }
  return driver;
}

function callsOn(driver: Driver): readonly string[] {
  return logged(driver, "fence on n1").map((line) => line.split(" fence ")[0]?.split(" ").at(-1) ?? "");
}

function isOwed(driver: Driver, node: string): boolean {
  return Boolean(nodeOf(driver, node).manager?.cluster.fences[n1]?.owed);
}

describe("[FEN-10] a node that was switched off", () => {
  it("is switched on by the coordinator when who has switched it off is lost before it is on", () => {
    const driver = switchingOn();
    powerOff(driver, "n2");
    run(driver, 5_000);
    expect([callsOn(driver), isOwed(driver, "n3")]).toEqual([["n2", "n3"], false]);
    expect(logged(driver, "switches n1 on: n2, which has switched it off, is gone")).toHaveLength(1);
  });

  it("is switched on by the next life of a daemon that dies in between", () => {
    const driver = switchingOn();
    crashDaemon(driver, "n2");
    restartDaemon(driver, "n2");
    run(driver, 5_000);
    expect([callsOn(driver).at(-1), isOwed(driver, "n2")]).toEqual(["n2", false]);
    expect(callsOn(driver)).toHaveLength(2);
  });

  it("is left to its operator once it was switched on, whoever is lost later", () => {
    const driver = switchingOn();
    run(driver, 5_000);
    expect(isOwed(driver, "n3")).toBe(false);
    powerOff(driver, "n2");
    run(driver, 60_000);
    expect(callsOn(driver)).toEqual(["n2"]);
  });

  it("[SVC-29] stays off in maintenance, until that ends", () => {
    const driver = switchingOn();
    ask(driver, "n3", { kind: "begin-maintenance" });
    powerOff(driver, "n2");
    run(driver, 5_000);
    expect(callsOn(driver)).toEqual(["n2"]);
    ask(driver, "n3", { kind: "end-maintenance" });
    run(driver, 5_000);
    expect(callsOn(driver)).toEqual(["n2", "n3"]);
  });

  it("is owed nothing when it is back by itself", () => {
    const driver = switchingOn();
    powerOn(driver, "n1");
    powerOff(driver, "n2");
    run(driver, 5_000);
    expect([callsOn(driver), isOwed(driver, "n3")]).toEqual([["n2"], false]);
  });
});
