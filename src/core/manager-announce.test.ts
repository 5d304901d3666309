import { expect, it } from "vitest";
import { logged, newDriver, powerOff, powerOn, run, testConfig } from "./manager-driver.fixture.ts";

it("[ADR-6] a change of the view has everybody announce the addresses that run there once more", () => {
  const driver = newDriver(testConfig(["n1", "n2", "n3"], [{ name: "web" }, { name: "db" }]));
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 5_000);
  const before = logged(driver, " announces ").length;
  powerOff(driver, "n3");
  run(driver, 3_000);
  const told = logged(driver, " announces ").slice(before);
  expect(told.map((line) => line.split(" ").slice(1).join(" "))).toEqual(["n1 announces web/ip", "n2 announces db/ip"]);
});
