import { describe, expect, it } from "vitest";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { parseDeviceId, parseNodeId, parseServiceId } from "../model/ids.ts";
import { durationMs } from "../model/units.ts";
import {
  ask,
  crashDaemon,
  cut,
  type Driver,
  feed,
  heal,
  logged,
  newDriver,
  nodeOf,
  powerOff,
  powerOn,
  restartDaemon,
  run,
  testConfig,
  told,
  whereRuns,
} from "./manager-driver.fixture.ts";
import { clusterWarnings } from "./services/explain.ts";

/** Three nodes with a shared disk that each is cut off from, before it is switched off. */
function config(): ClusterConfig {
  const plain = testConfig(["n1", "n2", "n3"], [{ name: "web" }]);
  if (plain.fencing.kind !== "devices") throw new Error("it has devices");
  const [pdu] = plain.fencing.devices;
  if (pdu === undefined) throw new Error("it has one");
  const disk = { ...pdu, id: parseDeviceId("disk"), agent: "fence_disk", unfence: true as const };
  const nodes = plain.nodes.map((node) => ({
    ...node,
    fence: [[{ device: disk.id, plug: node.id }, ...(node.fence[0] ?? [])]],
  }));
  return { ...plain, nodes, fencing: { kind: "devices", devices: [pdu, disk] } };
}

function poweredOn(driver = newDriver(config())): Driver {
  powerOn(driver, "n1", "n2", "n3");
  return driver;
}

function switchedOn(driver: Driver, name: string): number {
  return logged(driver, `${name} fence on ${name} by fence_disk`).length;
}

function firstAt(driver: Driver, text: string): number {
  return Number(logged(driver, text)[0]?.trim().split(" ")[0] ?? Number.NaN);
}

