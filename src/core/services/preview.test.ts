import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../../model/ids.ts";
import type { Intent } from "../../model/intent.ts";
import type { Preview, Wish } from "../../model/preview.ts";
import { previewOf } from "./preview.ts";
import { phaseNode } from "./service-record.ts";
import { type GivenServices, guarded, only, Site, siteConfig, those } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const [n1, n2, n3] = nodes.map(parseNodeId) as [never, never, never];
const [web, db] = ["web", "db"].map(parseServiceId) as [never, never];

function preview(where: Site, wish: Intent | Wish): Preview {
  const whole: Wish = wish.kind === "config" || wish.kind === "intent" ? wish : { kind: "intent", intent: wish };
  return previewOf(where.state, whole, "ann", n1);
}

/** `stop web n1, start web n2`, with what is told of the end. */
function told(where: Site, wish: Intent | Wish): readonly string[] {
  const answer = preview(where, wish);
  if (!answer.ok) return [answer.code, answer.text];
  const steps = answer.steps.map(
    ({ action, service, node }) => `${action} ${service === undefined ? "" : `${service} `}${node}`,
  );
  return [steps.join(", "), answer.text];
}

function guardedSite(services: GivenServices): Site {
  return new Site(siteConfig(nodes, services, guarded));
}

const pair = { web: { with: those("db"), after: those("db") }, db: {} };

