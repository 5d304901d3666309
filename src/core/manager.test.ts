import { describe, expect, it } from "vitest";
import {
  ask,
  crashDaemon,
  deliverViews,
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
  testService,
  told,
  whereRuns,
} from "./manager-driver.fixture.ts";
import { parseNodeId, parseServiceId } from "../model/ids.ts";
import { durationMs } from "../model/units.ts";

const web = parseServiceId("web");
const n1 = parseNodeId("n1");
const n2 = parseNodeId("n2");

function started(services: Parameters<typeof testConfig>[1] = [{ name: "web" }]): Driver {
  const driver = newDriver(testConfig(["n1", "n2", "n3"], services));
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 5_000);
  return driver;
}

describe("the manager on three nodes", () => {
  it("[LIVE-1, SVC-1] starts a service once every node has reported", () => {
    const driver = started();
    expect(whereRuns(driver, "web")).toBe("n1");
    expect(told(driver, "n3", "web")).toBe("started on n1");
    expect(logged(driver, " start web/").length).toBe(2);
  });

  it("[SAFE-2] takes over after the fence is confirmed, not before", () => {
    const driver = started();
    powerOff(driver, "n1");
    run(driver, 1_550);
    expect(whereRuns(driver, "web")).toBe("-");
    run(driver, 3_000);
    expect(whereRuns(driver, "web")).toBe("n2");
    expect(told(driver, "n3", "web")).toBe("started on n2");
  });

  it("[SAFE-2, FEN-3, FEN-9] stays put while the fence fails, and goes on by the operator's word", () => {
    const driver = started();
    driver.isFenceWorking = false;
    powerOff(driver, "n1");
    run(driver, 60_000);
    expect(whereRuns(driver, "web")).toBe("-");
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    const request = ask(driver, "n2", { kind: "confirm-off-node", node: n1 });
    run(driver, 1_000);
    expect(driver.answers.get(request)?.ok).toBe(true);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[SVC-4, SVC-16, LIVE-2] relocates in one go: stop there, start here, and stays", () => {
    const driver = started();
    const request = ask(driver, "n3", { kind: "relocate-service", service: web, to: n2 });
    run(driver, 100);
    expect(whereRuns(driver, "web")).toBe("n2");
    expect(driver.answers.get(request)).toEqual({ ok: true, text: "service web is started on n2" });
    run(driver, 60_000);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[SVC-10] adopts what a crashed daemon left running", () => {
    const driver = started();
    crashDaemon(driver, "n1");
    run(driver, 3_000);
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    restartDaemon(driver, "n1");
    run(driver, 3_000);
    expect(told(driver, "n2", "web")).toBe("started on n1");
    expect(logged(driver, " start web/").length).toBe(2);
    expect(logged(driver, "stop web").length).toBe(0);
    expect(logged(driver, "fence off").length).toBe(0);
  });

  it("[FEN-6] fences a crashed daemon that does not come back", () => {
    const driver = started();
    crashDaemon(driver, "n1");
    run(driver, 6_000);
    expect(logged(driver, "fence off").length).toBe(0);
    run(driver, 3_000);
    expect(logged(driver, "fence off").length).toBe(1);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[FEN-6] keeps the grace of who dies again while it is taken in", () => {
    const driver = started();
    crashDaemon(driver, "n1");
    run(driver, 2_000);
    for (const name of ["n2", "n3"]) {
      feed(driver, nodeOf(driver, name), { kind: "port-state", node: nodeOf(driver, "n1").id, state: "closed" });
    }
    // The next daemon has its port open, but was not heard yet.
    nodeOf(driver, "n1").hasLeft = true;
    deliverViews(driver, ["n1", "n2", "n3"], ["n2", "n3"]);
    run(driver, 2_000);
    expect(logged(driver, "fence off")).toEqual([]);
    run(driver, 4_000);
    expect(logged(driver, "fence off").length).toBe(1);
  });

  it("[LIVE-3, SVC-12] stops without a quorum, and reports when it is back", () => {
    const driver = started();
    driver.isFenceWorking = false;
    cut(driver, "n1");
    run(driver, 4_000);
    expect(whereRuns(driver, "web")).toBe("-");
    heal(driver);
    run(driver, 3_000);
    expect(whereRuns(driver, "web")).toBe("n1");
  });

  it("[SVC-9] fences a node that cannot stop", () => {
    const driver = started();
    driver.behaviours.push({
      resource: "web/daemon",
      action: "stop",
      outcome: { status: "failed", reason: "busy" },
      times: 1,
    });
    ask(driver, "n3", { kind: "relocate-service", service: web, to: n2 });
    run(driver, 3_000);
    expect(logged(driver, "fence off n1").length).toBe(1);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[SVC-6] restarts what its monitor finds dead, then relocates", () => {
    const driver = started();
    for (let i = 0; i < 2; i += 1) {
      nodeOf(driver, "n1").running.delete("web/daemon");
      run(driver, 6_000);
      expect(whereRuns(driver, "web")).toBe("n1");
    }
    nodeOf(driver, "n1").running.delete("web/daemon");
    run(driver, 6_000);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[SVC-14, PLC-5] gives up a node on standby, and does not come back by itself", () => {
    const driver = started();
    const request = ask(driver, "n2", { kind: "standby-node", node: n1 });
    run(driver, 200);
    expect(whereRuns(driver, "web")).toBe("n2");
    expect(driver.answers.get(request)?.text).toBe("node n1 is on standby and has no services");
    ask(driver, "n2", { kind: "online-node", node: n1 });
    run(driver, 5_000);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[SVC-14] hands over before it leaves", () => {
    const driver = started();
    feed(driver, nodeOf(driver, "n1"), { kind: "shutdown" });
    run(driver, 500);
    expect(whereRuns(driver, "web")).toBe("n2");
    expect(logged(driver, "fence off").length).toBe(0);
    expect(nodeOf(driver, "n1").hasLeft).toBe(true);
  });

  it("[SVC-47] does not leave before it has told what it runs of a service that is new", () => {
    for (const ms of [0, 1, 2, 3, 5, 8, 13, 50]) {
      const driver = started();
      const config = testConfig(["n1", "n2", "n3"], [{ name: "web" }, { name: "db" }]);
      for (const { id } of config.services[1]?.resources ?? []) nodeOf(driver, "n3").running.add(id);
      feed(driver, nodeOf(driver, "n1"), { kind: "config", request: 900, config, digest: "m", author: "root" });
      run(driver, ms);
      feed(driver, nodeOf(driver, "n3"), { kind: "shutdown" });
      run(driver, 5_000);
      expect(whereRuns({ ...driver, config }, "db")).toMatch(/^n[12]$/);
      expect(nodeOf(driver, "n3").hasLeft).toBe(true);
      expect(logged(driver, "fence off n3")).toEqual([]);
    }
  });

  it("[SVC-2, FEN-6] fences an absent node after a cold start, not before initdead", () => {
    const driver = newDriver(testConfig(["n1", "n2", "n3"], [{ name: "web" }]));
    powerOn(driver, "n1", "n2");
    run(driver, 9_000);
    expect(whereRuns(driver, "web")).toBe("-");
    expect(logged(driver, "fence off n3").length).toBe(0);
    run(driver, 3_000);
    expect(logged(driver, "fence off n3").length).toBe(1);
    expect(whereRuns(driver, "web")).toBe("n1");
  });

  it("[FEN-1] leaves a lost node in peace that runs nothing", () => {
    const driver = started();
    powerOff(driver, "n3");
    run(driver, 60_000);
    expect(logged(driver, "fence off")).toEqual([]);
    nodeOf(driver, "n1").running.delete("web/daemon");
    run(driver, 6_000);
    expect(whereRuns(driver, "web")).toBe("n1");
  });

  it("[PLC-4, LIVE-2] returns to the better node when it is back, and only then", () => {
    const domain = { nodes: [n2, n1], ordered: true, restricted: false, failback: true };
    const driver = started([{ name: "web", domain }]);
    expect(whereRuns(driver, "web")).toBe("n2");
    ask(driver, "n1", { kind: "relocate-service", service: web, to: n1 });
    run(driver, 30_000);
    expect(whereRuns(driver, "web")).toBe("n1");
    powerOff(driver, "n2");
    run(driver, 10_000);
    powerOn(driver, "n2");
    run(driver, 2_000);
    expect(whereRuns(driver, "web")).toBe("n2");
    expect(logged(driver, "failback to n2").length).toBeGreaterThan(0);
  });

  it("[SVC-5, SVC-8] flees a node where the start fails, and tries all again when all have failed", () => {
    const driver = started();
    const fails = { status: "failed", severity: "soft", reason: "no" } as const;
    driver.behaviours.push({ resource: "web/daemon", action: "start", outcome: fails, times: 3 });
    const request = ask(driver, "n1", { kind: "restart-service", service: web });
    run(driver, 900);
    expect(told(driver, "n1", "web")).toBe("failed");
    expect(whereRuns(driver, "web")).toBe("-");
    expect(driver.answers.get(request)?.ok).toBe(false);
    run(driver, 1_000);
    expect(told(driver, "n1", "web")).toBe("started on n1");
  });

  it("[SVC-7] does not try again what would fail everywhere, until an operator says so", () => {
    const driver = started();
    const wrong = { status: "failed", severity: "fatal", reason: "configured wrong" } as const;
    driver.behaviours.push({ resource: "web/daemon", action: "start", outcome: wrong, times: 1 });
    ask(driver, "n1", { kind: "restart-service", service: web });
    run(driver, 600_000);
    expect(told(driver, "n1", "web")).toBe("failed");
    ask(driver, "n1", { kind: "clear-service", service: web });
    run(driver, 1_000);
    expect(told(driver, "n1", "web")).toBe("started on n1");
  });

  it("[SVC-6] obeys the policies relocate and disable", () => {
    const recovery = { maxRestarts: 9, withinMs: durationMs(600_000) };
    for (const [policy, end] of [
      ["relocate", "started on n2"],
      ["disable", "stopped"],
    ] as const) {
      const driver = started([{ name: "web", recovery: { ...recovery, policy } }]);
      nodeOf(driver, "n1").running.delete("web/daemon");
      run(driver, 6_000);
      expect(told(driver, "n1", "web")).toBe(end);
    }
  });

  it("[SVC-11] stops at once what runs in a second place, and keeps the first", () => {
    const driver = started();
    cut(driver, "n3");
    run(driver, 5_000);
    for (const resource of ["web/ip", "web/daemon"]) nodeOf(driver, "n3").running.add(resource);
    crashDaemon(driver, "n3");
    heal(driver);
    restartDaemon(driver, "n3");
    run(driver, 2_000);
    expect(whereRuns(driver, "web")).toBe("n1");
    expect(logged(driver, "runs on n3 beside n1").length).toBeGreaterThan(0);
    expect(logged(driver, "n1 stop web")).toEqual([]);
  });

  it("[SVC-12] keeps what runs and starts nothing while frozen", () => {
    const driver = started();
    nodeOf(driver, "n1").isFrozen = true;
    cut(driver, "n1");
    run(driver, 1_000);
    driver.isFenceWorking = false;
    run(driver, 60_000);
    expect(whereRuns(driver, "web")).toBe("n1");
    nodeOf(driver, "n1").running.delete("web/daemon");
    run(driver, 20_000);
    expect(whereRuns(driver, "web")).toBe("n1(ip)");
  });

  it("[SVC-19] starts nothing when the lease has run out, and stops what it had begun", () => {
    const driver = started([{ name: "web", enabled: false }]);
    driver.behaviours.push({ resource: "web/ip", action: "start", takesMs: 10_000, times: 1 });
    ask(driver, "n1", { kind: "enable-service", service: web });
    run(driver, 100);
    driver.isFenceWorking = false;
    cut(driver, "n1");
    run(driver, 12_000);
    expect(logged(driver, "start web/daemon")).toEqual([]);
    expect(whereRuns(driver, "web")).toBe("-");
  });

  it("[SVC-15] refuses what the rules forbid, with the reason", () => {
    const driver = started([
      { name: "web", domain: { nodes: [n1, n2], ordered: false, restricted: true, failback: false } },
    ]);
    const unknown = ask(driver, "n1", { kind: "enable-service", service: parseServiceId("nothing") });
    const outside = ask(driver, "n1", { kind: "relocate-service", service: web, to: parseNodeId("n3") });
    const member = ask(driver, "n1", { kind: "confirm-off-node", node: n2 });
    run(driver, 100);
    expect(driver.answers.get(unknown)).toMatchObject({ ok: false, code: "SERVICE_UNKNOWN" });
    expect(driver.answers.get(outside)).toEqual({
      ok: false,
      code: "NOT_ALLOWED",
      text: 'Cannot relocate service "web" to node "n3": not in its domain (n1, n2), which is restricted',
    });
    expect(driver.answers.get(member)).toMatchObject({ ok: false, code: "NOT_ALLOWED" });
    driver.isFenceWorking = false;
    cut(driver, "n1");
    run(driver, 4_000);
    const alone = ask(driver, "n1", { kind: "disable-service", service: web });
    expect(driver.answers.get(alone)).toMatchObject({ ok: false, code: "NO_QUORUM" });
  });

  it("[SVC-16, SAFE-5] answers when the goal is reached: disabled is stopped, enabled is started", () => {
    const driver = started();
    const off = ask(driver, "n2", { kind: "disable-service", service: web });
    run(driver, 100);
    expect(driver.answers.get(off)).toEqual({ ok: true, text: "service web is stopped" });
    expect(whereRuns(driver, "web")).toBe("-");
    powerOff(driver, "n3");
    run(driver, 5_000);
    expect(whereRuns(driver, "web")).toBe("-");
    const on = ask(driver, "n2", { kind: "enable-service", service: web });
    run(driver, 100);
    expect(driver.answers.get(on)?.text).toBe("service web is started on n1");
  });

  it("[FEN-5] starts nothing on a node that is being fenced, and fences by an operator's wish", () => {
    const driver = started();
    driver.isFenceWorking = false;
    const request = ask(driver, "n2", { kind: "fence-node", node: n2 });
    run(driver, 50);
    ask(driver, "n1", { kind: "relocate-service", service: web });
    run(driver, 120);
    expect(whereRuns(driver, "web")).toBe("n3");
    run(driver, 500);
    expect(driver.answers.get(request)).toMatchObject({ ok: false, code: "FAILED" });
  });

  it("[FEN-7, SAFE-2] without fencing, takes a lost node as off after its time, but never a living kernel", () => {
    const assumed = {
      ...testConfig(["n1", "n2", "n3"], [{ name: "web" }]),
      fencing: { kind: "none", assumeOffAfterMs: durationMs(4_000) },
    } as const;
    const driver = newDriver(assumed);
    powerOn(driver, "n1", "n2", "n3");
    run(driver, 5_000);
    crashDaemon(driver, "n1");
    run(driver, 60_000);
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    // Nobody can tell this from a cut at the moment at which a new daemon begins, and keeps what it finds for four deadtimes.
    powerOff(driver, "n1");
    run(driver, 9_700);
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    run(driver, 1_000);
    expect(told(driver, "n2", "web")).toBe("started on n2");
  });

  it("[FEN-8] carries out the group's own fence without an entry, and tells of it when there is a view", () => {
    const driver = started();
    driver.isFenceWorking = true;
    const n2Node = nodeOf(driver, "n2");
    n2Node.arbiterFence = { target: n1, attempt: 1 };
    feed(driver, n2Node, null);
    n2Node.arbiterFence = null;
    run(driver, 5_000);
    expect(logged(driver, '"kind":"fence-verdict","target":"n1","attempt":1,"confirmed":true').length).toBe(1);
    expect(logged(driver, "fence off n1").length).toBe(1);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[FEN-9] lets an operator's word decide a race whose device fails", () => {
    const driver = started();
    powerOff(driver, "n1");
    run(driver, 10);
    const node = nodeOf(driver, "n2");
    driver.view = null;
    node.isFrozen = true;
    feed(driver, node, null);
    ask(driver, "n2", { kind: "confirm-off-node", node: n1 });
    node.arbiterFence = { target: n1, attempt: 7 };
    feed(driver, node, null);
    expect(logged(driver, '"kind":"fence-verdict","target":"n1","attempt":7,"confirmed":true').length).toBe(1);
    expect(logged(driver, "fence off")).toEqual([]);
  });

  it("[SVC-18] never has two operations on one resource", () => {
    const driver = started();
    driver.behaviours.push({ resource: "web/daemon", action: "monitor", takesMs: 3_000, times: 1 });
    run(driver, 1_500);
    ask(driver, "n1", { kind: "restart-service", service: web });
    run(driver, 10_000);
    expect(logged(driver, "cancel").length).toBe(1);
    expect(whereRuns(driver, "web")).toBe("n1");
  });

  it("[SVC-13] stops what is no longer configured, restarts what changed, starts what is new", () => {
    const driver = started([{ name: "web" }, { name: "old" }]);
    const [before] = driver.config.services;
    if (before === undefined) throw new RangeError("Cannot change the configuration: it has no service");
    const changed = before.resources.map((one) => (one.kind === "address" ? { ...one, ip: "192.0.2.101" } : one));
    const config = { ...driver.config, services: [{ ...before, resources: changed }, testService("new")] };
    feed(driver, nodeOf(driver, "n1"), { kind: "config", request: 999, config, digest: "second", author: "root" });
    run(driver, 2_000);
    expect(driver.answers.get(999)?.ok).toBe(true);
    expect(logged(driver, "stop web/ip").length).toBe(1);
    expect(logged(driver, "stop old/ip").length).toBe(1);
    expect(told(driver, "n2", "web")).toBe("started on n1");
    expect(told(driver, "n2", "old")).toBe("no such service");
    expect(told(driver, "n2", "new")).toMatch(/^started on/);
  });

  it("[SVC-13] takes other timers and other patience with monitors in place", () => {
    const driver = started([{ name: "web" }]);
    const services = driver.config.services.map((service) => ({
      ...service,
      resources: service.resources.map((one) => ({ ...one, monitorIntervalMs: durationMs(1_000), failuresToAct: 3 })),
    }));
    const config = { ...driver.config, services };
    feed(driver, nodeOf(driver, "n1"), { kind: "config", request: 999, config, digest: "second", author: "root" });
    run(driver, 2_000);
    expect(driver.answers.get(999)?.ok).toBe(true);
    expect(logged(driver, "stop web/ip")).toEqual([]);
  });

  it("[SVC-27, SAFE-1] starts nothing under another name before it is stopped under the old one", () => {
    const driver = started([{ name: "old" }]);
    const n3 = whereRuns(driver, "old");
    const other = driver.config.nodes.find(({ id }) => id !== n3)?.id ?? "";
    driver.isFenceWorking = false;
    cut(driver, n3);
    run(driver, 3_000);
    const config = { ...driver.config, services: [testService("new")] };
    feed(driver, nodeOf(driver, other), { kind: "config", request: 998, config, digest: "second", author: "root" });
    run(driver, 2_000);
    expect(driver.answers.get(998)?.ok).toBe(true);
    expect(told(driver, other, "new")).toBe("stopped");
    driver.isFenceWorking = true;
    run(driver, 70_000);
    expect(told(driver, other, "new")).toMatch(/^started on/);
    expect(told(driver, other, "old")).toBe("no such service");
  });

  it("[SVC-27, SVC-13] asks for what has another name once it is stopped under the old one", () => {
    const driver = started([{ name: "old" }]);
    driver.behaviours.push({ resource: "old/daemon", action: "stop", takesMs: 1_500, times: 1 });
    const config = { ...driver.config, services: [testService("new")] };
    feed(driver, nodeOf(driver, "n1"), { kind: "config", request: 997, config, digest: "second", author: "root" });
    run(driver, 5_000);
    const ofNew = driver.entries.filter(({ id, body }) => id.origin === "n1" && JSON.stringify(body).includes('"new"'));
    const stopped = driver.entries.findLast(({ body }) => body.kind === "service-result" && body.service === "old");
    expect(ofNew.find(({ body }) => body.kind === "observed")?.index).toBeGreaterThan(stopped?.index ?? Infinity);
    expect(told(driver, "n1", "new")).toBe("started on n1");
  });
});
