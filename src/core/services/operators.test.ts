import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../../model/ids.ts";
import type { Intent } from "../../model/intent.ts";
import { clusterWarnings, explainService, explainServices } from "./explain.ts";
import { waitingForWindow } from "./failback.ts";
import { mayStayBehind } from "./frozen.ts";
import { goalState } from "./goals.ts";
import { fenceNeeds, ordersFor } from "./plan.ts";
import { idleRunner } from "./runner-state.ts";
import { type GivenServices, guarded, only, Site, siteConfig, those } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const [n1, n2, n3] = nodes.map(parseNodeId) as [never, never, never];
const [web, db] = ["web", "db"].map(parseServiceId) as [never, never];

function site(services: GivenServices = { web: {}, db: {} }): Site {
  return new Site(siteConfig(nodes, services));
}

function guardedSite(): Site {
  return new Site(siteConfig(nodes, { web: {}, db: {} }, guarded));
}

function told(where: Site, intent: Intent): string {
  const goal = goalState(where.state, { intent, entry: 1, attempt: 0 });
  return goal.kind === "pending" ? "pending" : goal.text;
}

const maintenance: Intent = { kind: "begin-maintenance" };

describe("start and stop beside enable and disable", () => {
  const stop: Intent = { kind: "stop-service", service: web };
  const start: Intent = { kind: "start-service", service: web };

  it("[SVC-28, SVC-16] a stop lasts until somebody starts it", () => {
    const one = site().ask(stop);
    expect([one.phase("web"), told(one, stop)]).toEqual(["stopping on n1", "pending"]);
    one.done();
    expect([one.phase("web"), told(one, stop)]).toEqual([
      "stopped",
      "service web is stopped, until it is started or a node comes or goes; to keep it stopped: hale service disable web",
    ]);
    expect(one.ask({ kind: "clear-service", service: db }).phase("web")).toBe("stopped");
    expect(one.ask(start).done().phase("web")).toBe("started on n1");
  });

  it.each<readonly [string, (where: Site) => Site, string]>([
    ["a node goes", (where) => where.lose("n3"), "started on n1"],
    ["a node comes", (where) => where.lose("n3").ask(stop).done().join("n3"), "started on n1"],
    ["the same members once more", (where) => where.vanish(), "stopped"],
    ["another service is stopped", (where) => where.ask({ kind: "stop-service", service: db }), "stopped"],
  ])("[SVC-28] %s: %3$s", (_, happens, phase) => {
    expect(happens(site().ask(stop).done()).done().phase("web")).toBe(phase);
  });

  it("[SVC-28] a disabled service is not started by any of it, nor by start", () => {
    const one = site().ask({ kind: "disable-service", service: web }).done();
    expect(one.lose("n3").join("n3").done().phase("web")).toBe("stopped");
    expect(one.ask(start).refusal?.text).toBe(
      'Cannot start service "web": it is disabled; to let it run: hale service enable web',
    );
    expect(one.ask({ kind: "enable-service", service: web }).done().phase("web")).toBe("started on n1");
  });

  it("[SVC-28] a stopped one is not restarted nor relocated, and what needs it waits", () => {
    const two = site({ web: {}, db: { after: those("web") } })
      .ask(stop)
      .done();
    expect(two.places).toBe("web stopped, db stopped");
    expect(explainServices(two.state, idleRunner, n1)[1]?.reason).toBe("waits: web is stopped by an operator");
    expect(two.ask({ kind: "restart-service", service: web }).refusal?.text).toContain("it is stopped");
    expect(two.ask({ kind: "relocate-service", service: web }).refusal?.text).toContain(
      "it is stopped; start it first",
    );
    expect(two.ask({ kind: "enable-service", service: web }).done().places).toBe("web n1, db n2");
  });

  it("[SVC-28] start tries a failed one again at once", () => {
    const one = site({ web: { domain: only("n1") } })
      .fail("web", "monitor")
      .done();
    expect(one.phase("web")).toBe("failed");
    expect(one.ask(start).done().phase("web")).toBe("started on n1");
  });
});

