import { expect, it } from "vitest";
import type { OcfResource, ServiceConfig } from "../model/cluster-config.ts";
import { instanceId, type NodeId, parseNodeId, parseServiceId, resourceId } from "../model/ids.ts";
import type { Notice } from "../model/notice.ts";
import { durationMs } from "../model/units.ts";
import {
  ask,
  crashDaemon,
  type Driver,
  feed,
  newDriver,
  nodeOf,
  powerOff,
  powerOn,
  restartDaemon,
  run,
  testConfig,
  testService,
  whereRuns,
} from "./manager-driver.fixture.ts";
import { explainService } from "./services/explain.ts";
import { phaseText } from "./services/service-record.ts";

const nodes = ["n1", "n2", "n3"].map(parseNodeId);
const db = parseServiceId("db");

/** A database on each node, one of them promoted, whose agents are told of each other. */
function services(): readonly ServiceConfig[] {
  const instances = nodes.map((node, number) => {
    const id = instanceId(db, node);
    const instance = { of: db, node, number, count: nodes.length };
    const domain = { nodes: [node], ordered: false, restricted: true, failback: false };
    return testService(id, { domain, instance, resources: [agent(id, number)] });
  });
  const domain = { nodes, ordered: false, restricted: true, failback: false };
  const resources = [{ ...agent("db", 0), role: "promoted" as const }];
  return [...instances, testService("db", { domain, beside: [db], promotes: db, resources })];
}

function agent(service: string, number: number): OcfResource {
  const [plain] = testService(service).resources.slice(1);
  if (plain === undefined) throw new RangeError("a daemon was expected");
  const { startTimeoutMs, stopTimeoutMs, monitorTimeoutMs, monitorIntervalMs } = plain;
  return {
    kind: "ocf",
    id: resourceId(parseServiceId(service), "pg"),
    name: "pg",
    provider: "test",
    type: "pg",
    parameters: {},
    clone: { number, max: nodes.length, isPromotable: true, notifyTimeoutMs: durationMs(5_000) },
    startTimeoutMs,
    stopTimeoutMs,
    monitorTimeoutMs,
    monitorIntervalMs,
  };
}

function started(): Driver {
  const driver = newDriver({ ...testConfig(nodes, []), services: services() });
  powerOn(driver, ...nodes);
  run(driver, 10_000);
  expect(whereRuns(driver, "db")).toBe("n1");
  driver.log.length = 0;
  return driver;
}

/** What happened to databases, without the time. */
function happened(driver: Driver, pattern = /(start|stop|promote|demote) db/): readonly string[] {
  return driver.log
    .filter((line) => pattern.test(line) && !line.includes("event"))
    .map((line) => line.replace(/^\d+ /, ""));
}

function lastNotice(driver: Driver, node: string, when: string): Notice | undefined {
  return driver.notices.findLast((told) => told.node === node && told.notice.when === when)?.notice;
}

function places(list: readonly { readonly node: NodeId }[] | undefined): string {
  return (list ?? []).map(({ node }) => node).join(" ");
}

it("[PRO-7, PRO-8, PRO-9] all that run are told before a promotion is done, and when it has been", () => {
  const driver = started();
  ask(driver, "n2", { kind: "relocate-service", service: db, to: parseNodeId("n3") });
  run(driver, 5_000);
  const lines = happened(driver);
  const [demoted, promoted] = [lines.indexOf("n1 stop db/pg"), lines.indexOf("n3 start db/pg")];
  expect(lines.slice(0, demoted).toSorted()).toEqual(nodes.map((node) => `${node} pre-demote db@${node}/pg`));
  expect(lines.slice(demoted + 1, promoted).toSorted()).toEqual(
    nodes.flatMap((node) => [`${node} post-demote db@${node}/pg`, `${node} pre-promote db@${node}/pg`]),
  );
  expect(lines.slice(promoted + 1).toSorted()).toEqual(nodes.map((node) => `${node} post-promote db@${node}/pg`));
  const [pre, post] = [lastNotice(driver, "n2", "pre"), lastNotice(driver, "n2", "post")];
  expect([places(pre?.on), places(pre?.active), places(pre?.promoted), places(pre?.unpromoted)]).toEqual([
    "n3",
    "n1 n2 n3",
    "",
    "n1 n2 n3",
  ]);
  // As OCF has it: the state before, from which the agent works out the one after.
  expect([post?.operation, places(post?.on), places(post?.promoted)]).toEqual(["promote", "n3", ""]);
});

