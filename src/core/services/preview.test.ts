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
