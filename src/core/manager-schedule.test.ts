import { expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../model/ids.ts";
import { wallMs } from "../model/units.ts";
import {
  ask,
  type Driver,
  logged,
  moment,
  newDriver,
  nodeOf,
  powerOff,
  powerOn,
  run,
  testConfig,
  whereRuns,
} from "./manager-driver.fixture.ts";
import { lateMsMax } from "./services/schedule.ts";

const web = parseServiceId("web");

function started(): Driver {
  const driver = newDriver(testConfig(["n1", "n2", "n3"], [{ name: "web" }]));
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 5_000);
  expect(whereRuns(driver, "web")).toBe("n1");
  return driver;
}

function plan(driver: Driver, inMs: number): void {
  const at = wallMs(moment(driver).wall + inMs);
  ask(driver, "n3", { kind: "schedule", what: { kind: "relocate-service", service: web, to: parseNodeId("n3") }, at });
  run(driver, 1_000);
}

it("[SVC-42] whoever coordinates at its time does it, and once", () => {
  const driver = started();
  plan(driver, 60_000);
  powerOff(driver, "n1");
  run(driver, 30_000);
  expect(whereRuns(driver, "web")).toBe("n2");
  run(driver, 35_000);
  expect(whereRuns(driver, "web")).toBe("n3");
  expect(driver.entries.filter(({ body }) => body.kind === "due")).toHaveLength(1);
});

it("[SVC-42] it outlives all daemons, and is done when they are back in time", () => {
  const driver = started();
  plan(driver, 60_000);
  for (const node of ["n1", "n2", "n3"]) powerOff(driver, node);
  run(driver, 70_000);
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 20_000);
  expect(whereRuns(driver, "web")).toBe("n3");
});

it("[SVC-43] when they are back too late, it is not done, and told", () => {
  const driver = started();
  plan(driver, 60_000);
  for (const node of ["n1", "n2", "n3"]) powerOff(driver, node);
  run(driver, lateMsMax + 70_000);
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 20_000);
  expect(whereRuns(driver, "web")).toBe("n1");
  expect(logged(driver, "not done: service relocate web --to n3")).not.toEqual([]);
  expect(nodeOf(driver, "n1").manager?.cluster.schedule?.waiting).toEqual([]);
});