describe("frozen", () => {
  const freeze: Intent = { kind: "freeze-service", service: web };

  it.each<readonly [string, Intent]>([
    ["the service", freeze],
    ["its node", { kind: "freeze-node", node: n1 }],
    ["the cluster", maintenance],
  ])("[SVC-29] %s: left alone, not looked at, whatever is found or wanted", (_, intent) => {
    const one = site().ask(intent);
    expect(ordersFor(one.state, n1).filter(({ service }) => service === web)).toMatchObject([
      { action: "wait", isFrozen: true },
    ]);
    one.fail("web", "monitor");
    for (const kind of ["disable-service", "stop-service", "restart-service", "relocate-service"] as const)
      expect(one.ask({ kind, service: web }).refusal?.text).toMatch(/frozen|in maintenance/);
    one.reload(siteConfig(nodes, { db: {} }));
    expect([one.phase("web"), one.orders.filter(({ service }) => service === web)]).toEqual(["started on n1", []]);
    expect(explainService(one.state, web)?.summary).toMatch(/started on n1: frozen, for (it|its|the)/);
  });

  it("[SVC-29] afterwards its node reports on it anew, and what has happened meanwhile is mended", () => {
    const one = site().ask(freeze).ask({ kind: "unfreeze-service", service: web });
    expect(one.state.services[web]?.doubts).toEqual([n1]);
    one.report("n1").done();
    expect([one.phase("web"), one.starts.get("web")]).toEqual(["started on n1", 2]);
    const well = site().ask(freeze).ask({ kind: "unfreeze-service", service: web }).report("n1", ["web"]).done();
    expect([well.phase("web"), well.starts.get("web")]).toEqual(["started on n1", 1]);
  });

  it("[SVC-29] what is on its way comes to its end", () => {
    const one = site().ask({ kind: "restart-service", service: web }).ask(freeze);
    expect(one.refusal?.text).toBe('Cannot freeze service "web": it is stopping on n1; wait until it is there');
    one.ask(maintenance).done();
    expect(one.phase("web")).toBe("stopped");
    expect(one.ask({ kind: "end-maintenance" }).report("n2", ["db"]).done().phase("web")).toBe("started on n1");
  });

  it("[SVC-29] its node is lost: nobody fences that nor counts it as off, until it is unfrozen", () => {
    const one = guardedSite().ask(maintenance).vanish("n1");
    expect([fenceNeeds(one.state), one.orders]).toEqual([[], []]);
    one.ask({ kind: "end-maintenance" });
    expect(fenceNeeds(one.state)).toMatchObject([{ target: "n1", means: "device" }]);
    const back = guardedSite().ask(maintenance).vanish("n1").enter("n1").report("n1", ["web"]);
    expect([back.phase("web"), back.starts.get("web")]).toEqual(["started on n1", 1]);
    const wished = guardedSite().ask(maintenance).ask({ kind: "fence-node", node: n1 });
    expect(fenceNeeds(wished.state)).toMatchObject([{ target: "n1", isWished: true }]);
  });

  it("[SVC-29] a leaving node could not stop something: it is not fenced for that in maintenance", () => {
    const one = guardedSite();
    one.say({ kind: "leaving", node: n1, incarnation: one.lifeOf("n1") }).fail("web", "stop");
    expect(fenceNeeds(one.state)).toMatchObject([{ target: "n1", reason: "it could not stop web" }]);
    expect(fenceNeeds(one.ask(maintenance).state)).toEqual([]);
  });

  it("[SVC-29] a node that gave up its services is lost: it has not said that it has, so they are frozen again, and it is not fenced", () => {
    const one = guardedSite();
    one.say({ kind: "leaving", node: n1, incarnation: one.state.nodes[n1]?.incarnation as never });
    expect(one.phase("web")).toBe("stopping on n1");
    one.ask(maintenance).vanish("n1");
    expect(fenceNeeds(one.state)).toEqual([]);
    one.ask({ kind: "end-maintenance" });
    expect(fenceNeeds(one.state)).toMatchObject([{ target: "n1", means: "device" }]);
  });

  it.each<readonly [string, Intent, Intent]>([
    ["the service", { kind: "freeze-service", service: web }, { kind: "unfreeze-service", service: web }],
    ["its node", { kind: "freeze-node", node: n1 }, { kind: "unfreeze-node", node: n1 }],
    ["everything", { kind: "begin-maintenance" }, { kind: "end-maintenance" }],
  ])(
    "[SVC-29] %s is frozen while its lost node is about to count as off by time: it does when that is over",
    (_, begin, end) => {
      const site = new Site(siteConfig(nodes, { web: {} })).vanish("n1").ask(begin);
      expect([site.off("n1").state.nodes[n1]?.off, site.phase("web")]).toEqual([null, "started on n1"]);
      site.ask(end);
      expect(fenceNeeds(site.state)).toMatchObject([{ target: n1, means: "time" }]);
      expect(site.off("n1").done().phase("web")).toBe("started on n2");
    },
  );

  it("[SVC-29, FEN-3] a fence that was announced on the way, and is ordered after the maintenance, is not made; an operator's is", () => {
    const begin = (where: Site): Site => {
      const [need] = fenceNeeds(where.state);
      if (need === undefined) throw new RangeError("Nobody needs to be fenced");
      const { target, incarnation, by, attempt, reason } = need;
      const announced = { kind: "fence-begun", target, incarnation, by, attempt, reason } as const;
      return where.ask(maintenance).say(announced);
    };
    const late = begin(guardedSite().vanish("n1"));
    expect([late.state.fences[n1]?.inFlight ?? null, late.state.fences[n1]?.attempt ?? 0]).toEqual([null, 0]);
    expect(fenceNeeds(late.ask({ kind: "end-maintenance" }).state)).toMatchObject([{ target: "n1", attempt: 1 }]);
    const wished = begin(guardedSite().ask({ kind: "fence-node", node: n1 }));
    expect(wished.state.fences[n1]?.inFlight).toMatchObject({ reason: "asked by ann" });
  });

  it.each<readonly [string, Intent, Intent]>([
    ["the service", freeze, { kind: "unfreeze-service", service: web }],
    ["its node", { kind: "freeze-node", node: n2 }, { kind: "unfreeze-node", node: n2 }],
    ["the cluster", maintenance, { kind: "end-maintenance" }],
  ])("[SVC-29, PLC-11] %s: it does not return at its time of day", (_, begin, end) => {
    const failbackBetween = { from: 120, until: 240 };
    const one = site({ web: { domain: { ...only("n1", "n2"), failback: true, failbackBetween } } });
    one.lose("n1").done().join("n1").ask(begin);
    const comes = (): Site => one.say({ kind: "failback", service: web, attempt: one.state.services[web]?.order ?? 0 });
    expect([waitingForWindow(one.state), comes().phase("web")]).toEqual([[], "started on n2"]);
    one.ask(end).report("n2", ["web"]);
    expect([waitingForWindow(one.state).length, comes().done().phase("web")]).toEqual([1, "started on n1"]);
  });

  it("[SVC-29] a frozen node is given nothing; the others go on", () => {
    const one = site().ask({ kind: "freeze-node", node: n3 });
    one.ask({ kind: "relocate-service", service: web, to: n3 });
    expect(one.refusal?.text).toContain("frozen (ann)");
    expect(one.lose("n1").done().places).toBe("web n2, db n2");
    expect(one.ask({ kind: "standby-node", node: n3 }).refusal?.text).toContain("first: hale node unfreeze n3");
  });

  it("[SVC-29, SVC-11] a second place is stopped all the same", () => {
    const one = site().ask(maintenance).vanish("n2").enter("n2").report("n2", ["web"]);
    expect(one.orders).toMatchObject([{ node: "n2", service: "web", action: "stop" }]);
  });

  it("[SVC-29] what is kept with a frozen one stays with it, and what must stop does not wait for it", () => {
    const pair = site({ web: { with: those("db") }, db: {} }).ask({ kind: "freeze-service", service: db });
    pair.fail("web", "monitor").done();
    expect(pair.places).toBe("web failed, db n1");
    const chain = site({ web: { after: those("db") }, db: {} }).ask(freeze);
    chain.ask({ kind: "disable-service", service: db });
    expect(chain.orders).toMatchObject([{ service: "db", action: "stop" }]);
  });

  it("[SVC-30] a daemon leaves all behind only when all of it is frozen and a device can fence its node", () => {
    expect(mayStayBehind(guardedSite().state, n1)).toBe(false);
    expect(mayStayBehind(guardedSite().ask(maintenance).state, n1)).toBe(true);
    expect(mayStayBehind(guardedSite().ask(maintenance).state, n3)).toBe(false);
    expect(mayStayBehind(guardedSite().ask(freeze).state, n1)).toBe(true);
    const both = guardedSite().ask({ kind: "relocate-service", service: db, to: n1 }).done().ask(freeze);
    expect([both.places, mayStayBehind(both.state, n1)]).toEqual(["web n1, db n1", false]);
    expect(mayStayBehind(both.ask({ kind: "freeze-service", service: db }).state, n1)).toBe(true);
    expect(mayStayBehind(site().ask(maintenance).state, n1)).toBe(false);
  });

  it("[SVC-30] otherwise a node that leaves stops what runs there, and nothing is started elsewhere meanwhile", () => {
    const one = site().ask(maintenance);
    one.say({ kind: "leaving", node: n1, incarnation: one.state.nodes[n1]?.incarnation as never });
    expect(one.done().places).toBe("web stopped, db n2");
    one.ask({ kind: "end-maintenance" }).report("n2", ["db"]);
    expect(one.done().places).toBe("web n3, db n2");
  });

  it("[SVC-29] the status says so", () => {
    expect(clusterWarnings(site().ask(maintenance).state, [])).toEqual([
      expect.stringContaining("hale maintenance off"),
    ]);
    const two = site().ask(freeze).ask({ kind: "freeze-node", node: n2 });
    expect(clusterWarnings(two.state, [])).toEqual([
      "node n2 is frozen (ann): what runs there is left alone; hale node unfreeze n2",
      "service web is frozen (ann): it is left alone; hale service unfreeze web",
    ]);
    expect(explainServices(two.state, idleRunner, n1)).toMatchObject([{ isFrozen: true }, { isFrozen: true }]);
  });

  it("[SVC-29] whatever happens in maintenance, nothing is told to start or stop, and no node is to be fenced", () => {
    const anyDeed = fc.tuple(fc.nat(5), fc.constantFrom("n2", "n3"), fc.constantFrom("web", "db"));
    fc.assert(
      fc.property(fc.array(anyDeed, { maxLength: 8 }), (deeds) => {
        const where = guardedSite().ask(maintenance);
        for (const [deed, node, name] of deeds) {
          const isIn = where.state.nodes[parseNodeId(node)]?.isMember === true;
          if (deed === 0 && isIn) where.vanish(node);
          else if (deed === 1 && !isIn) where.join(node);
          else if (deed === 2) where.fail(name, "monitor");
          else if (deed === 3) where.reload(siteConfig(nodes, { web: { domain: only("n3") }, db: {} }));
          else where.ask({ kind: deed === 4 ? "disable-service" : "relocate-service", service: parseServiceId(name) });
          expect([where.orders, fenceNeeds(where.state)]).toEqual([[], []]);
        }
      }),
      { numRuns: 60 },
    );
  });
});
