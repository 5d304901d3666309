import { expect, it } from "vitest";
import { durationMs } from "../model/units.ts";
import { logged, newDriver, nodeOf, powerOff, powerOn, run, testConfig, told } from "./manager-driver.fixture.ts";

it("[PLC-6, PLC-4] the coordinator ends a quarantine when its time is over, and what had to stay away returns", () => {
  const domain = { nodes: [], ordered: false, restricted: false, failback: false };
  const config = testConfig(["n1", "n2", "n3"], [{ name: "web", domain }]);
  const [web, ...others] = config.services;
  if (web === undefined) throw new RangeError("Cannot find the service: there is none");
  const home = {
    ...web,
    domain: { ...domain, nodes: config.nodes.map(({ id }) => id), ordered: true, failback: true },
  };
  const quarantine = { kind: "timed" as const, losses: 2, withinMs: durationMs(600_000), forMs: durationMs(60_000) };
  const driver = newDriver({ ...config, services: [home, ...others], quarantine });
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 5_000);
  for (let round = 0; round < 2; round += 1) {
    powerOff(driver, "n1");
    run(driver, 10_000);
    powerOn(driver, "n1");
    run(driver, 10_000);
  }
  expect(told(driver, "n1", "web")).toBe("started on n2");
  expect(
    nodeOf(driver, "n3").manager?.cluster.nodes[home.domain.nodes[0] ?? nodeOf(driver, "n1").id]?.quarantine,
  ).not.toBeNull();
  run(driver, 60_000);
  expect(logged(driver, "out of quarantine: its time is over").length).toBeGreaterThan(0);
  expect(told(driver, "n3", "web")).toBe("started on n1");
});
