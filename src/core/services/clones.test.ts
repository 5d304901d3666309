import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CloneInstance } from "../../model/cluster-config.ts";
import { instanceId, type NodeId, parseNodeId, parseServiceId, resourceId } from "../../model/ids.ts";
import { durationMs } from "../../model/units.ts";
import { explainService } from "./explain.ts";
import { goalState } from "./goals.ts";
import { definitionsFor, fenceNeeds, reportsDue } from "./plan.ts";
import { type GivenServices, only, Site, siteConfig, those } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const [web, first, second] = ["web", "web@n1", "web@n2"].map(parseServiceId) as [never, never, never];
const times = {
  startTimeoutMs: durationMs(1_000),
  stopTimeoutMs: durationMs(1_000),
  monitorTimeoutMs: durationMs(1_000),
  monitorIntervalMs: durationMs(1_000),
};

/** The instances of a clone, as the configuration makes them. */
function clone(name: string, limit?: number, names: readonly string[] = nodes): GivenServices {
  const of = parseServiceId(name);
  const instances = names.map((node, number) => {
    const id = instanceId(of, node as NodeId);
    const instance: CloneInstance = { of, node: node as NodeId, number, count: names.length };
    const script = { kind: "lsb" as const, id: resourceId(id, "d"), name: "d", script: `/${name}`, ...times };
    const given = {
      domain: only(node),
      resources: [script],
      instance: limit === undefined ? instance : { ...instance, limit },
    };
    return [id, given] as const;
  });
  return Object.fromEntries(instances);
}

function site(services: GivenServices, members: readonly string[] = nodes): Site {
  return new Site(siteConfig(nodes, services), members);
}

/** Where instances of web may be, by the entries. */
function active({ state }: Site): number {
  return Object.values(state.services).filter(
    ({ service, phase, doubts }) =>
      service.startsWith("web@") && (doubts.length > 0 || (phase.kind !== "stopped" && phase.kind !== "failed")),
  ).length;
}

describe("an instance on every node", () => {
  it("[CLN-1] each node has its own, and is asked about no other", () => {
    const all = site(clone("web"));
    expect(all.places).toBe("web@n1 n1, web@n2 n2, web@n3 n3");
    expect(definitionsFor(all.state, parseNodeId("n2")).map(({ id }) => id)).toEqual(["web@n2"]);
    all.enter("n2");
    expect(reportsDue(all.state, parseNodeId("n2"))).toEqual(["web@n2"]);
    expect(all.state.services[first]).toMatchObject({ doubts: [] });
  });

  it("[CLN-4] nobody is fenced for it: the others have theirs", () => {
    const all = site(clone("web")).vanish("n1");
    expect(fenceNeeds(all.state)).toEqual([]);
    expect(all.phase("web@n1")).toBe("started on n1");
    all.join("n1");
    expect(all.done().places).toBe("web@n1 n1, web@n2 n2, web@n3 n3");
    expect(all.starts.get("web@n1")).toBe(2);
  });

  it("[CLN-4] who could not stop its instance is fenced like any other", () => {
    const all = site(clone("web")).ask({ kind: "disable-service", service: first });
    all.fail("web@n1", "stop");
    expect(fenceNeeds(all.state)).toMatchObject([{ target: "n1", reason: "it could not stop web@n1" }]);
  });

  it("[CLN-5] a node that goes takes its instance along, and brings it again, and nobody is warned of it", () => {
    const all = site(clone("web"));
    const before = all.texts.length;
    all.ask({ kind: "standby-node", node: parseNodeId("n2") }).done();
    expect(all.places).toBe("web@n1 n1, web@n2 stopped, web@n3 n3");
    expect(all.since(before)).not.toContain("no node may run it");
    all.ask({ kind: "online-node", node: parseNodeId("n2") });
    expect(all.done().places).toBe("web@n1 n1, web@n2 n2, web@n3 n3");
  });

  it("[CLN-5] what a daemon finds running when it is back is kept", () => {
    const all = site(clone("web")).vanish("n1").enter("n1");
    all.report("n1", ["web@n1"]);
    expect([all.phase("web@n1"), all.starts.get("web@n1")]).toEqual(["started on n1", 1]);
  });

  it("[CLN-5] an instance that fails on its node is tried again there, and the others are left alone", () => {
    const all = site(clone("web")).fail("web@n1", "monitor").done();
    expect(all.places).toBe("web@n1 failed, web@n2 n2, web@n3 n3");
    expect(all.retry("web@n1").done().places).toBe("web@n1 n1, web@n2 n2, web@n3 n3");
  });

  it("[CLN-8] how many there are is no reason for a restart", () => {
    const ocf = (max: number): GivenServices => {
      const base = clone("web");
      const resource = {
        ...times,
        kind: "ocf" as const,
        provider: "heartbeat",
        type: "Dummy",
        parameters: {},
        name: "d",
      };
      return Object.fromEntries(
        Object.entries(base).map(([id, given]) => {
          const own = { ...resource, id: resourceId(parseServiceId(id), "d"), clone: { number: 0, max } };
          return [id, { ...given, resources: [own] }];
        }),
      );
    };
    const all = new Site(siteConfig(nodes, ocf(2))).reload(siteConfig(nodes, ocf(3)));
    expect(all.orders).toEqual([]);
  });
});

