import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CloneInstance, FailoverDomain } from "../../model/cluster-config.ts";
import { instanceId, type NodeId, parseNodeId, parseServiceId, resourceId } from "../../model/ids.ts";
import { durationMs } from "../../model/units.ts";
import { definitionOf } from "./cluster-state.ts";
import { phaseNode, type ServiceRecord } from "./service-record.ts";
import { type GivenServices, Site, siteConfig } from "./site.fixture.ts";

// Goal: whatever may stand in a configuration at once (domains of every sort, needs, exclusive services, clones), and whatever happens, placement keeps its rules.

const nodes = ["n1", "n2", "n3", "n4"].map(parseNodeId);
const names = ["a", "b", "c", "d", "e"];
const memory = 4;
const span = durationMs(1_000);
const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };

const anyDomain = fc
  .record({
    nodes: fc.uniqueArray(fc.constantFrom(...nodes), { minLength: 1 }),
    ordered: fc.boolean(),
    restricted: fc.boolean(),
    failback: fc.boolean(),
    stickiness: fc.nat(2),
    priorities: fc.option(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 4 })),
  })
  .map(({ priorities, ...domain }): FailoverDomain => {
    if (priorities === null) return domain;
    const of = domain.nodes.map((node, index): [NodeId, number] => [node, priorities[index] ?? 1]);
    return { ...domain, ordered: false, priorities: Object.fromEntries(of) as Record<NodeId, number> };
  });

const anyService = fc.record({
  domain: anyDomain,
  needs: fc.option(fc.integer({ min: 1, max: 3 })),
  exclusive: fc.boolean(),
  enabled: fc.boolean(),
});

const anyServices = fc
  .tuple(fc.array(anyService, { minLength: 1, maxLength: names.length }), fc.option(fc.integer({ min: 1, max: 4 })))
  .map(([drawn, clones]): GivenServices => {
    const alone = drawn.map(({ domain, needs, exclusive, enabled }, index): [string, GivenServices[string]] => {
      const more = needs === null ? {} : { needs: { memory: needs } };
      return [names[index] ?? "", { domain, enabled, ...more, ...(exclusive ? { exclusive: true as const } : {}) }];
    });
    return { ...(Object.fromEntries(alone) as GivenServices), ...(clones === null ? {} : instances(clones)) };
  });

/** A clone, as many at once as `limit`. */
function instances(limit: number): GivenServices {
  const of = parseServiceId("web");
  const each = nodes.map((node, number) => {
    const id = instanceId(of, node);
    const instance: CloneInstance = { of, node, number, count: nodes.length, limit };
    const resources = [{ kind: "lsb" as const, id: resourceId(id, "d"), name: "d", script: "/web", ...times }];
    return [id, { domain: { nodes: [node], ordered: true, restricted: true }, resources, instance }] as const;
  });
  return Object.fromEntries(each);
}

const anyDeed = fc.tuple(fc.nat(8), fc.constantFrom(...nodes), fc.constantFrom(...names));
const anyDeeds = fc.array(anyDeed, { maxLength: 10 });

function site(services: GivenServices): Site {
  return new Site(siteConfig(nodes, services, { node: () => ({ offers: { memory } }) }));
}

function act(where: Site, [deed, node, name]: readonly [number, NodeId, string]): void {
  const isIn = where.state.nodes[node]?.isMember === true;
  const service = parseServiceId(name);
  const isKnown = where.state.services[service] !== undefined;
  if (deed === 0 && isIn && node !== "n1") where.lose(node);
  else if (deed === 1 && !isIn) where.join(node);
  else if (deed === 2 && isKnown) where.fail(name, "monitor");
  else if (deed === 3 && isKnown) where.ask({ kind: "relocate-service", service });
  else if (deed === 4 && isKnown) where.ask({ kind: "disable-service", service });
  else if (deed === 5 && isKnown) where.ask({ kind: "enable-service", service });
  else if (deed === 6) where.ask({ kind: "standby-node", node });
  else if (deed === 7) where.ask({ kind: "online-node", node });
  else where.regain();
}

function lived(services: GivenServices, deeds: readonly (readonly [number, NodeId, string])[]): Site {
  const where = site(services);
  for (const deed of deeds) {
    act(where, deed);
    if (deed[0] % 2 === 0) settled(where);
  }
  return settled(where);
}

