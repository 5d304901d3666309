import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../../model/ids.ts";
import { relationsOf } from "../placement/relations.ts";
import { explainServices } from "./explain.ts";
import { goalState } from "./goals.ts";
import { idleRunner } from "./runner-state.ts";
import { phaseNode } from "./service-record.ts";
import { settle } from "./settle.ts";
import { type GivenServices, only, Site, siteConfig, those } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const [web, db, log] = ["web", "db", "log"].map(parseServiceId) as [never, never, never];

function site(services: GivenServices, names: readonly string[] = nodes): Site {
  return new Site(siteConfig(names, services));
}

/** `web stop, db start`: what is under way, by service. */
function orders({ orders: given }: Site): string {
  return given.map(({ service, action }) => `${service} ${action}`).join(", ");
}

function reason(where: Site, name: string): string {
  const services = explainServices(where.state, idleRunner, parseNodeId("n1"));
  return services.find(({ service }) => service === name)?.reason ?? "";
}

describe("after", () => {
  const chain = { web: { after: those("db"), domain: only("n1", "n2") }, db: { domain: only("n2", "n3") } };

  it("[REL-1] starts after, whatever the order of the file, and says what it waits for", () => {
    const both = site(chain);
    expect(both.places).toBe("web n1, db n2");
    const fresh = new Site(siteConfig(nodes, { ...chain, db: { ...chain.db, enabled: false } }));
    expect(fresh.places).toBe("web stopped, db stopped");
    expect(reason(fresh, "web")).toBe("waits: db is disabled");
    fresh.ask({ kind: "enable-service", service: db });
    expect(orders(fresh)).toBe("db start");
    expect(reason(fresh, "web")).toBe("waits: db is starting on n2");
    expect(fresh.done().places).toBe("web n1, db n2");
  });

  it("[REL-1] stops before, and the stop of the first waits for it", () => {
    const both = site(chain).ask({ kind: "disable-service", service: db });
    expect(orders(both)).toBe("web stop");
    expect([both.phase("db"), reason(both, "db")]).toEqual(["stopping on n2", "waits: web must stop first"]);
    both.obey();
    expect(orders(both)).toBe("db stop");
    expect(both.done().places).toBe("web stopped, db stopped");
  });

  it("[REL-2] stops with it and starts again where it was when it is back", () => {
    const both = site(chain).fail("db", "monitor");
    expect(orders(both)).toBe("web stop");
    expect(both.done().places).toBe("web n1, db n3");
    expect([both.starts.get("web"), both.starts.get("db")]).toEqual([2, 2]);
  });

  it("[REL-2] goes on while nobody knows whether the first still runs", () => {
    const both = site(chain).vanish("n2");
    expect([both.phase("web"), orders(both)]).toEqual(["started on n1", ""]);
    both.off("n2");
    expect(orders(both)).toBe("web stop, db start");
    expect(both.done().places).toBe("web n1, db n3");
  });

  it("[REL-2] what is found running before its dependency has been reported on is left alone", () => {
    const daemons = site(chain).vanish("n1", "n2").enter("n1", "n2");
    daemons.report("n1", ["web"]);
    expect([daemons.phase("web"), orders(daemons)]).toEqual(["started on n1", ""]);
    daemons.report("n2");
    expect(orders(daemons)).toBe("web stop, db start");
  });

  it("[REL-3] soft: waits while the first is on its way, and no longer", () => {
    const soft = { web: { after: those("db?") }, db: { domain: only("n2") } };
    expect(site({ ...soft, db: { enabled: false } }).places).toBe("web n1, db stopped");
    const both = site(soft);
    expect(both.texts.findIndex((text) => text.startsWith("db: starting on n2 -> started"))).toBeLessThan(
      both.texts.findIndex((text) => text.startsWith("web: stopped -> starting")),
    );
    both.fail("db", "monitor");
    expect([both.phase("web"), both.done().phase("web"), both.starts.get("web")]).toEqual([
      "started on n1",
      "started on n1",
      1,
    ]);
  });

  it("[REL-3] soft: when both stop, the order holds", () => {
    const both = site({ web: { after: those("db?") }, db: {} }, ["n1", "n2"]);
    both.ask({ kind: "disable-service", service: web }).ask({ kind: "disable-service", service: db });
    expect(orders(both)).toBe("web stop");
    both.obey();
    expect(orders(both)).toBe("db stop");
  });

  it("[REL-1] who could not stop, or is gone, is waited for by nobody", () => {
    const both = site(chain).ask({ kind: "disable-service", service: db });
    expect(orders(both.fail("web", "stop"))).toBe("db stop");
    const gone = site(chain).ask({ kind: "disable-service", service: db }).vanish("n1");
    expect(orders(gone)).toBe("db stop");
  });

  it("[REL-1, SVC-16] the operator hears what it waits for, or that it waits in vain", () => {
    const both = site({ ...chain, db: { ...chain.db, enabled: false } });
    const goal = { intent: { kind: "enable-service", service: web } as const, entry: 1, attempt: 0 };
    expect(goalState(both.state, goal)).toMatchObject({
      kind: "missed",
      text: "service web waits for service db, which is disabled",
    });
    both.ask({ kind: "enable-service", service: db });
    expect(goalState(both.state, goal).kind).toBe("pending");
    expect(goalState(both.done().state, goal).kind).toBe("reached");
  });

  it("[REL-8] after a time without a quorum nothing is started upon the first before its node says that all is told", () => {
    const both = site({ web: { after: those("db"), domain: only("n1") }, db: { domain: only("n3") } }).lose("n1");
    expect(both.places).toBe("web stopped, db n3");
    both.regain("n1").report("n1").report("n2");
    expect([orders(both), reason(both, "web")]).toEqual([
      "",
      "waits: db is on n3, which has not said yet that it still runs",
    ]);
    expect(orders(both.report("n3"))).toBe("db start");
    expect(orders(both.done())).toBe("");
    expect(both.sure("n3").done().places).toBe("web n1, db n3");
  });

  it("[REL-8] what runs is left alone, and a word for an earlier view counts for nothing", () => {
    const both = site({ ...chain, log: { after: those("db"), domain: only("n3") } }).lose("n3");
    both.regain();
    const first = both.state.nodes[parseNodeId("n2")]?.unsureSince;
    both.regain("n3").report("n3");
    expect([both.done().places, both.starts.get("web"), both.starts.get("db")]).toEqual([
      "web n1, db n2, log stopped",
      1,
      1,
    ]);
    expect(both.sure("n2", first ?? 0).done().places).toBe("web n1, db n2, log stopped");
    expect(both.sure("n2").done().places).toBe("web n1, db n2, log n3");
  });

  it("[REL-8] nor upon what was about to be started, nor by an order of before", () => {
    const given = { web: { after: those("db"), domain: only("n1") }, db: { domain: only("n3"), enabled: false } };
    const starting = site(given).ask({ kind: "enable-service", service: db }).regain();
    starting.obey();
    expect([starting.phase("db"), orders(starting)]).toEqual(["started on n3", ""]);
    expect(orders(starting.sure("n3"))).toBe("web start");
    const ordered = site(given).ask({ kind: "enable-service", service: db });
    ordered.obey();
    expect(orders(ordered)).toBe("web start");
    expect([orders(ordered.regain()), ordered.phase("web")]).toEqual(["", "starting on n1"]);
    expect(ordered.sure("n3").done().places).toBe("web n1, db n3");
  });

  it("[REL-8] what is given to a node after the view is not asked about", () => {
    const both = site({
      web: { after: those("db"), domain: only("n1") },
      db: { domain: only("n3"), enabled: false },
      log: {},
    });
    both.regain().ask({ kind: "enable-service", service: db });
    expect(both.done().places).toBe("web n1, db n3, log n1");
  });

  it("[REL-8] nothing returns to a better node meanwhile: it could not be started there", () => {
    const back = { ...only("n1", "n2"), failback: true };
    const both = site({ web: { after: those("db"), domain: back }, db: { domain: only("n3") } })
      .lose("n1")
      .off("n1");
    expect(both.done().places).toBe("web n2, db n3");
    both.regain("n1").report("n1");
    expect([orders(both), both.places]).toEqual(["", "web n2, db n3"]);
    expect(both.sure("n3").done().places).toBe("web n1, db n3");
  });

  it("[REL-8] nor does a member of a group that could not be started there", () => {
    const back = { ...only("n1", "n2"), failback: true };
    const b = { with: those("a"), after: those("db"), domain: only("n1", "n2") };
    const three = site({ a: { domain: back }, b, db: { domain: only("n3") } })
      .lose("n1")
      .off("n1");
    expect(three.done().places).toBe("a n2, b n2, db n3");
    expect(orders(three.regain("n1").report("n1"))).toBe("");
    expect(three.sure("n3").done().places).toBe("a n1, b n1, db n3");
  });

  it("[REL-8] what a node was found to run may have been said before the time without a lease", () => {
    const given = { web: { domain: only("n1"), after: those("db") }, db: { domain: only("n3") } };
    const both = new Site(siteConfig(nodes, given), ["n1", "n2"]).enter("n3").regain().report("n3", ["db"]);
    expect([both.places, orders(both)]).toEqual(["web stopped, db n3", ""]);
    expect(both.sure("n3").done().places).toBe("web n1, db n3");
  });

  it("[REL-8] a relation that is new counts at once", () => {
    const idle = { domain: only("n1"), enabled: false };
    const both = site({ db: { domain: only("n3") }, web: idle }).regain();
    both.reload(siteConfig(nodes, { db: { domain: only("n3") }, web: { ...idle, after: those("db") } }));
    both.ask({ kind: "enable-service", service: web });
    expect([orders(both), reason(both, "web")]).toEqual([
      "",
      "waits: db is on n3, which has not said yet that it still runs",
    ]);
  });

  it("[REL-3, REL-8] soft waits as well: it is about to be known", () => {
    const soft = [{ service: db, soft: true }] as const;
    const both = site({ web: { after: soft, domain: only("n1") }, db: { domain: only("n3") } }).lose("n1");
    expect(orders(both.regain("n1").report("n1"))).toBe("");
    expect(both.sure("n3").done().places).toBe("web n1, db n3");
  });

  it("[REL-1] a chain of three goes down from its end and comes up from its beginning", () => {
    const three = site({ web: { after: those("db") }, db: { after: those("log") }, log: {} });
    const said = three.texts.length;
    three.ask({ kind: "restart-service", service: log }).done();
    const moves = three.texts.slice(said).filter((text) => /-> (stopped|started)/.test(text));
    expect(moves.map((text) => text.replace(/:.* -> (\w+).*/, " $1"))).toEqual([
      "web stopped",
      "db stopped",
      "log stopped",
      "log started",
      "db started",
      "web started",
    ]);
  });
});