describe("a node that is cut off", () => {
  it("[FEN-18] is given nothing before it was switched on, and asks for itself", () => {
    const driver = poweredOn();
    driver.brokenAgents.add("fence_disk");
    run(driver, 10_000);
    expect(whereRuns(driver, "web")).toBe("-");
    const { manager } = nodeOf(driver, "n2");
    expect(manager === null ? [] : clusterWarnings(manager.cluster, [])).toContain(
      "node n1 may run nothing before it is switched on by disk: hale events tells why",
    );
    driver.brokenAgents.clear();
    run(driver, 30_000);
    expect(told(driver, "n2", "web")).toMatch(/^started on n\d$/);
    expect(firstAt(driver, "start web/ip")).toBeGreaterThan(firstAt(driver, "switched on by disk"));
    expect(logged(driver, "fence on n1").every((line) => line.includes(" n1 fence on n1"))).toBe(true);
  });

  it("[FEN-18, LIVE-2] is waited for at a cold start, so that services start on the best node at once", () => {
    const driver = poweredOn();
    driver.deviceMs = 3_000;
    run(driver, 20_000);
    expect(told(driver, "n2", "web")).toBe("started on n1");
    expect(logged(driver, "start web/ip")).toHaveLength(1);
    expect(logged(driver, "no node may run it now")).toEqual([]);
  });

  it("[FEN-18, LIVE-1] is not waited for any longer when its device has failed, or says nothing for 10 s", () => {
    const driver = poweredOn();
    powerOff(driver, "n1");
    run(driver, 15_000);
    driver.deviceMs = 60_000;
    powerOn(driver, "n1");
    run(driver, 9_000);
    expect(nodeOf(driver, "n2").manager?.cluster.services[parseServiceId("web")]?.doubts).toEqual(["n1"]);
    run(driver, 3_000);
    expect(nodeOf(driver, "n2").manager?.cluster.services[parseServiceId("web")]?.doubts).toEqual([]);
  });

  it("[FEN-18] asks again and again, with back-off, and once when all is well", () => {
    const driver = poweredOn();
    driver.brokenAgents.add("fence_disk");
    run(driver, 30_000);
    const tries = switchedOn(driver, "n1");
    expect(tries).toBeGreaterThanOrEqual(4);
    expect(tries).toBeLessThan(8);
    expect(logged(driver, "cannot be switched on").filter((line) => line.includes(" n1 "))).toHaveLength(1);
    driver.brokenAgents.clear();
    run(driver, 200_000);
    expect(switchedOn(driver, "n1")).toBe(tries + 1);
  });

  it("[FEN-18] has to be switched on in each stay: after a reboot, an absence, a new daemon", () => {
    const driver = poweredOn();
    run(driver, 5_000);
    expect([switchedOn(driver, "n2"), switchedOn(driver, "n3")]).toEqual([1, 1]);
    cut(driver, "n3");
    run(driver, 5_000);
    expect(switchedOn(driver, "n3")).toBe(1);
    heal(driver);
    run(driver, 5_000);
    expect(switchedOn(driver, "n3")).toBe(2);
    powerOff(driver, "n3");
    run(driver, 5_000);
    powerOn(driver, "n3");
    run(driver, 5_000);
    expect(switchedOn(driver, "n3")).toBe(3);
    crashDaemon(driver, "n3");
    restartDaemon(driver, "n3");
    run(driver, 5_000);
    expect([switchedOn(driver, "n2"), switchedOn(driver, "n3")]).toEqual([1, 4]);
  });

  it("[FEN-18] has to be switched on again after a fence that was given up half done", () => {
    const driver = poweredOn();
    run(driver, 5_000);
    driver.brokenAgents.add("fence_test");
    ask(driver, "n1", { kind: "fence-node", node: parseNodeId("n3") });
    run(driver, 5_000);
    expect(logged(driver, "fence off n3 by fence_disk").length).toBeGreaterThan(0);
    // As long as it is to be fenced it is not switched on, and afterwards that is for its next life to ask.
    expect(switchedOn(driver, "n3")).toBe(1);
    expect(nodeOf(driver, "n1").manager?.cluster.nodes[parseNodeId("n3")]?.unfencedBy).toEqual([]);
    driver.brokenAgents.clear();
    run(driver, 30_000);
    powerOn(driver, "n3");
    run(driver, 5_000);
    expect(switchedOn(driver, "n3")).toBe(2);
  });

  it("[FEN-18] is never switched on by who fenced it", () => {
    const driver = poweredOn();
    run(driver, 5_000);
    powerOff(driver, "n1");
    run(driver, 10_000);
    expect(told(driver, "n2", "web")).toMatch(/^started on n[23]$/);
    expect(logged(driver, "fence on n1 by fence_disk")).toHaveLength(1);
  });

  it("[SVC-47] and is told to end as it joins does not wait to be switched on", () => {
    const driver = poweredOn();
    run(driver, 20_000);
    powerOff(driver, "n3");
    run(driver, 15_000);
    powerOn(driver, "n3");
    run(driver, 305);
    expect(nodeOf(driver, "n1").manager?.cluster.nodes[parseNodeId("n3")]?.isMember).toBe(true);
    feed(driver, nodeOf(driver, "n3"), { kind: "shutdown" });
    run(driver, 1_000);
    expect(nodeOf(driver, "n3").hasLeft).toBe(true);
  });

  it("[FEN-18] keeps what it runs when the device is described in another way, and is given nothing until it was asked", () => {
    const given = config();
    const driver = poweredOn(newDriver(given));
    run(driver, 5_000);
    const { fencing } = given;
    if (fencing.kind !== "devices") throw new Error("it has devices");
    const devices = fencing.devices.map((device) =>
      device.unfence ? { ...device, timeoutMs: durationMs(9_000) } : device,
    );
    const changed = { ...given, fencing: { ...fencing, devices } };
    const owner = told(driver, "n2", "web");
    feed(driver, nodeOf(driver, "n1"), { kind: "config", request: 999, config: changed, digest: "2", author: "root" });
    run(driver, 5_000);
    expect(told(driver, "n2", "web")).toBe(owner);
    expect(["n1", "n2", "n3"].map((name) => switchedOn(driver, name))).toEqual([2, 2, 2]);
  });
});
