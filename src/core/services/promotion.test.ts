import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { instanceId, type NodeId, parseNodeId, parseServiceId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import { explainService, explainServices } from "./explain.ts";
import { idleRunner } from "./runner-state.ts";
import { phaseNode } from "./service-record.ts";
import { fenceNeeds } from "./plan.ts";
import { roundOf } from "./promotion.ts";
import { type GivenServices, only, Site, siteConfig, those } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const db = parseServiceId("db");

/** A database on each node, the promoted role, and an address that goes with it. */
const services: GivenServices = {
  ...Object.fromEntries(
    nodes.map((node, number) => {
      const instance = { of: db, node: node as NodeId, number, count: nodes.length };
      return [instanceId(db, node as NodeId), { domain: only(node), instance }] as const;
    }),
  ),
  db: { domain: { nodes: nodes.map(parseNodeId), restricted: true }, beside: [db], promotes: db },
  address: { with: those("db"), after: those("db") },
};

/** Every instance says the same of its data, or what is given. Their nodes are those that are there. */
function tell(site: Site, scores: Readonly<Record<string, number>> = {}, who: readonly string[] = nodes): Site {
  for (const node of who.map(parseNodeId)) {
    const record = site.state.services[instanceId(db, node)];
    const role = site.state.services[db];
    const { incarnation } = site.state.nodes[node] ?? {};
    if (record?.phase.kind !== "started" || role === undefined || !incarnation) continue;
    const round = roundOf(role) ?? -1;
    const value = scores[node] ?? 100;
    site.say({ kind: "score", node, incarnation, service: record.service, attempt: record.order, round, value }, 0);
  }
  return site.done();
}

function running(scores?: Readonly<Record<string, number>>): Site {
  return tell(new Site(siteConfig(nodes, services)), scores);
}

describe("promotion", () => {
  it("[PRO-1, PRO-6] one instance is promoted, and what is with the clone follows it", () => {
    const site = running();
    expect([site.phase("db"), site.phase("address"), site.phase("db@n2")]).toEqual([
      "started on n1",
      "started on n1",
      "started on n2",
    ]);
  });

  it("[PRO-3] nobody is promoted before all that run have said how new their data is", () => {
    const site = new Site(siteConfig(nodes, services));
    expect([site.phase("db"), site.phase("db@n1")]).toEqual(["stopped", "started on n1"]);
    expect(explainService(site.state, db)?.summary).toContain("db@n3 has not told its promotion score yet");
    tell(site, { n2: 7, n3: 7, n1: 3 });
    expect(site.phase("db")).toBe("started on n2");
  });

  it("[PRO-2] the newest is promoted when the old one is known to be gone, and not before", () => {
    const site = running().vanish("n1");
    tell(site, { n2: 3, n3: 8 });
    expect([site.phase("db"), fenceNeeds(site.state)]).toMatchObject(["started on n1", [{ target: "n1" }]]);
    site.off("n1").done();
    expect(site.phase("db")).toBe("stopped");
    tell(site, { n2: 3, n3: 8 });
    expect([site.phase("db"), site.phase("address")]).toEqual(["started on n3", "started on n3"]);
    tell(site.join("n1").done(), { n1: 9 });
    expect([site.phase("db"), site.phase("db@n1")]).toEqual(["started on n3", "started on n1"]);
  });

  it("[PRO-3] a score of an earlier choice, or of before a restart, does not count", () => {
    const site = running({ n2: 200 }).lose("n2");
    expect(site.state.services[parseServiceId("db@n3")]?.score?.value).toBe(100);
    expect([site.done().phase("db"), site.orders]).toEqual(["stopped", []]);
    site.fail("db@n3", "monitor").done().retry("db@n3").done();
    tell(site, { n1: 1, n3: 2 });
    expect(site.phase("db")).toBe("started on n3");
  });

  it("[PRO-3] who has yet to say whether it runs on, after a maintenance, is waited for, whatever it said before", () => {
    const site = running().lose("n1");
    tell(site, { n3: 8 }, ["n3"]).ask({ kind: "begin-maintenance" }).ask({ kind: "end-maintenance" });
    tell(site.report("n2", ["db@n2"]), { n2: 3 }, ["n2"]);
    expect(site.phase("db")).toBe("stopped");
    expect(site.report("n3", ["db@n3"]).done().phase("db")).toBe("started on n3");
  });

  it("[PRO-3] who is frozen is waited for as well, and the reason says so", () => {
    const site = running().ask({ kind: "freeze-service", service: instanceId(db, parseNodeId("n3")) });
    site.lose("n1").off("n1");
    tell(site, {}, ["n2"]);
    expect(site.phase("db")).toBe("stopped");
    expect(
      explainServices(site.state, idleRunner, parseNodeId("n2")).find(({ service }) => service === db)?.reason,
    ).toBe("waits: db@n3 cannot be asked for its promotion score: it is frozen (ann)");
    site.ask({ kind: "unfreeze-service", service: instanceId(db, parseNodeId("n3")) });
    tell(site.report("n3", ["db@n3"]), { n2: 3, n3: 8 }, ["n2", "n3"]);
    expect(site.phase("db")).toBe("started on n3");
  });

  it("[PRO-2] whose data is behind is not promoted, though nobody else is there", () => {
    const site = running().lose("n1", "n3").done();
    tell(site, { n2: -1 });
    expect(site.phase("db")).toBe("stopped");
    expect(explainService(site.state, db)?.nodes.find(({ node }) => node === "n2")?.reasons).toEqual([
      "db@n2 must not be promoted, by its score (-1)",
    ]);
    tell(site, { n2: 0 });
    expect(site.phase("db")).toBe("started on n2");
  });

  it("[PRO-5] an operator moves it to where the data allows it, and stops all of it by its name", () => {
    const site = running()
      .ask({ kind: "relocate-service", service: db, to: parseNodeId("n3") })
      .done();
    tell(site);
    expect([site.phase("db"), site.phase("address"), site.phase("db@n1")]).toEqual([
      "started on n3",
      "started on n3",
      "started on n1",
    ]);
    tell(site.ask({ kind: "relocate-service", service: db, to: parseNodeId("n2") }).done(), { n2: 3 });
    expect(site.phase("db")).not.toBe("started on n2");
    site.ask({ kind: "disable-service", service: db }).done();
    expect(site.places).toBe("db@n1 stopped, db@n2 stopped, db@n3 stopped, db stopped, address stopped");
  });

  it("[PRO-1] the role is given up before its instance is stopped", () => {
    const site = running().ask({ kind: "disable-service", service: parseServiceId("db@n1") });
    expect(site.orders.map(({ service }) => service)).toEqual(["address"]);
    site.obey();
    expect(site.orders.map(({ service }) => service)).toEqual(["db"]);
    site.obey();
    expect(site.orders.map(({ service }) => service)).toEqual(["db@n1"]);
  });

  it("[PRO-3] what a life that is over says of its data does not count", () => {
    const site = running();
    const score = { kind: "score", node: parseNodeId("n1"), service: parseServiceId("db@n1"), round: -1 } as const;
    const incarnation = makeIncarnation({ boot: 99, startedAt: 0, random: 0 });
    site.say({ ...score, incarnation, attempt: 1, value: 7 });
    expect(site.state.services[parseServiceId("db@n1")]?.score?.value).toBe(100);
  });

  it("[PRO-2] whoever is lost, and whatever the others say: the one that is promoted has the newest data of those that run", () => {
    const score = fc.integer({ min: -2, max: 4 });
    fc.assert(
      fc.property(fc.subarray(nodes, { maxLength: 2 }), fc.tuple(score, score, score), (lost, values) => {
        const scores = Object.fromEntries(nodes.map((node, index) => [node, values[index] ?? 0]));
        const site = tell(
          running()
            .lose(...lost)
            .done(),
          scores,
        );
        const role = site.state.services[db];
        const owner = role === undefined ? null : phaseNode(role.phase);
        const best = Math.max(...nodes.filter((node) => !lost.includes(node)).map((node) => scores[node] ?? 0));
        const chosen = lost.includes("n1") ? best : (scores["n1"] ?? 0);
        const wanted = lost.includes("n1") && best < 0 ? null : chosen;
        expect(owner === null ? null : scores[owner]).toBe(wanted);
      }),
      { numRuns: 100 },
    );
  });
});
