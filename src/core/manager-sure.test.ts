import { describe, expect, it } from "vitest";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { parseNodeId, parseServiceId } from "../model/ids.ts";
import {
  ask,
  cut,
  feed,
  type Driver,
  heal,
  logged,
  newDriver,
  nodeOf,
  powerOn,
  run,
  testConfig,
  told,
} from "./manager-driver.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const db = parseServiceId("db");

function only(name: string): ClusterConfig["services"][number]["domain"] {
  return { nodes: [parseNodeId(name)], ordered: true, restricted: true, failback: false };
}

/** The shop runs on n3, after what is on n1. */
function started(first: string, ...others: readonly string[]): Driver {
  const onN1 = [first, ...others].map((name) => ({ name, domain: only("n1") }));
  const config = testConfig(nodes, [
    { name: "shop", domain: only("n3"), after: [{ service: parseServiceId(first) }] },
    ...onN1,
  ]);
  const driver = newDriver(config);
  powerOn(driver, ...nodes);
  run(driver, 5_000);
  return driver;
}

/** Nobody hears anybody for so long that all have stopped, or are stopping. */
function inTheDark(driver: Driver): void {
  for (const node of nodes) cut(driver, node);
  run(driver, 9_000);
  heal(driver);
}

// Goal: what others come after is not taken for running while its node is still stopping it, nor waited for when nobody will ever say.
describe("[REL-8] a node that stays after a time without a lease", () => {
  it.each([false, true])("says nothing while it still stops what others come after; frozen: %s", (isFrozen) => {
    const driver = started("db");
    if (isFrozen) ask(driver, "n1", { kind: "freeze-service", service: db });
    run(driver, 500);
    driver.behaviours.push({ resource: "db/daemon", action: "stop", takesMs: 20_000, times: 1 });
    inTheDark(driver);
    run(driver, 8_000);
    expect(logged(driver, " start shop/ip")).toHaveLength(1);
    expect(told(driver, "n2", "shop")).toBe("stopped");
    run(driver, 10_000);
    if (isFrozen) ask(driver, "n1", { kind: "unfreeze-service", service: db });
    run(driver, 20_000);
    expect([told(driver, "n2", "db"), told(driver, "n2", "shop")]).toEqual(["started on n1", "started on n3"]);
    expect(logged(driver, " start shop/ip")).toHaveLength(2);
  });

  it("is not waited for because of something else that nobody may look at", () => {
    const driver = started("log", "db");
    ask(driver, "n1", { kind: "freeze-service", service: db });
    run(driver, 500);
    const outcome = { status: "failed" as const, severity: "soft" as const, reason: "busy" };
    driver.behaviours.push({ resource: "db/daemon", action: "stop", outcome, times: 1000 });
    inTheDark(driver);
    run(driver, 60_000);
    expect([told(driver, "n2", "log"), told(driver, "n2", "shop")]).toEqual(["started on n1", "started on n3"]);
  });

  it("says nothing either while it still stops what others come after only by the next configuration", () => {
    const domains = { shop: only("n3"), db: only("n1") };
    const plain = testConfig(nodes, [
      { name: "shop", domain: domains.shop },
      { name: "db", domain: domains.db },
    ]);
    const driver = newDriver(plain);
    powerOn(driver, ...nodes);
    run(driver, 5_000);
    driver.behaviours.push({ resource: "db/daemon", action: "stop", takesMs: 20_000, times: 1 });
    inTheDark(driver);
    run(driver, 700);
    const services = plain.services.map((one) => (one.id === "shop" ? { ...one, after: [{ service: db }] } : one));
    const config = { ...plain, services };
    feed(driver, nodeOf(driver, "n2"), { kind: "config", request: 900, config, digest: "m", author: "root" });
    run(driver, 500);
    ask(driver, "n2", { kind: "restart-service", service: parseServiceId("shop") });
    run(driver, 8_000);
    expect(told(driver, "n2", "shop")).toBe("stopped");
    run(driver, 30_000);
    expect(told(driver, "n2", "shop")).toBe("started on n3");
  });

  it("may hold what waits for another one that stays, and the other way round", () => {
    const driver = newDriver(
      testConfig(nodes, [
        { name: "shop", domain: only("n3"), after: [{ service: db }] },
        { name: "db", domain: only("n1") },
        { name: "log", domain: only("n1"), after: [{ service: parseServiceId("disk") }] },
        { name: "disk", domain: only("n3") },
      ]),
    );
    powerOn(driver, ...nodes);
    run(driver, 5_000);
    inTheDark(driver);
    run(driver, 30_000);
    expect(["shop", "db", "log", "disk"].map((name) => told(driver, "n2", name))).toEqual([
      "started on n3",
      "started on n1",
      "started on n1",
      "started on n3",
    ]);
  });
});