it("[PRO-8] a notify that fails or hangs delays what is announced no longer than its time-out", () => {
  const driver = started();
  driver.behaviours.push({
    resource: "db@n2/pg",
    action: "notify",
    outcome: { status: "timed-out" },
    takesMs: 5_000,
    times: 1,
  });
  driver.behaviours.push({
    resource: "db@n3/pg",
    action: "notify",
    outcome: { status: "failed", reason: "exit 1" },
    times: 99_999,
  });
  const askedAt = driver.now;
  ask(driver, "n1", { kind: "relocate-service", service: db, to: parseNodeId("n3") });
  run(driver, 4_000);
  expect([whereRuns(driver, "db"), happened(driver).some((line) => line === "n1 stop db/pg")]).toEqual(["n1", false]);
  const { manager } = nodeOf(driver, "n1");
  if (manager === null) throw new RangeError("n1 was expected");
  expect(explainService(manager.cluster, db)?.summary).toContain("the agents on n2 are told first");
  run(driver, 4_000);
  const stop = driver.log.find((line) => line.includes("n1 stop db/pg"));
  expect(Number(stop?.split(" ")[0]) - askedAt).toBeLessThan(5_100);
  expect(whereRuns(driver, "db")).toBe("n3");
  expect(driver.log.some((line) => line.includes("notify (pre demote) of db@n3/pg failed: exit 1"))).toBe(true);
});

it("[PRO-8] who is lost, or whose daemon is restarted, is not waited for", () => {
  const driver = started();
  driver.behaviours.push({ resource: "db@n2/pg", action: "notify", takesMs: 60_000, times: 9 });
  driver.behaviours.push({ resource: "db@n3/pg", action: "notify", takesMs: 60_000, times: 9 });
  ask(driver, "n1", { kind: "restart-service", service: db });
  run(driver, 100);
  powerOff(driver, "n3");
  crashDaemon(driver, "n2");
  restartDaemon(driver, "n2");
  run(driver, 3_000);
  expect(happened(driver)).toContain("n1 stop db/pg");
});

it("[PRO-8] what waits goes on when the file has notify no more", () => {
  const driver = started();
  driver.behaviours.push({ resource: "db@n2/pg", action: "notify", takesMs: 60_000, times: 9 });
  ask(driver, "n1", { kind: "restart-service", service: db });
  run(driver, 1_000);
  expect(happened(driver)).not.toContain("n1 stop db/pg");
  const { config } = driver;
  const silent = config.services.map((service) => ({ ...service, resources: service.resources.map(withoutNotify) }));
  const changed = { ...config, services: silent };
  feed(driver, nodeOf(driver, "n1"), {
    kind: "config",
    request: 99,
    config: changed,
    digest: "silent",
    author: "root",
  });
  run(driver, 1_000);
  expect(happened(driver)).toContain("n1 stop db/pg");
});

function withoutNotify(resource: ServiceConfig["resources"][number]): ServiceConfig["resources"][number] {
  if (resource.kind !== "ocf" || resource.clone === undefined) return resource;
  const { notifyTimeoutMs: _, ...clone } = resource.clone;
  return { ...resource, clone };
}

it("[PRO-9] what ended with a fenced node is told as well", () => {
  const driver = started();
  powerOff(driver, "n1");
  run(driver, 20_000);
  expect(whereRuns(driver, "db")).toBe("n2");
  const lines = happened(driver, / db@n3/);
  expect(lines.filter((line) => line.includes("post-"))).toEqual(
    ["n3 post-stop db@n1/pg", "n3 post-demote db@n3/pg", "n3 post-promote db@n3/pg"].map((line) =>
      line.replace("db@n1/pg", "db@n3/pg"),
    ),
  );
  const stop = driver.notices.find(({ node, notice }) => node === "n3" && notice.operation === "stop")?.notice;
  expect([places(stop?.on), places(stop?.active)]).toEqual(["n1", "n1 n2 n3"]);
});

it("[PRO-8] what is stopped at once is announced at once, to the whole clone", () => {
  const driver = started();
  ask(driver, "n1", { kind: "disable-service", service: db });
  run(driver, 5_000);
  const { manager } = nodeOf(driver, "n1");
  expect(Object.values(manager?.cluster.services ?? {}).map(({ phase }) => phaseText(phase))).toEqual([
    "stopped",
    "stopped",
    "stopped",
    "stopped",
  ]);
  const stops = driver.notices.filter(({ notice }) => notice.when === "pre" && notice.operation === "stop");
  expect(stops.filter(({ node }) => node === "n1").map(({ notice }) => places(notice.on))).toEqual(["n1 n2 n3"]);
  // Of the promotion before, of the demotion and of the stops.
  expect(driver.entries.filter(({ body }) => body.kind === "notified")).toHaveLength(9);
});

it("[PRO-8] an instance without a lease is stopped unasked, and nobody is told before", () => {
  const driver = started();
  powerOff(driver, "n2");
  powerOff(driver, "n3");
  run(driver, 10_000);
  expect(whereRuns(driver, "db@n1")).toBe("-");
  expect(happened(driver).filter((line) => line.includes("pre-"))).toEqual([]);
});
