import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type NodeId, parseNodeId, parseServiceId } from "../../model/ids.ts";
import { phaseNode } from "./service-record.ts";
import { type GivenServices, only, Site, siteConfig, those } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const web = parseServiceId("web");

function byPriority(...values: readonly number[]): Readonly<Record<NodeId, number>> {
  return Object.fromEntries(values.map((value, index) => [parseNodeId(`n${index + 1}`), value]));
}

function site(services: GivenServices): Site {
  return new Site(siteConfig(nodes, services));
}

describe("domains", () => {
  it("[PLC-3] the lowest priority is taken, and among equal ones the node with the fewest services", () => {
    const domain = { nodes: nodes.map(parseNodeId), restricted: true };
    const three = { a: {}, web: { domain: { ...domain, priorities: byPriority(5, 5, 1) } } };
    expect(site(three).places).toBe("a n1, web n3");
    const two = { a: {}, web: { domain: { ...domain, priorities: byPriority(2, 2, 9) } } };
    expect(site(two).places).toBe("a n1, web n2");
  });

  it.each<{ readonly priorities: readonly number[]; readonly stickiness: number; readonly back: string }>([
    { priorities: [1, 2, 2], stickiness: 0, back: "web n1" },
    { priorities: [1, 1, 2], stickiness: 0, back: "web n2" },
    { priorities: [1, 3, 9], stickiness: 2, back: "web n2" },
    { priorities: [1, 4, 9], stickiness: 2, back: "web n1" },
  ])("[PLC-4] failback with $priorities and stickiness $stickiness: $back", ({ priorities, stickiness, back }) => {
    const domain = {
      nodes: nodes.map(parseNodeId),
      restricted: true,
      failback: true,
      priorities: byPriority(...priorities),
      stickiness,
    };
    const one = site({ web: { domain } });
    one.lose("n1").done();
    expect(one.join("n1").done().places).toBe(back);
  });

  it("[PLC-11] with a window it returns when an entry says that the time has come, once", () => {
    const domain = { ...only("n1", "n2"), failback: true, failbackBetween: { from: 120, until: 240 } };
    const one = site({ web: { domain } }).lose("n1").done().join("n1").done();
    expect(one.places).toBe("web n2");
    const attempt = one.state.services[web]?.order ?? 0;
    one.say({ kind: "failback", service: web, attempt: attempt - 1 });
    expect(one.phase("web")).toBe("started on n2");
    one.say({ kind: "failback", service: web, attempt }).say({ kind: "failback", service: web, attempt });
    expect([one.done().places, one.starts.get("web")]).toEqual(["web n1", 3]);
    one.say({ kind: "failback", service: web, attempt: one.state.services[web]?.order ?? 0 });
    expect(one.places).toBe("web n1");
  });
});

describe("room", () => {
  const offers = { memory: 16 };
  const needing = (memory: number): GivenServices[string] => ({ needs: { memory } });
  const small = (services: GivenServices): Site =>
    new Site(siteConfig(nodes, services, { node: (id) => ({ offers: id === "n3" ? { memory: 4 } : offers }) }));

  it("[PLC-10] nobody is put where there is no room, and the file says who comes first", () => {
    const full = { a: needing(10), b: needing(10), c: needing(4), d: needing(8), e: {} };
    expect(small(full).places).toBe("a n1, b n2, c n3, d stopped, e n1");
  });

  it("[PLC-10] after a loss what fits goes on, and nothing that runs is touched", () => {
    const full = small({ a: needing(10), b: needing(6), c: needing(10) });
    expect(full.places).toBe("a n1, b n2, c n2");
    full.lose("n2").done();
    expect([full.places, full.starts.get("a")]).toEqual(["a n1, b n1, c stopped", 1]);
    expect(full.join("n2").done().places).toBe("a n1, b n1, c n2");
  });

  it("[PLC-10] those that are kept together need their room together", () => {
    expect(small({ a: needing(8), b: { needs: { memory: 9 }, with: those("c") }, c: needing(1) }).places).toBe(
      "a n1, b n2, c n2",
    );
  });

  it("[PLC-10] a new configuration that makes it tight stops nothing", () => {
    const full = small({ a: needing(8), b: needing(8), c: needing(8) });
    const before = full.places;
    full.reload(siteConfig(nodes, { a: needing(12), b: needing(12), c: needing(12) }, { node: () => ({ offers }) }));
    expect(full.done().places).toBe(before);
  });

  it("[PLC-2, PLC-10] whatever comes and goes, no node is given more than it offers, and no restricted domain is left", () => {
    const anyService = fc.tuple(fc.nat(9), fc.subarray(nodes, { minLength: 1 }));
    const anyMove = fc.tuple(fc.constantFrom("n2", "n3"), fc.boolean());
    fc.assert(
      fc.property(
        fc.array(anyService, { minLength: 1, maxLength: 6 }),
        fc.array(anyMove, { maxLength: 6 }),
        (drawn, moves) => {
          const services = Object.fromEntries(
            drawn.map(([memory, inDomain], index) => [`s${index}`, { ...needing(memory), domain: only(...inDomain) }]),
          );
          const where = small(services);
          for (const [node, comes] of moves) {
            const isIn = where.state.nodes[parseNodeId(node)]?.isMember === true;
            if (comes && !isIn) where.join(node);
            else if (!comes && isIn) where.lose(node);
            where.done();
            const sums = new Map<string, number>();
            for (const { phase, definition } of Object.values(where.state.services)) {
              const place = phaseNode(phase);
              if (place === null) continue;
              expect(definition.domain.nodes).toContain(place);
              sums.set(place, (sums.get(place) ?? 0) + (definition.needs?.["memory"] ?? 0));
            }
            for (const [place, sum] of sums) expect(sum).toBeLessThanOrEqual(place === "n3" ? 4 : 16);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