describe("an instance on so many nodes", () => {
  it("[CLN-3] never more than so many, the first of the file", () => {
    const two = site(clone("web", 2));
    expect(two.places).toBe("web@n1 n1, web@n2 n2, web@n3 stopped");
    two.lose("n2");
    expect(two.done().places).toBe("web@n1 n1, web@n2 stopped, web@n3 n3");
    two.join("n2");
    expect([two.done().places, two.starts.get("web@n3")]).toEqual(["web@n1 n1, web@n2 stopped, web@n3 n3", 1]);
  });

  it("[CLN-3] a place is kept for what is only restarted", () => {
    const two = site(clone("web", 2)).lose("n1").done();
    expect(two.places).toBe("web@n1 stopped, web@n2 n2, web@n3 n3");
    two.join("n1").ask({ kind: "restart-service", service: second });
    expect([two.done().places, two.starts.get("web@n1")]).toEqual(["web@n1 stopped, web@n2 n2, web@n3 n3", 1]);
  });

  it("[CLN-3] two whose place was kept, of which there is one left, do not wait for each other", () => {
    const two = site(clone("web", 2)).ask({ kind: "standby-node", node: parseNodeId("n1") });
    two.ask({ kind: "restart-service", service: first });
    two.obey();
    two.ask({ kind: "restart-service", service: second }).ask({ kind: "online-node", node: parseNodeId("n1") });
    expect(active(two.done())).toBe(2);
  });

  it("[CLN-3] another node takes the place of one where it has failed", () => {
    const two = site(clone("web", 2)).fail("web@n1", "monitor").done();
    expect(two.places).toBe("web@n1 failed, web@n2 n2, web@n3 n3");
    expect(two.retry("web@n1").done().places).toBe("web@n1 stopped, web@n2 n2, web@n3 n3");
  });

  it("[CLN-3] who has not reported may run one: it has a place until it has", () => {
    const two = site(clone("web", 2)).vanish("n1", "n2", "n3").enter("n1", "n2", "n3");
    two.report("n2");
    expect(two.orders).toEqual([]);
    two.report("n3");
    expect(two.orders.map(({ service }) => service)).toEqual(["web@n2"]);
    two.report("n1", ["web@n1"]);
    expect([two.done().places, active(two)]).toEqual(["web@n1 n1, web@n2 n2, web@n3 stopped", 2]);
  });

  it("[CLN-3] when fewer are wanted, the last of the file go", () => {
    const two = site(clone("web"))
      .reload(siteConfig(nodes, clone("web", 1)))
      .done();
    expect(two.places).toBe("web@n1 n1, web@n2 stopped, web@n3 stopped");
  });

  it("[CLN-4] a lost node is fenced when another one waits for its place, and not before", () => {
    const two = site(clone("web", 2))
      .ask({ kind: "standby-node", node: parseNodeId("n3") })
      .vanish("n1");
    expect(fenceNeeds(two.state)).toEqual([]);
    two.ask({ kind: "online-node", node: parseNodeId("n3") });
    expect([two.phase("web@n3"), fenceNeeds(two.state)]).toMatchObject(["stopped", [{ target: "n1" }]]);
    expect(two.off("n1").done().places).toBe("web@n1 stopped, web@n2 n2, web@n3 n3");
  });

  it("[CLN-4] a node that nobody has seen may run one after a cold start", () => {
    const two = new Site(siteConfig(nodes, clone("web", 2)));
    two.vanish("n1", "n2", "n3").enter("n2", "n3");
    two.report("n2");
    two.report("n3");
    expect(two.orders.map(({ service }) => service)).toEqual(["web@n2"]);
    expect(fenceNeeds(two.done().state)).toMatchObject([{ target: "n1" }]);
    expect(two.off("n1").done().places).toBe("web@n1 stopped, web@n2 n2, web@n3 n3");
  });

  it("[CLN-3] whatever happens, no more than so many may be active, and all that may be are", () => {
    const step = fc.constantFrom("lose", "join", "fail", "restart", "standby", "online", "obey");
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.constantFrom(...nodes)), { maxLength: 25 }), (steps) => {
        const two = site(clone("web", 2));
        for (const [what, name] of steps) {
          const node = parseNodeId(name);
          const { isMember } = two.state.nodes[node] ?? {};
          const others = nodes.filter((other) => other !== name && two.state.nodes[parseNodeId(other)]?.isMember);
          if (what === "lose" && isMember === true && others.length > 0) two.lose(name);
          if (what === "join" && isMember !== true) two.join(name);
          if (what === "fail") two.fail(`web@${name}`, "monitor");
          if (what === "restart") two.ask({ kind: "restart-service", service: parseServiceId(`web@${name}`) });
          if (what === "standby") two.ask({ kind: "standby-node", node });
          if (what === "online") two.ask({ kind: "online-node", node });
          if (what === "obey") two.obey();
          expect(active(two)).toBeLessThanOrEqual(2);
        }
        for (const name of nodes) {
          if (two.state.nodes[parseNodeId(name)]?.isMember !== true) two.join(name);
          two.ask({ kind: "online-node", node: parseNodeId(name) });
        }
        two.done().ask({ kind: "enable-service", service: web });
        expect(active(two.done())).toBe(2);
      }),
      { numRuns: 150 },
    );
  });
});