describe("what would follow", () => {
  it.each<readonly [string, GivenServices, Intent, string, string]>([
    [
      "a relocation takes the group, in order",
      pair,
      { kind: "relocate-service", service: db, to: n2 },
      "stop web n1, stop db n1, start db n2, start web n2",
      "service db is started on n2",
    ],
    [
      "a node on standby",
      { web: {}, db: {} },
      { kind: "standby-node", node: n2 },
      "stop db n2, start db n3",
      "node n2 is on standby and has no services",
    ],
    ["nothing", { web: {}, db: {} }, { kind: "clear-service", service: web }, "", "failures of service web forgotten"],
    [
      "what is stopped with it",
      { web: { after: those("db") }, db: {} },
      { kind: "disable-service", service: db },
      "stop web n2, stop db n1",
      "service db is stopped",
    ],
    [
      "a fence comes first",
      { web: {}, db: {} },
      { kind: "fence-node", node: n2 },
      "fence n2, start db n3",
      "node n2 is off: fenced by n1: as far as is known",
    ],
  ])("[SVC-31] %s", (_, services, intent, steps, text) => {
    const where = guardedSite(services);
    const before = where.state;
    expect(told(where, intent)).toEqual([steps, text]);
    expect(where.state).toBe(before);
  });

  it.each<readonly [string, (site: Site) => Site, Intent, string, string]>([
    [
      "enable",
      (site) => site.ask({ kind: "disable-service", service: web }).done(),
      { kind: "enable-service", service: web },
      "start web n1",
      "service web is started on n1",
    ],
    [
      "start",
      (site) => site.ask({ kind: "stop-service", service: web }).done(),
      { kind: "start-service", service: web },
      "start web n1",
      "service web is started on n1",
    ],
    [
      "restart",
      (site) => site,
      { kind: "restart-service", service: db },
      "stop db n2, start db n2",
      "service db is started on n2",
    ],
    [
      "freeze",
      (site) => site,
      { kind: "freeze-service", service: web },
      "",
      "service web is frozen: it is left alone, and not looked at",
    ],
    [
      "unfreeze",
      (site) => site.ask({ kind: "freeze-service", service: web }).ask({ kind: "standby-node", node: n1 }).done(),
      { kind: "unfreeze-service", service: web },
      "stop web n1, start web n3",
      "service web is no longer frozen",
    ],
    [
      "freeze of a node",
      (site) => site,
      { kind: "freeze-node", node: n1 },
      "",
      "node n1 is frozen: what runs there is left alone, and not looked at",
    ],
    [
      "unfreeze of a node",
      (site) => site.ask({ kind: "freeze-node", node: n1 }).ask({ kind: "freeze-node", node: n3 }).lose("n2").done(),
      { kind: "unfreeze-node", node: n3 },
      "start db n3",
      "node n3 is no longer frozen",
    ],
    [
      "maintenance",
      (site) => site,
      { kind: "begin-maintenance" },
      "",
      "maintenance: nothing is started, stopped, moved, looked at or fenced until it ends",
    ],
    [
      "the end of maintenance",
      (site) => site.ask({ kind: "begin-maintenance" }).vanish("n2"),
      { kind: "end-maintenance" },
      "fence n2, start db n3",
      "maintenance has ended",
    ],
    [
      "online",
      (site) => site.ask({ kind: "standby-node", node: n2 }).done().ask({ kind: "standby-node", node: n1 }).done(),
      { kind: "online-node", node: n1 },
      "",
      "node n1 is online",
    ],
    ["release", (site) => site, { kind: "release-node", node: n2 }, "", "node n2 is released"],
    [
      "a shutdown that moves",
      (site) => site,
      { kind: "shutdown-node", node: n2, services: "move" },
      "stop db n2, start db n3",
      "node n2 has left",
    ],
    [
      "a shutdown that stops",
      (site) => site,
      { kind: "shutdown-node", node: n2, services: "stop" },
      "stop db n2",
      "node n2 has left; its services wait for it",
    ],
    [
      "a shutdown that freezes",
      (site) => site,
      { kind: "shutdown-node", node: n2, services: "freeze" },
      "",
      "the daemon of n2 ends, and what runs there runs on, left alone until it is back",
    ],
    [
      "confirm-off",
      (site) => site.vanish("n2"),
      { kind: "confirm-off-node", node: n2 },
      "start db n3",
      "node n2 is taken as off",
    ],
    [
      "confirm-off of a member",
      (site) => site,
      { kind: "confirm-off-node", node: n2 },
      "NOT_ALLOWED",
      'Cannot take node "n2" as off: it is a member of the group',
    ],
    ["remove", (site) => site.lose("n2").done(), { kind: "remove-node", node: n2 }, "", "node n2 is removed"],
    [
      "remove of a member",
      (site) => site,
      { kind: "remove-node", node: n2 },
      "NOT_ALLOWED",
      'Cannot remove node "n2": it is a member; stop its daemon first, which gives up its services and its vote',
    ],
    [
      "readmit",
      (site) => site.lose("n2").done().ask({ kind: "remove-node", node: n2 }),
      { kind: "readmit-node", node: n2 },
      "",
      "node n2 may come again",
    ],
    [
      "the stop of the cluster",
      (site) => site,
      { kind: "stop-cluster" },
      "stop web n1, stop db n2",
      "all services are stopped, and the daemons end",
    ],
  ])("[SVC-31] %s: what follows is told, and nothing is done", (_, prepare, intent, steps, text) => {
    const where = prepare(guardedSite({ web: {}, db: {} }));
    const before = where.state;
    expect(told(where, intent)).toEqual([steps, text]);
    expect(where.state).toBe(before);
  });

  it("[SVC-31, REL-8] whoever has yet to say that it has told all does so", () => {
    const where = new Site(
      siteConfig(nodes, { web: { after: those("db"), domain: only("n1", "n2") }, db: { domain: only("n3") } }),
    );
    expect(told(where.regain(), { kind: "relocate-service", service: web, to: n2 })).toEqual([
      "stop web n1, start web n2",
      "service web is started on n2",
    ]);
  });

  it("[SVC-31] a refusal is told as it would be", () => {
    const where = guardedSite({ web: { domain: only("n1") } });
    expect(told(where, { kind: "relocate-service", service: web, to: n2 })).toEqual([
      "NOT_ALLOWED",
      'Cannot relocate service "web" to node "n2": not in its domain (n1), which is restricted',
    ]);
  });

  it("[SVC-31] a new configuration: what it stops, moves and starts", () => {
    const where = guardedSite({ web: {}, db: {} });
    const device = where.state.config?.config.fencing;
    const config = siteConfig(
      nodes,
      { web: { domain: only("n3") }, mail: {} },
      device === undefined ? {} : { fencing: device },
    );
    expect(told(where, { kind: "config", config, digest: "new" })).toEqual([
      "stop web n1, stop db n2, start web n3, start mail n1",
      "the configuration would be in force",
    ]);
  });

  it("[SVC-31] outages come from what was measured, and are not made up", () => {
    const where = guardedSite(pair);
    const first = preview(where, { kind: "relocate-service", service: db, to: n2 });
    expect(first).toMatchObject({ outages: [{ service: "web" }, { service: "db", outageMs: null }] });
    expect(first.ok && first.unsure).toContain(
      "how long the stop of web takes: it was not done since the cluster started",
    );
    where.ask({ kind: "relocate-service", service: db, to: n2 }).done();
    expect(preview(where, { kind: "relocate-service", service: db, to: n3 })).toMatchObject({
      outages: [
        { service: "web", from: "n2", to: "n3", outageMs: 4 },
        { service: "db", from: "n2", to: "n3", outageMs: 2 },
      ],
      unsure: [],
    });
    expect(preview(where, { kind: "stop-service", service: web })).toMatchObject({
      outages: [{ service: "web", to: null, outageMs: null }],
    });
  });

  it("[SVC-31] a fence takes as long as the last one did, of this node or else of another", () => {
    const where = guardedSite({ web: {}, db: {} });
    const fence = { target: n3, incarnation: where.lifeOf("n3"), by: n1, attempt: 1 };
    const intent: Intent = { kind: "fence-node", node: n2 };
    const unknown = preview(where, intent);
    expect(unknown.ok && unknown.unsure.join()).toContain("fence of n2");
    where.ask({ kind: "fence-node", node: n3 });
    where.say({ kind: "fence-begun", ...fence, reason: "asked" });
    where.say({ kind: "fence-result", ...fence, confirmed: true, devices: [], reason: "" }, 2_500);
    const known = preview(where, intent);
    expect(known.ok && known.unsure.join()).not.toContain("fence of n2");
    expect(known.ok && known.steps.map(({ action, atMs }) => `${action} ${atMs}`)).toEqual(["fence 0", "start 2500"]);
  });

  it("[SVC-31] what waits for time or for people is told", () => {
    const where = new Site(siteConfig(nodes, { web: {} })).vanish("n1");
    const answer = preview(where, { kind: "disable-service", service: web });
    expect(answer).toMatchObject({ ok: true, text: "it would not be done before something else happens" });
    expect(answer.ok && answer.unsure).toEqual(["when node n1 is known to be off: it is lost and may run web"]);
  });

  it("[SVC-31] what is foretold is what happens", () => {
    const names = ["a", "b", "c"];
    const anyServices = fc
      .tuple(
        ...names.map((_, index) =>
          fc.tuple(fc.nat(3), fc.nat(Math.max(0, index - 1)), fc.subarray(nodes, { minLength: 2 })),
        ),
      )
      .map((drawn): GivenServices => {
        const services: Record<string, GivenServices[string]> = {};
        for (const [index, [kind, to, inDomain]] of drawn.entries()) {
          const other = those(names[to] ?? "");
          const relation = index === 0 ? {} : [{ after: other }, { with: other }, { apart: other }, {}][kind];
          services[names[index] ?? ""] = { ...relation, domain: only(...inDomain) };
        }
        return services;
      });
    const anyIntent = fc
      .tuple(fc.nat(4), fc.constantFrom(...names), fc.constantFrom(n1, n2, n3))
      .map(([kind, name, node]): Intent => {
        const service = parseServiceId(name);
        const kinds: readonly Intent[] = [
          { kind: "relocate-service", service },
          { kind: "relocate-service", service, to: node },
          { kind: "disable-service", service },
          { kind: "standby-node", node },
          { kind: "restart-service", service },
        ];
        return kinds[kind] ?? { kind: "clear-service", service };
      });
    fc.assert(
      fc.property(anyServices, fc.array(anyIntent, { minLength: 1, maxLength: 4 }), (services, intents) => {
        const where = new Site(siteConfig(nodes, services));
        for (const intent of intents) {
          const places = new Map(
            Object.values(where.state.services).map(({ service, phase }) => [service, phaseNode(phase)]),
          );
          const answer = preview(where, intent);
          where.ask(intent);
          expect(answer.ok).toBe(where.refusal === null);
          where.done();
          for (const { action, service, node } of answer.ok ? answer.steps : [])
            if (service !== undefined) places.set(service, action === "start" ? node : null);
          const now = Object.values(where.state.services).map(({ service, phase }) => [service, phaseNode(phase)]);
          expect([...places]).toEqual(now);
        }
      }),
      { numRuns: 60 },
    );
  });
});