/** Everything is done, and everybody has told what has changed meanwhile. */
function settled(where: Site): Site {
  where.done();
  for (const { node, isMember, unsureSince } of Object.values(where.state.nodes))
    if (isMember && unsureSince) where.sure(node);
  return where.done();
}

function running({ state }: Site): readonly ServiceRecord[] {
  return Object.values(state.services).filter(({ phase }) => phaseNode(phase) !== null);
}

describe("placement, with all that a configuration may ask for", () => {
  it("[SAFE-5, PLC-1, PLC-2] nothing runs outside its restricted domain, on standby or where nobody is", () => {
    fc.assert(
      fc.property(anyServices, anyDeeds, (services, deeds) => {
        const where = lived(services, deeds);
        for (const record of running(where)) {
          const node = phaseNode(record.phase) as NodeId;
          const { domain } = definitionOf(where.state, record);
          expect(!domain.restricted || domain.nodes.includes(node)).toBe(true);
          expect(where.state.nodes[node]).toMatchObject({ isMember: true, isStandby: false, off: null });
          expect(record.isEnabled).toBe(true);
        }
      }),
    );
  });

  it("[PLC-10] no node is given more than it offers", () => {
    fc.assert(
      fc.property(anyServices, anyDeeds, (services, deeds) => {
        const where = lived(services, deeds);
        for (const node of nodes) {
          const here = running(where).filter(({ phase }) => phaseNode(phase) === node);
          const used = here.map((record) => definitionOf(where.state, record).needs?.["memory"] ?? 0);
          expect(used.reduce((sum, one) => sum + one, 0)).toBeLessThanOrEqual(memory);
        }
      }),
    );
  });

  it("[REL-4] an exclusive service has its node for itself and instances of clones", () => {
    fc.assert(
      fc.property(anyServices, anyDeeds, (services, deeds) => {
        const where = lived(services, deeds);
        for (const record of running(where)) {
          if (definitionOf(where.state, record).exclusive !== true) continue;
          const beside = running(where).filter(
            (other) =>
              other !== record &&
              phaseNode(other.phase) === phaseNode(record.phase) &&
              definitionOf(where.state, other).instance === undefined,
          );
          expect(beside.map(({ service }) => service)).toEqual([]);
        }
      }),
    );
  });

  it("[CLN-1, CLN-3] each instance is on its node, and no more run than may", () => {
    fc.assert(
      fc.property(anyServices, anyDeeds, (services, deeds) => {
        const where = lived(services, deeds);
        const mine = running(where).flatMap((record) => {
          const { instance } = definitionOf(where.state, record);
          return instance === undefined ? [] : [{ instance, node: phaseNode(record.phase) }];
        });
        for (const { instance, node } of mine) expect(node).toBe(instance.node);
        expect(mine.length).toBeLessThanOrEqual(mine[0]?.instance.limit ?? 0);
      }),
    );
  });

  it("[PLC-4, PLC-5, LIVE-2] nothing moves when nothing has changed", () => {
    fc.assert(
      fc.property(anyServices, anyDeeds, (services, deeds) => {
        const where = lived(services, deeds);
        const before = where.places;
        where.starts.clear();
        for (let times = 0; times < 3; times += 1)
          settled(
            where.say({ kind: "intent", intent: { kind: "release-node", node: parseNodeId("n1") }, author: "ann" }),
          );
        expect(where.places).toBe(before);
        expect([...where.starts]).toEqual([]);
      }),
    );
  });

  it("[LIVE-2] a node that is lost costs no service a start that ran elsewhere, where none is kept from another", () => {
    fc.assert(
      fc.property(anyServices, anyDeeds, fc.constantFrom(...nodes.slice(1)), (services, deeds, lost) => {
        const where = lived(services, deeds);
        if (where.state.nodes[lost]?.isMember !== true) return;
        const elsewhere = running(where).filter(({ phase }) => phaseNode(phase) !== lost);
        where.starts.clear();
        settled(where.lose(lost));
        for (const { service } of elsewhere) expect(where.starts.get(service) ?? 0).toBe(0);
        for (const count of where.starts.values()) expect(count).toBe(1);
      }),
    );
  });
});
