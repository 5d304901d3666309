import { describe, expect, it } from "vitest";
import { parseServiceId, resourceId } from "../model/ids.ts";
import { durationMs } from "../model/units.ts";
import type { OperationOutcome } from "../model/operation.ts";
import {
  ask,
  crashDaemon,
  type Driver,
  feed,
  logged,
  newDriver,
  nodeOf,
  powerOn,
  restartDaemon,
  run,
  testConfig,
  testService,
  told,
  whereRuns,
} from "./manager-driver.fixture.ts";
import { clusterWarnings, explainService, explainServices } from "./services/explain.ts";

const web = parseServiceId("web");
const bad: Partial<OperationOutcome> = { status: "failed", severity: "soft", reason: "exit 1" };

/** An address, a daemon on it, and a report on the address that the service can do without. */
function treeService(): ReturnType<typeof testService> {
  const plain = testService("web");
  const [address, daemon] = plain.resources;
  if (address === undefined || daemon === undefined) throw new RangeError("two resources were expected");
  const id = resourceId(web, "report");
  const report = { ...daemon, id, name: "report", after: [address.id], critical: false as const };
  return { ...plain, resources: [address, daemon, { ...report, monitorIntervalMs: durationMs(1_000) }] };
}

function started(...refused: readonly number[]): Driver {
  const driver = newDriver({ ...testConfig(["n1", "n2", "n3"], []), services: [treeService()] });
  for (const times of refused) driver.behaviours.push({ resource: "web/report", action: "start", outcome: bad, times });
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 5_000);
  return driver;
}

/** What a node tells of the report. */
function toldOf(driver: Driver, name: string): unknown {
  const { manager } = nodeOf(driver, name);
  if (manager === null) return null;
  const [service] = explainServices(manager.cluster, manager.runner, manager.self);
  return [service?.state, service?.degraded?.join() ?? "whole", service?.resources[2]?.state];
}

describe("a service with a part that it can do without", () => {
  it("[TREE-5] every node tells what is missing, and that it is back", () => {
    const driver = started(4);
    expect(whereRuns(driver, "web")).toBe("n1(ip,daemon)");
    expect(toldOf(driver, "n3")).toEqual(["started", "web/report", "failed"]);
    const { manager } = nodeOf(driver, "n2");
    const text = "without web/report: start of web/report failed: exit 1";
    if (manager === null) throw new RangeError("n2 was expected");
    expect(explainService(manager.cluster, web)?.summary).toBe(`enabled, started on n1: start of the cluster; ${text}`);
    expect(clusterWarnings(manager.cluster, [])).toContain(`service web goes on ${text}; tried again with back-off`);
    run(driver, 20_000);
    expect(toldOf(driver, "n3")).toEqual(["started", "whole", "running"]);
    expect(logged(driver, "web goes on without").length).toBeGreaterThan(0);
  });

  it("[TREE-5] nothing is told of a part that was restarted well, nor after the service has moved", () => {
    const driver = started();
    nodeOf(driver, "n1").running.delete("web/report");
    run(driver, 3_000);
    expect(whereRuns(driver, "web")).toBe("n1");
    expect(logged(driver, "goes on without")).toEqual([]);
    const second = started(1_000);
    ask(second, "n1", { kind: "disable-service", service: web });
    run(second, 5_000);
    expect(toldOf(second, "n3")).toEqual(["stopped", "whole", "stopped"]);
  });

  it("[TREE-7, SVC-10] a daemon that comes back adopts the rest, and brings it up", () => {
    const driver = started();
    crashDaemon(driver, "n1");
    nodeOf(driver, "n1").running.delete("web/report");
    restartDaemon(driver, "n1");
    run(driver, 10_000);
    expect(whereRuns(driver, "web")).toBe("n1");
    expect(logged(driver, " stop web/daemon")).toEqual([]);
    expect(told(driver, "n3", "web")).toBe("started on n1");
  });

  it("[TREE-7] what stands on what is changed without a restart", () => {
    const driver = started();
    const [service] = driver.config.services;
    const resources = service?.resources.map((one) => ({ ...one, after: [], independent: true as const })) ?? [];
    const config = { ...driver.config, services: [{ ...treeService(), resources }] };
    feed(driver, nodeOf(driver, "n1"), { kind: "config", request: 900, config, digest: "m", author: "root" });
    run(driver, 5_000);
    expect(logged(driver, " stop web/")).toEqual([]);
    expect(nodeOf(driver, "n3").manager?.cluster.services[web]?.definition.resources).toEqual(resources);
    expect(whereRuns(driver, "web")).toBe("n1");
  });
});
