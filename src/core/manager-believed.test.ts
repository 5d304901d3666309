import { expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../model/ids.ts";
import {
  ask,
  type Driver,
  logged,
  newDriver,
  nodeOf,
  powerOn,
  run,
  testConfig,
  told,
} from "./manager-driver.fixture.ts";

const [data, web] = [parseServiceId("data"), parseServiceId("web")];
const n1 = parseNodeId("n1");
const domain = { nodes: [n1], ordered: true, restricted: false, failback: false };

/** Both belong on n1; `web` starts after `data`, and is stopped. */
function withWebStopped(): Driver {
  const driver = newDriver(
    testConfig(
      ["n1", "n2", "n3"],
      [
        { name: "data", domain },
        { name: "web", domain, after: [{ service: data }] },
      ],
    ),
  );
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 5_000);
  ask(driver, "n2", { kind: "stop-service", service: web });
  run(driver, 1_000);
  return driver;
}

/** What is started from now on, in this order. */
function startsFrom(driver: Driver, from: number): readonly string[] {
  const starts = driver.log.slice(from).filter((line) => / n\d start /.test(line));
  return starts.map((line) => line.replace(/^\d+ n\d start /, ""));
}

const inOrder = ["data/ip", "data/daemon", "web/ip", "web/daemon"];

it("[SVC-29, REL-1] after maintenance, what died in it counts as running for nobody", () => {
  const driver = withWebStopped();
  ask(driver, "n2", { kind: "begin-maintenance" });
  run(driver, 20_000);
  nodeOf(driver, "n1").running.clear();
  const from = driver.log.length;
  ask(driver, "n2", { kind: "end-maintenance" });
  run(driver, 2);
  ask(driver, "n2", { kind: "start-service", service: web });
  run(driver, 5_000);
  expect(startsFrom(driver, from)).toEqual(inOrder);
  expect(logged(driver, "it depends on")).toEqual([]);
  expect([told(driver, "n2", "data"), told(driver, "n2", "web")]).toEqual(["started on n1", "started on n1"]);
});

it("[REL-1] what its node has stopped unasked is started first, though the entries have it started", () => {
  const driver = withWebStopped();
  const n1s = nodeOf(driver, "n1");
  n1s.isCut = true;
  run(driver, 4_000);
  expect(n1s.running.size).toBe(0);
  const from = driver.log.length;
  // No view has come in between.
  n1s.isCut = false;
  ask(driver, "n2", { kind: "start-service", service: web });
  run(driver, 5_000);
  expect(startsFrom(driver, from)).toEqual(inOrder);
});