describe("with", () => {
  const pair = { web: { with: those("db") }, db: {} };

  it.each<{ readonly what: string; readonly given: GivenServices; readonly places: string }>([
    { what: "one node for both", given: pair, places: "web n1, db n1" },
    {
      what: "the node where both may run, although the first would rather have another",
      given: { web: { with: those("db"), domain: only("n1", "n2") }, db: { domain: only("n2", "n3") } },
      places: "web n2, db n2",
    },
    {
      what: "who may run nowhere keeps nobody from running",
      given: { web: { with: those("db"), enabled: false }, db: { domain: only("n3") } },
      places: "web stopped, db n3",
    },
    {
      what: "three that name each other in a row",
      given: { a: { with: those("b") }, b: { domain: only("n2", "n3") }, c: { with: those("b"), domain: only("n3") } },
      places: "a n3, b n3, c n3",
    },
    {
      what: "soft: together where that can be had",
      given: {
        db: { domain: only("n2") },
        web: { with: those("db?") },
        log: { with: those("db?"), domain: only("n3") },
      },
      places: "db n2, web n2, log n3",
    },
  ])("[REL-5] $what", ({ given, places }) => {
    expect(site(given).places).toBe(places);
  });

  it("[REL-5] they move together, with one outage each", () => {
    const both = site(pair).lose("n1").done();
    expect(both.places).toBe("web n2, db n2");
    expect([both.starts.get("web"), both.starts.get("db")]).toEqual([2, 2]);
    both.ask({ kind: "standby-node", node: parseNodeId("n2") }).done();
    expect([both.places, both.starts.get("web"), both.starts.get("db")]).toEqual(["web n3, db n3", 3, 3]);
    both.ask({ kind: "online-node", node: parseNodeId("n2") });
    both.ask({ kind: "relocate-service", service: db, to: parseNodeId("n2") }).done();
    expect([both.places, both.starts.get("web"), both.starts.get("db")]).toEqual(["web n2, db n2", 4, 4]);
    both.ask({ kind: "relocate-service", service: web }).done();
    expect([both.places, both.starts.get("web"), both.starts.get("db")]).toEqual(["web n3, db n3", 5, 5]);
  });

  it("[REL-5] one that fails takes the others along, and once it has failed everywhere leaves them in peace", () => {
    const both = site(pair).fail("web", "monitor");
    expect(both.done().places).toBe("web n2, db n2");
    both.fail("web", "monitor").done();
    expect(both.places).toBe("web n3, db n3");
    both.fail("web", "monitor").done();
    expect(both.places).toBe("web failed, db n3");
    for (let round = 0; round < 5; round += 1) {
      both.retry("web");
      both.fail("web", "start").done();
    }
    expect([both.places, both.starts.get("db")]).toEqual(["web failed, db n3", 3]);
    both.retry("web").done();
    expect(both.places).toBe("web n3, db n3");
  });

  it("[REL-5] one that cannot be where the others run takes them to where all may run", () => {
    const both = site({ web: { with: those("db"), domain: only("n2"), enabled: false }, db: {} });
    expect(both.places).toBe("web stopped, db n1");
    const said = both.texts.length;
    both.ask({ kind: "enable-service", service: web });
    expect(both.since(said)).toContain("to n2, where web, which is kept with it, may run, too");
    expect([both.done().places, both.starts.get("db")]).toEqual(["web n2, db n2", 2]);
  });

  it("[REL-5] a relocation to where one of them may not run is refused, with the reason", () => {
    const both = site({ web: { with: those("db"), domain: only("n1", "n2") }, db: {} });
    both.ask({ kind: "relocate-service", service: db, to: parseNodeId("n3") });
    expect(both.refusal?.text).toBe(
      'Cannot relocate service "db" to node "n3": web, which is kept with it, may not run there: not in its domain, which is restricted',
    );
  });

  it("[REL-5] failback goes by the first of them, and only where all may run", () => {
    const domain = { ...only("n1", "n2", "n3"), failback: true };
    const both = site({ web: { with: those("db"), domain }, db: {} });
    both.lose("n1").done().join("n1").done();
    expect([both.places, both.starts.get("db")]).toEqual(["web n1, db n1", 3]);
    const bound = site({ web: { with: those("db"), domain }, db: { domain: only("n2", "n3") } });
    expect(bound.lose("n2").done().join("n2").done().places).toBe("web n2, db n2");
    expect(bound.lose("n1").done().join("n1").done().places).toBe("web n2, db n2");
  });

  it("[REL-5] a configuration that joins what runs apart brings the later to the earlier", () => {
    const apart = site({ web: { domain: only("n2", "n1") }, db: { domain: only("n3", "n2") } });
    apart.reload(
      siteConfig(nodes, { web: { domain: only("n2", "n1") }, db: { with: those("web"), domain: only("n3", "n2") } }),
    );
    expect([apart.done().places, apart.starts.get("web")]).toEqual(["web n2, db n2", 1]);
  });

  it("[REL-2, REL-5] with and after: a broken dependency takes its dependent along, in order", () => {
    const both = site({ web: { with: those("db"), after: those("db") }, db: {} }).fail("db", "monitor");
    expect(orders(both)).toBe("web stop");
    expect(both.done().places).toBe("web n2, db n2");
    expect([both.starts.get("web"), both.starts.get("db")]).toEqual([2, 2]);
  });
});

