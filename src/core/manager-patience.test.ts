import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../model/ids.ts";
import { durationMs } from "../model/units.ts";
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
} from "./manager-driver.fixture.ts";

const web = parseServiceId("web");
const n2 = parseNodeId("n2");
const graceMs = 5_000;

function started(config = testConfig(["n1", "n2", "n3"], [{ name: "web" }])): Driver {
  const driver = newDriver(config);
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 5_000);
  return driver;
}

/** The daemon of n1 comes back, is heard, and dies before it is taken in. */
function shortLife(driver: Driver, silentMs: number): void {
  run(driver, silentMs);
  restartDaemon(driver, "n1");
  tell(driver);
  run(driver, 200);
  crashDaemon(driver, "n1");
  tell(driver);
}

/** What is heard has changed. */
function tell(driver: Driver): void {
  for (const name of ["n2", "n3"]) feed(driver, nodeOf(driver, name), null);
}

describe("patience with absent nodes", () => {
  it("[FEN-6, LIVE-2] gives a crashed daemon its grace anew with each life that was heard", () => {
    const driver = started();
    crashDaemon(driver, "n1");
    run(driver, 1_600);
    for (let life = 0; life < 3; life += 1) shortLife(driver, graceMs - 500);
    run(driver, graceMs - 500);
    restartDaemon(driver, "n1");
    run(driver, 3_000);
    expect(logged(driver, "fence off")).toEqual([]);
    expect(logged(driver, " start web/").length).toBe(2);
    expect(told(driver, "n2", "web")).toBe("started on n1");
  });

  it("[FEN-6, LIVE-1] ends its patience with a daemon that crashes again and again", () => {
    const driver = started();
    crashDaemon(driver, "n1");
    run(driver, 1_600);
    for (let life = 0; life < 6; life += 1) shortLife(driver, graceMs - 500);
    run(driver, 1_000);
    expect(logged(driver, "fence off n1").length).toBe(1);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[FEN-6] has none once the kernel is silent too", () => {
    const driver = started();
    crashDaemon(driver, "n1");
    run(driver, 1_600);
    shortLife(driver, 1_000);
    driver.isFenceWorking = true;
    powerOff(driver, "n1");
    run(driver, 1_000);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[FEN-1, LIVE-2] asks a node that could not stop something, and was rebooted since, before it fences it again", () => {
    const driver = started();
    driver.isFenceWorking = false;
    const outcome = { status: "failed", reason: "busy" } as const;
    driver.behaviours.push({ resource: "web/daemon", action: "stop", outcome, times: 1 });
    ask(driver, "n3", { kind: "relocate-service", service: web, to: n2 });
    run(driver, 10_000);
    expect(told(driver, "n2", "web")).toBe("blocked on n1");
    powerOff(driver, "n1");
    run(driver, 20_000);
    // Its probe takes longer than the back-off of the fence.
    driver.behaviours.push({ resource: "web/daemon", action: "monitor", takesMs: 9_000, node: "n1", times: 1 });
    powerOn(driver, "n1");
    driver.log.length = 0;
    run(driver, 20_000);
    expect(logged(driver, "fence off")).toEqual([]);
    expect(whereRuns(driver, "web")).toBe("n2");
  });

  it("[FEN-7, SAFE-2] without fencing, gives a daemon that is heard anew the time to stop what it found", () => {
    const config = testConfig(["n1", "n2", "n3"], [{ name: "web" }]);
    const driver = started({ ...config, fencing: { kind: "none", assumeOffAfterMs: durationMs(4_000) } });
    crashDaemon(driver, "n1");
    run(driver, 3_000);
    shortLife(driver, 0);
    powerOff(driver, "n1");
    tell(driver);
    // Four deadtimes, and `assume-off-after`, from when it was heard; a tenth of a second for the takeover.
    run(driver, 9_700);
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    run(driver, 700);
    expect(told(driver, "n2", "web")).toBe("started on n2");
  });

  it("[FEN-7, SAFE-2] without fencing, counts from when a node that was cut off was heard for a moment", () => {
    const config = testConfig(["n1", "n2", "n3"], [{ name: "web" }]);
    const driver = started({ ...config, fencing: { kind: "none", assumeOffAfterMs: durationMs(4_000) } });
    cut(driver, "n1");
    run(driver, 3_000);
    heal(driver);
    tell(driver);
    run(driver, 200);
    cut(driver, "n1");
    tell(driver);
    // Four deadtimes, and `assume-off-after`.
    run(driver, 9_700);
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    run(driver, 700);
    expect(told(driver, "n2", "web")).toBe("started on n2");
  });

  it("[FEN-7, SAFE-2] without fencing, takes nobody for off who writes to the arbiter disk, nor at once when it ends", () => {
    const config = testConfig(["n1", "n2", "n3"], [{ name: "web" }]);
    const driver = started({ ...config, fencing: { kind: "none", assumeOffAfterMs: durationMs(4_000) } });
    cut(driver, "n1");
    for (let seconds = 0; seconds < 60; seconds += 1) {
      run(driver, 1_000);
      for (const id of ["n2", "n3"])
        feed(driver, nodeOf(driver, id), { kind: "seen-on-disk", node: parseNodeId("n1") });
    }
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    // Four deadtimes, and `assume-off-after`, from the last sign.
    run(driver, 9_800);
    expect(told(driver, "n2", "web")).toBe("unknown on n1");
    run(driver, 400);
    expect(told(driver, "n2", "web")).toBe("started on n2");
  });
});
