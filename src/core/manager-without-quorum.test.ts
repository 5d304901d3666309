import { describe, expect, it } from "vitest";
import { parseNodeId } from "../model/ids.ts";
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
  powerOn,
  restartDaemon,
  run,
  testConfig,
  testService,
  told,
  whereRuns,
} from "./manager-driver.fixture.ts";

const n1 = parseNodeId("n1");
const domain = { nodes: [n1, parseNodeId("n2")], ordered: true, restricted: true, failback: false };

/** Two services on n1, of which `db` freezes; the fence device does not work. */
function cutOff(): Driver {
  const services = [
    { name: "db", withoutQuorum: "freeze" as const, domain },
    { name: "web", domain },
  ];
  const driver = newDriver(testConfig(["n1", "n2", "n3"], services));
  powerOn(driver, "n1", "n2", "n3");
  run(driver, 5_000);
  driver.isFenceWorking = false;
  cut(driver, "n1");
  return driver;
}

describe("a service that freezes without quorum", () => {
  it("[SVC-23, SAFE-1] is kept running where it is, while the others are stopped", () => {
    const driver = cutOff();
    run(driver, 120_000);
    expect(whereRuns(driver, "db")).toBe("n1");
    expect(whereRuns(driver, "web")).toBe("-");
    expect(logged(driver, "it is frozen, and goes on here").length).toBe(1);
    expect(logged(driver, "stops its services").length).toBe(1);
    expect(logged(driver, "fence").length).toBeGreaterThan(2);
  });

  it("[SVC-23, LIVE-2] goes on untouched when its node is taken in again", () => {
    const driver = cutOff();
    run(driver, 20_000);
    heal(driver);
    run(driver, 5_000);
    expect(told(driver, "n2", "db")).toBe("started on n1");
    expect(logged(driver, " start db/").length).toBe(2);
    expect(logged(driver, " stop db/")).toEqual([]);
    expect(told(driver, "n2", "web")).toBe("started on n1");
  });

  it("[SVC-23, SAFE-2] is started elsewhere once its node is fenced, not before", () => {
    const driver = cutOff();
    run(driver, 20_000);
    expect(told(driver, "n2", "db")).toBe("unknown on n1");
    driver.isFenceWorking = true;
    run(driver, 15_000);
    expect(whereRuns(driver, "db")).toBe("n2");
    expect(logged(driver, "fenced by").length).toBeGreaterThan(0);
  });

  it("[SVC-23] is not stopped by a new daemon that finds it without quorum", () => {
    const driver = cutOff();
    run(driver, 10_000);
    crashDaemon(driver, "n1");
    run(driver, 500);
    restartDaemon(driver, "n1");
    run(driver, 30_000);
    expect(whereRuns(driver, "db")).toBe("n1");
  });

  it("[SVC-23] is stopped when its daemon is told to end", () => {
    const driver = cutOff();
    run(driver, 10_000);
    feed(driver, nodeOf(driver, "n1"), { kind: "shutdown" });
    run(driver, 5_000);
    expect(whereRuns(driver, "db")).toBe("-");
  });

  it("[SVC-24, SAFE-2] does not lose its fence while it may be frozen somewhere", () => {
    const driver = cutOff();
    run(driver, 10_000);
    const fencing = { kind: "none" as const, assumeOffAfterMs: durationMs(10_000) };
    const stopping = ["db", "web"].map((name) => testService(name, { domain }));
    const apply = (request: number, change: object): string | undefined => {
      const config = { ...driver.config, services: stopping, ...change };
      feed(driver, nodeOf(driver, "n2"), { kind: "config", request, config, digest: `d${request}`, author: "root" });
      run(driver, 1_000);
      const answer = driver.answers.get(request);
      return answer?.ok === false ? answer.text : undefined;
    };
    const refused = 'Cannot take the fence devices away: service "db" may be frozen on a node without quorum';
    expect(apply(801, { fencing })).toContain(refused);
    expect(apply(802, {})).toBeUndefined();
    // n1 has not heard of that: it keeps db.
    expect(apply(803, { fencing })).toContain(refused);
    ask(driver, "n2", { kind: "confirm-off-node", node: n1 });
    nodeOf(driver, "n1").running.clear();
    run(driver, 1_000);
    expect(apply(804, { fencing })).toBeUndefined();
  });

  /** `freeze` is taken out of the file on n2. @returns why that, or the next one without fence devices, was refused */
  function reloads(driver: Driver): (request: number, change: object) => string | undefined {
    return (request, change) => {
      const stopping = ["db", "web"].map((name) => testService(name, { domain }));
      const config = { ...driver.config, services: stopping, ...change };
      feed(driver, nodeOf(driver, "n2"), { kind: "config", request, config, digest: `d${request}`, author: "root" });
      run(driver, 100);
      const answer = driver.answers.get(request);
      return answer?.ok === false ? answer.text : undefined;
    };
  }
  const none = { fencing: { kind: "none" as const, assumeOffAfterMs: durationMs(10_000) } };

  it("[SVC-24, SAFE-1] does not lose its fence before its node has said that it freezes it no more", () => {
    const driver = cutOff();
    // Within the deadtime: n1 is a member by all that the others know, and hears of nothing.
    const apply = reloads(driver);
    expect(apply(811, {})).toBeUndefined();
    expect(apply(812, none)).toContain('service "db" may be frozen on node n1');
    run(driver, 30_000);
    expect(whereRuns(driver, "db")).toBe("n1");
    heal(driver);
    run(driver, 3_000);
    expect(apply(813, none)).toBeUndefined();
    expect(whereRuns(driver, "db")).toBe("n1");
  });

  it("[SVC-24, LIVE-2] is told of by its node when it is to freeze no more, and goes on untouched", () => {
    const driver = cutOff();
    heal(driver);
    run(driver, 3_000);
    const apply = reloads(driver);
    expect(apply(821, {})).toBeUndefined();
    run(driver, 1_000);
    expect(apply(822, none)).toBeUndefined();
    expect(told(driver, "n2", "db")).toBe("started on n1");
    expect(logged(driver, " stop db/")).toEqual([]);
  });
});