describe("apart and exclusive", () => {
  it.each<{ readonly what: string; readonly given: GivenServices; readonly places: string }>([
    { what: "two nodes for two", given: { web: { apart: those("db") }, db: {} }, places: "web n1, db n2" },
    {
      what: "the first leaves the second the only node that it has",
      given: { web: { apart: those("db") }, db: { domain: only("n1") } },
      places: "web n2, db n1",
    },
    {
      what: "who has no other node waits",
      given: { web: { domain: only("n1") }, db: { apart: those("web"), domain: only("n1", "n2"), enabled: false } },
      places: "web n1, db stopped",
    },
    {
      what: "soft: the domain counts less",
      given: { web: { domain: only("n1") }, db: { apart: those("web?"), domain: only("n1", "n2") } },
      places: "web n1, db n2",
    },
    {
      what: "soft: together where it must be",
      given: { web: { domain: only("n1") }, db: { apart: those("web?"), domain: only("n1") } },
      places: "web n1, db n1",
    },
    {
      what: "exclusive: alone on its node",
      given: { a: {}, b: { exclusive: true }, c: {}, d: {} },
      places: "a n1, b n2, c n3, d n1",
    },
    {
      what: "exclusive: who comes later keeps away from its node, though that is the better one",
      given: { a: { exclusive: true, domain: only("n1") }, b: { domain: only("n1", "n2") } },
      places: "a n1, b n2",
    },
  ])("[REL-4] $what", ({ given, places }) => {
    expect(site(given).places).toBe(places);
  });

  it("[REL-4] nobody is put beside it for a loss, and it starts when there is room again", () => {
    const both = site({ web: { apart: those("db") }, db: {} }, ["n1", "n2"])
      .lose("n2")
      .done();
    expect(both.places).toBe("web n1, db stopped");
    expect(reason(both, "db")).toContain("n1: kept apart from web, which runs there");
    expect(both.join("n2").done().places).toBe("web n1, db n2");
    expect(both.starts.get("web")).toBe(1);
  });

  it("[REL-4] what may still run somewhere is kept apart from, too", () => {
    const both = site({ web: { apart: those("db"), domain: only("n1", "n2") }, db: { domain: only("n2", "n3") } });
    both.vanish("n1");
    both.off("n1");
    expect(both.done().places).toBe("web stopped, db n2");
  });

  it("[REL-4] a configuration that parts them moves the later one, or the one that can go", () => {
    const near = { web: { domain: only("n1", "n2") }, db: { domain: only("n1", "n3") } };
    const parted = site(near)
      .reload(siteConfig(nodes, { ...near, web: { ...near.web, apart: those("db") } }))
      .done();
    expect([parted.places, parted.starts.get("web")]).toEqual(["web n1, db n3", 1]);
    const stuck = { web: { domain: only("n1", "n2") }, db: { domain: only("n1") } };
    const other = site(stuck)
      .reload(siteConfig(nodes, { ...stuck, web: { ...stuck.web, apart: those("db") } }))
      .done();
    expect([other.places, other.starts.get("db")]).toEqual(["web n2, db n1", 1]);
  });
});

