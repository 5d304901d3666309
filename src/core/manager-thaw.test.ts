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

/** Both on n1 and frozen; `web` starts after `data` and is stopped, and then `data` dies. */
function died(): Driver {
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
  ask(driver, "n2", { kind: "begin-maintenance" });
  run(driver, 20_000);
  nodeOf(driver, "n1").running.clear();
  return driver;
}

it("[SVC-29, REL-1] after maintenance, what died in it counts as running for nobody", () => {
  const driver = died();
  const from = driver.log.length;
  ask(driver, "n2", { kind: "end-maintenance" });
  run(driver, 2);
  ask(driver, "n2", { kind: "start-service", service: web });
  run(driver, 5_000);
  const starts = driver.log.slice(from).filter((line) => / n\d start /.test(line));
  expect(starts.map((line) => line.replace(/^\d+ n\d /, ""))).toEqual([
    "start data/ip",
    "start data/daemon",
    "start web/ip",
    "start web/daemon",
  ]);
  expect(logged(driver, "it depends on")).toEqual([]);
  expect([told(driver, "n2", "data"), told(driver, "n2", "web")]).toEqual(["started on n1", "started on n1"]);
});