describe("beside an instance", () => {
  const services = {
    shop: { beside: [web], domain: { nodes: nodes.map(parseNodeId), ordered: true } },
    ...clone("web", 2),
  };

  it("[CLN-6] it starts where an instance runs, and after that", () => {
    const where = new Site(siteConfig(nodes, { shop: services.shop, ...clone("web", 2, ["n2", "n3"]) }));
    expect([where.places, where.phase("shop")]).toEqual([expect.any(String), "started on n2"]);
    expect(where.texts.filter((text) => text.startsWith("shop: no node"))).toEqual([]);
  });

  it("[CLN-6] it goes where another instance runs when its own is no more, and is stopped first", () => {
    const where = site(services);
    expect(where.phase("shop")).toBe("started on n1");
    where.ask({ kind: "disable-service", service: first });
    expect(where.orders.map(({ service, action }) => `${action} ${service}`)).toEqual(["stop shop"]);
    where.done();
    expect([where.phase("shop"), where.phase("web@n3")]).toEqual(["started on n2", "started on n3"]);
  });

  it("[CLN-6] it waits while there is none", () => {
    const where = site(services).ask({ kind: "disable-service", service: web }).done();
    expect([where.phase("shop"), where.phase("web@n1")]).toEqual(["stopped", "stopped"]);
    where.ask({ kind: "enable-service", service: web }).done();
    expect(where.phase("shop")).toBe("started on n1");
  });

  it("[CLN-6] an instance comes after the one of another clone on its own node", () => {
    const base = clone("base");
    const after = Object.fromEntries(
      Object.entries(clone("web")).map(([id, given]) => [id, { ...given, after: those(id.replace("web", "base")) }]),
    );
    const where = site({ ...after, ...base })
      .ask({ kind: "disable-service", service: parseServiceId("base@n2") })
      .done();
    expect([where.phase("web@n2"), where.phase("web@n1")]).toEqual(["stopped", "started on n1"]);
  });

  it("[CLN-6] what runs everywhere does not hinder a service that is to be alone", () => {
    const where = site({ ...clone("web"), alone: { exclusive: true } });
    expect(where.places).toContain("alone n1");
  });
});

describe("an operator", () => {
  it("[CLN-7] who names a clone means all its instances, and who names one means that", () => {
    const all = site(clone("web"));
    all.ask({ kind: "disable-service", service: web });
    const goal = { intent: { kind: "disable-service", service: web } as const, entry: all.state.index, attempt: 0 };
    expect(goalState(all.state, goal)).toEqual({ kind: "pending" });
    expect(all.done().places).toBe("web@n1 stopped, web@n2 stopped, web@n3 stopped");
    expect(goalState(all.state, goal)).toMatchObject({ kind: "reached" });
    all.ask({ kind: "enable-service", service: second }).done();
    expect(all.places).toBe("web@n1 stopped, web@n2 n2, web@n3 stopped");
  });

  it("[CLN-7] a clone is started and restarted where it can be", () => {
    const all = site(clone("web")).ask({ kind: "disable-service", service: first }).done();
    all.ask({ kind: "restart-service", service: web }).done();
    expect([all.refusal, all.places]).toEqual([null, "web@n1 stopped, web@n2 n2, web@n3 n3"]);
    expect([all.starts.get("web@n1"), all.starts.get("web@n2")]).toEqual([1, 2]);
    all.ask({ kind: "disable-service", service: web }).done().ask({ kind: "restart-service", service: web });
    expect(all.refusal).toMatchObject({ code: "NOT_ALLOWED" });
  });

  it("[CLN-7] a clone is relocated nowhere, and says what to do instead", () => {
    const all = site(clone("web")).ask({ kind: "relocate-service", service: web });
    expect(all.refusal?.text).toBe(
      'Cannot relocate service "web@n1": it is the instance of web on n1, and stays there; to have none there: hale service disable web@n1, or hale node standby n1',
    );
  });

  it("[CLN-9] hale why of a clone tells of each instance what keeps it from running", () => {
    const two = site(clone("web", 2));
    const why = explainService(two.state, web);
    expect(why?.summary).toBe("2 of 2 instances are started: hale why web@n1 explains one");
    expect(why?.rules?.map(({ question, answer }) => `${question} ${answer}`)).toEqual([
      "web@n1? started on n1",
      "web@n2? started on n2",
      expect.stringContaining("web@n3? none (n3: as many run as may: web@n1, web@n2"),
    ]);
    expect(explainService(two.state, parseServiceId("nobody"))).toBeNull();
  });
});
