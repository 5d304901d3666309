import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../model/ids.ts";
import type { Intent } from "../model/intent.ts";
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
} from "./manager-driver.fixture.ts";

const web = parseServiceId("web");
const n1 = parseNodeId("n1");
const n2 = parseNodeId("n2");
const nodes = ["n1", "n2", "n3"] as const;

function started(): Driver {
  const config = testConfig(nodes, [{ name: "web" }, { name: "db" }]);
  const services = config.services.map((service) => ({
    ...service,
    resources: service.resources.map((one) => (one.id === "db/ip" ? { ...one, ip: "192.0.2.201" } : one)),
  }));
  const driver = newDriver({ ...config, services });
  powerOn(driver, ...nodes);
  run(driver, 5_000);
  return driver;
}

/** Addresses that are kept away, `n1: db/ip; n2: web/ip`. */
function kept(driver: Driver): string {
  return nodes.map((name) => `${name}: ${keptOn(driver, name).join(" ") || "-"}`).join("; ");
}

function keptOn(driver: Driver, name: string): readonly string[] {
  return nodeOf(driver, name).manager?.keptAway.addresses.map(({ id }) => id) ?? [];
}

describe("an address that belongs to nobody here", () => {
  it("[SVC-34] is kept away from every node that does not run its service, whether somebody runs it or not", () => {
    const driver = started();
    expect(kept(driver)).toBe("n1: db/ip; n2: web/ip; n3: web/ip db/ip");
    ask(driver, "n1", { kind: "relocate-service", service: web, to: n2 });
    run(driver, 3_000);
    expect(kept(driver)).toBe("n1: web/ip db/ip; n2: -; n3: web/ip db/ip");
    ask(driver, "n1", { kind: "disable-service", service: web });
    run(driver, 3_000);
    expect(kept(driver)).toBe("n1: web/ip db/ip; n2: web/ip; n3: web/ip db/ip");
  });

  it("[SVC-34, SVC-29] is left alone where anything is frozen", () => {
    const driver = started();
    ask(driver, "n1", { kind: "freeze-service", service: web });
    run(driver, 1_000);
    expect(kept(driver)).toBe("n1: db/ip; n2: -; n3: db/ip");
    ask(driver, "n1", { kind: "freeze-node", node: n1 });
    run(driver, 1_000);
    expect(kept(driver)).toBe("n1: -; n2: -; n3: db/ip");
    ask(driver, "n1", { kind: "begin-maintenance" });
    run(driver, 1_000);
    expect(kept(driver)).toBe("n1: -; n2: -; n3: -");
  });

  it("[SVC-34] is left alone without a lease, by a daemon that ends, and when it is in the configuration no more", () => {
    const driver = started();
    cut(driver, "n3");
    run(driver, 6_000);
    expect(keptOn(driver, "n3")).toEqual([]);
    heal(driver);
    run(driver, 6_000);
    expect(keptOn(driver, "n3")).toEqual(["web/ip", "db/ip"]);
    const services = driver.config.services.filter(({ id }) => id !== web);
    const config = { ...driver.config, services };
    feed(driver, nodeOf(driver, "n1"), { kind: "config", request: 900, config, digest: "m", author: "root" });
    run(driver, 3_000);
    expect(kept(driver)).toBe("n1: db/ip; n2: -; n3: db/ip");
    feed(driver, nodeOf(driver, "n3"), { kind: "shutdown" });
    expect(keptOn(driver, "n3")).toEqual([]);
  });

  it("[SVC-34] is left alone where another service uses it", () => {
    const driver = newDriver(testConfig(nodes, [{ name: "web" }, { name: "db" }]));
    powerOn(driver, ...nodes);
    run(driver, 5_000);
    expect(kept(driver)).toBe("n1: -; n2: -; n3: web/ip db/ip");
  });

  it("[SVC-34] is told of when it was removed", () => {
    const driver = started();
    const [resource] = driver.config.services[0]?.resources ?? [];
    if (resource === undefined) throw new RangeError("a resource was expected");
    const what = "was set on eth0 by somebody: removed";
    feed(driver, nodeOf(driver, "n3"), { kind: "foreign-address", resource: resource.id, what });
    expect(logged(driver, "which does not run here, was set on eth0 by somebody: removed")).toHaveLength(1);
  });

  it("[SVC-34] is never one that runs there, or is being started or stopped there, whatever happens", () => {
    const intents: readonly Intent[] = [
      { kind: "relocate-service", service: web, to: n2 },
      { kind: "relocate-service", service: web, to: n1 },
      { kind: "restart-service", service: web },
      { kind: "disable-service", service: web },
      { kind: "enable-service", service: web },
      { kind: "standby-node", node: n1 },
      { kind: "online-node", node: n1 },
      { kind: "begin-maintenance" },
      { kind: "end-maintenance" },
    ];
    const event = fc.oneof(
      fc.record({ what: fc.constant("ask" as const), node: fc.constantFrom(...nodes), of: fc.nat(intents.length - 1) }),
      fc.record({
        what: fc.constantFrom("power" as const, "crash" as const, "cut" as const, "heal" as const),
        node: fc.constantFrom(...nodes),
        of: fc.constant(0),
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(event, fc.nat(120)), { maxLength: 12 }), (events) => {
        const driver = started();
        for (const [{ what, node, of }, waits] of events) {
          const { hasPower, manager } = nodeOf(driver, node);
          const intent = intents[of];
          if (what === "ask" && manager !== null && intent !== undefined) ask(driver, node, intent);
          if (what === "power" && hasPower) powerOff(driver, node);
          else if (what === "power") powerOn(driver, node);
          if (what === "crash" && hasPower && manager !== null) crashDaemon(driver, node);
          else if (what === "crash" && hasPower) restartDaemon(driver, node);
          if (what === "cut") cut(driver, node);
          if (what === "heal") heal(driver);
          for (let step = 0; step < waits; step += 1) lookAndGoOn(driver);
        }
      }),
      { numRuns: 40 },
    );
  });
});

/** Ten milliseconds further; what the kernels run is never what is kept away there. */
function lookAndGoOn(driver: Driver): void {
  run(driver, 10);
  for (const name of nodes) {
    const { running, manager } = nodeOf(driver, name);
    const taken = keptOn(driver, name).filter((id) => running.has(id));
    const busy = Object.values(manager?.runner.runtimes ?? {}).flatMap(({ resources }) =>
      resources
        .filter(({ operation }) => operation !== null && operation.action !== "monitor")
        .map(({ config }) => config.id),
    );
    const worked = busy.filter((id) => keptOn(driver, name).includes(id));
    if (taken.length > 0 || worked.length > 0)
      throw new RangeError(`${[...taken, ...worked].join()} is kept away from ${name}, where it runs or is worked on`);
  }
}
