import { expect, it } from "vitest";
import { parseNodeId, parseServiceId, resourceId } from "../model/ids.ts";
import type { Preview, Wish } from "../model/preview.ts";
import {
  ask,
  type Driver,
  newDriver,
  nodeOf,
  powerOn,
  run,
  testConfig,
  testService,
  whereRuns,
} from "./manager-driver.fixture.ts";
import { previewOf } from "./services/preview.ts";

const web = parseServiceId("web");
const spans: Readonly<Record<string, readonly [number, number]>> = {
  disk: [300, 100],
  ip: [20, 10],
  db: [1_000, 2_000],
  app: [50, 400],
  report: [5_000, 30],
};

/** A tree on n1, each resource with its time. */
function started(): Driver {
  const [, daemon] = testService("web").resources;
  if (daemon === undefined) throw new RangeError("a daemon was expected");
  const part = (name: string, after: readonly string[], isCritical = true) => ({
    ...daemon,
    id: resourceId(web, name),
    name,
    after: after.map((other) => resourceId(web, other)),
    ...(isCritical ? {} : { critical: false as const }),
  });
  const resources = [
    part("disk", []),
    part("ip", []),
    part("db", ["disk"]),
    part("app", ["db", "ip"]),
    part("report", ["ip"], false),
  ];
  const driver = newDriver({ ...testConfig(["n1", "n2"], []), services: [testService("web", { resources })] });
  for (const [name, [start, stop]] of Object.entries(spans)) {
    driver.behaviours.push({ resource: `web/${name}`, action: "start", takesMs: start, times: 99 });
    driver.behaviours.push({ resource: `web/${name}`, action: "stop", takesMs: stop, times: 99 });
  }
  powerOn(driver, "n1", "n2");
  run(driver, 20_000);
  expect(whereRuns(driver, "web")).toBe("n1");
  return driver;
}

function foretold(driver: Driver, wish: Wish): Extract<Preview, { ok: true }> {
  const { manager } = nodeOf(driver, "n1");
  if (manager === null) throw new RangeError("n1 was expected");
  const preview = previewOf(manager.cluster, wish, "root", manager.self);
  if (!preview.ok) throw new RangeError(preview.text);
  return preview;
}

function at(driver: Driver, what: string): number {
  const line = driver.log.findLast((one) => one.includes(what)) ?? "0";
  return Number(line.split(" ")[0]);
}

it("[SVC-31, TREE-9] the outage of a tree is foretold as it comes", () => {
  const driver = started();
  const intent = { kind: "relocate-service", service: web, to: parseNodeId("n2") } as const;
  // A stop was not measured yet.
  expect(foretold(driver, { kind: "intent", intent }).outages).toMatchObject([{ outageMs: null }]);
  ask(driver, "n1", intent);
  run(driver, 20_000);
  const back = { ...intent, to: parseNodeId("n1") };
  const { outages, steps, unsure } = foretold(driver, { kind: "intent", intent: back });
  expect([outages, unsure]).toEqual([[{ service: "web", from: "n2", to: "n1", outageMs: 3_850 }], []]);
  expect(steps.map(({ action, atMs, parts }) => [action, atMs, parts?.length])).toEqual([
    ["stop", 0, 5],
    ["start", 2_500, 5],
  ]);
  driver.log.length = 0;
  ask(driver, "n1", back);
  run(driver, 20_000);
  // From the first stop until the last resource runs that it cannot do without; an entry takes some milliseconds.
  const outageMs =
    at(driver, "n1 start web/app") + 50 - Number(driver.log.find((line) => line.includes("n2 stop"))?.split(" ")[0]);
  expect(Math.abs(outageMs - 3_850)).toBeLessThan(20);
});

it("[SVC-31, TREE-9] a new tree of known resources is foretold by its own branches", () => {
  const driver = started();
  ask(driver, "n1", { kind: "restart-service", service: web });
  run(driver, 20_000);
  const { config } = driver;
  const [service] = config.services;
  if (service === undefined) throw new RangeError("a service was expected");
  // One after the other again, and the disk is another one: all is stopped and started.
  const resources = service.resources.map(({ after: _after, critical: _critical, ...resource }) =>
    resource.name === "disk" && resource.kind === "lsb" ? { ...resource, script: "/etc/init.d/other" } : resource,
  );
  const changed = { ...config, services: [{ ...service, resources }] };
  const { steps, outages } = foretold(driver, { kind: "config", config: changed, digest: "new" });
  expect(outages).toMatchObject([{ outageMs: 2_500 + 300 + 20 + 1_000 + 50 + 5_000 }]);
  expect(steps.map(({ parts }) => parts?.length ?? 0)).toEqual([5, 0]);
});