describe("relations, whatever happens", () => {
  const names = ["a", "b", "c", "d"];
  /** Only to earlier ones, so that there is no cycle; apart and with may not meet, which a configuration is checked for. */
  const anyServices = fc
    .tuple(
      ...names.map((_, index) =>
        fc.tuple(
          fc.nat(5),
          fc.nat(Math.max(0, index - 1)),
          fc.boolean(),
          fc.subarray(nodes, { minLength: 2 }),
          fc.boolean(),
        ),
      ),
    )
    .map((drawn): GivenServices => {
      const services: Record<string, GivenServices[string]> = {};
      for (const [index, [kind, to, isSoft, inDomain, failback]] of drawn.entries()) {
        const other = those(`${names[to]}${isSoft ? "?" : ""}`);
        const kinds = [{ after: other }, { with: other }, { after: other, with: other }, { apart: other }, {}, {}];
        const domain = { ...only(...inDomain), failback };
        services[names[index] ?? ""] = { ...(index === 0 ? {} : kinds[kind]), domain };
      }
      return services;
    })
    .filter(isPossible);

  function isPossible(services: GivenServices): boolean {
    const relations = relationsOf(siteConfig(nodes, services));
    return names
      .map(parseServiceId)
      .every((one) => relations.together(one).every((other) => !relations.isApart(one, other)));
  }

  /** Hard relations that do not hold where something runs. */
  function broken({ state }: Site, services: GivenServices): readonly string[] {
    const relations = relationsOf(siteConfig(nodes, services));
    const running = Object.values(state.services).filter(({ phase }) => phaseNode(phase) !== null);
    return running.flatMap((one) => {
      const missing = relations
        .after(one.service)
        .filter(({ service, soft }) => soft !== true && state.services[service]?.phase.kind !== "started");
      const near = running.filter(
        (other) => relations.isApart(one.service, other.service) && phaseNode(other.phase) === phaseNode(one.phase),
      );
      const far = running.filter(
        (other) =>
          relations.together(one.service).includes(other.service) && phaseNode(other.phase) !== phaseNode(one.phase),
      );
      return [...missing, ...near, ...far].map(({ service }) => `${one.service} and ${service}`);
    });
  }

  const anyDeed = fc.tuple(fc.nat(7), fc.constantFrom(...nodes), fc.constantFrom(...names));

  function act(where: Site, [deed, node, name]: readonly [number, string, string]): void {
    const isIn = where.state.nodes[parseNodeId(node)]?.isMember === true;
    const service = parseServiceId(name);
    if (deed === 0 && isIn && where.state.nodes[parseNodeId("n1")]?.isMember && node !== "n1") where.lose(node);
    else if (deed === 1 && !isIn) where.join(node);
    else if (deed === 2) where.fail(name, "monitor");
    else if (deed === 3) where.ask({ kind: "relocate-service", service });
    else if (deed === 4) where.ask({ kind: "disable-service", service });
    else if (deed === 5) where.ask({ kind: "enable-service", service });
    else if (deed === 6) where.ask({ kind: "standby-node", node: parseNodeId(node) });
    else where.ask({ kind: "online-node", node: parseNodeId(node) });
  }

  it("[REL-1, REL-4, REL-5, REL-6, SVC-17] comes to rest, where nothing that is hard is broken and nothing more moves", () => {
    fc.assert(
      fc.property(anyServices, fc.array(anyDeed, { maxLength: 8 }), (services, deeds) => {
        const where = site(services);
        for (const deed of deeds) {
          act(where, deed);
          if (deed[0] % 2 === 0) where.done();
        }
        where.done();
        expect(broken(where, services)).toEqual([]);
        const before = { ...where.state, events: [], origin: parseNodeId("n1") };
        const draft = {
          ...before,
          services: { ...before.services },
          brokenDevices: {},
          nodes: { ...before.nodes },
          fences: { ...before.fences },
        };
        settle(draft);
        expect(draft.services).toEqual(where.state.services);
      }),
      { numRuns: 60 },
    );
  });

  it("[REL-6, LIVE-2] a loss starts each service at most once, and none that has nothing to do with it", () => {
    fc.assert(
      fc.property(anyServices, fc.constantFrom("n2", "n3"), (services, lost) => {
        const where = site(services);
        const relations = relationsOf(siteConfig(nodes, services));
        const hit = new Set(
          Object.values(where.state.services)
            .filter(({ phase }) => phaseNode(phase) === lost || phaseNode(phase) === null)
            .map(({ service }) => service),
        );
        // Whoever depends on one that was hit, or is kept with it, or has been waiting for one of them to go.
        for (const service of hit)
          for (const other of [
            ...relations.before(service).map((relation) => relation.service),
            ...relations.together(service),
          ])
            hit.add(other);
        where.starts.clear();
        where.lose(lost).done();
        for (const [name, count] of where.starts) {
          expect(count).toBe(1);
          expect([...hit]).toContain(name);
        }
      }),
      { numRuns: 60 },
    );
  });
});
