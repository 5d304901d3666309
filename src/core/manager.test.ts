import { describe, expect, it } from "vitest";
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
} from "./manager-driver.ts";
import { parseNodeId, parseServiceId } from "../model/ids.ts";

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
  it("[LIVE-1] starts a service once every node has reported", () => {
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

  it("stays put while the fence fails, and goes on by the operator's word", () => {
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

  it("relocates in one go: stop there, start here", () => {
    const driver = started();
    const request = ask(driver, "n3", { kind: "relocate-service", service: web, to: n2 });
    run(driver, 100);
    expect(whereRuns(driver, "web")).toBe("n2");
    expect(driver.answers.get(request)).toEqual({ ok: true, text: "service web is started on n2" });
    run(driver, 60_000);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("adopts what a crashed daemon left running", () => {
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

  it("fences a crashed daemon that does not come back", () => {
    const driver = started();
    crashDaemon(driver, "n1");
    run(driver, 6_000);
    expect(logged(driver, "fence off").length).toBe(0);
    run(driver, 3_000);
    expect(logged(driver, "fence off").length).toBe(1);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[LIVE-3] stops without a quorum, and reports when it is back", () => {
    const driver = started();
    driver.isFenceWorking = false;
    cut(driver, "n1");
    run(driver, 4_000);
    expect(whereRuns(driver, "web")).toBe("-");
    heal(driver);
    run(driver, 3_000);
    expect(whereRuns(driver, "web")).toBe("n1");
  });

  it("fences a node that cannot stop", () => {
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

  it("restarts what its monitor finds dead, then relocates", () => {
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

  it("gives up a node on standby, and does not come back by itself", () => {
    const driver = started();
    const request = ask(driver, "n2", { kind: "standby-node", node: n1 });
    run(driver, 200);
    expect(whereRuns(driver, "web")).toBe("n2");
    expect(driver.answers.get(request)?.text).toBe("node n1 is on standby and has no services");
    ask(driver, "n2", { kind: "online-node", node: n1 });
    run(driver, 5_000);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("hands over before it leaves", () => {
    const driver = started();
    feed(driver, nodeOf(driver, "n1"), { kind: "shutdown" });
    run(driver, 500);
    expect(whereRuns(driver, "web")).toBe("n2");
    expect(logged(driver, "fence off").length).toBe(0);
    expect(nodeOf(driver, "n1").hasLeft).toBe(true);
  });

  it("fences an absent node after a cold start, not before initdead", () => {
    const driver = newDriver(testConfig(["n1", "n2", "n3"], [{ name: "web" }]));
    powerOn(driver, "n1", "n2");
    run(driver, 9_000);
    expect(whereRuns(driver, "web")).toBe("-");
    expect(logged(driver, "fence off n3").length).toBe(0);
    run(driver, 3_000);
    expect(logged(driver, "fence off n3").length).toBe(1);
    expect(whereRuns(driver, "web")).toBe("n1");
  });
});
