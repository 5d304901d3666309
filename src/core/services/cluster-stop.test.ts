import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../../model/ids.ts";
import type { Intent } from "../../model/intent.ts";
import { clusterStop, endingTogether, isAllStopped } from "./cluster-stop.ts";
import { clusterWarnings, explainNodes, explainService } from "./explain.ts";
import { goalState } from "./goals.ts";
import { fenceNeeds } from "./plan.ts";
import { previewOf } from "./preview.ts";
import { type GivenServices, guarded, Site, siteConfig, those } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const stop: Intent = { kind: "stop-cluster" };
const n2 = parseNodeId("n2");
const web = parseServiceId("web");
const shop = parseServiceId("shop");

/** web on n1, and shop, which comes after it. */
function site(services: GivenServices = { web: {}, shop: { after: those("web") } }): Site {
  return new Site(siteConfig(nodes, services));
}

/** One of them says so of all, and they go. */
function halt(where: Site): Site {
  return where.say({ kind: "halted", members: endingTogether(where.state) });
}

function told(where: Site): string {
  const goal = goalState(where.state, { intent: stop, entry: 1, attempt: 0 });
  return goal.kind === "pending" ? "pending" : goal.text;
}

describe("the whole cluster is stopped", () => {
  it("[SVC-45] in the order of its services, and nothing is started any more", () => {
    const one = site().ask(stop);
    expect(one.orders.map(({ action, service }) => `${action} ${service}`)).toEqual(["stop shop"]);
    expect(told(one)).toBe("pending");
    expect(isAllStopped(one.state)).toBe(false);
    one.done();
    expect(one.places).toBe("web stopped, shop stopped");
    expect(told(one)).toBe("all services are stopped, and the daemons end");
    expect(explainNodes(one.state).map(({ reason }) => reason)).toEqual(
      nodes.map(() => "leaving: stopped with the cluster by ann"),
    );
    expect(explainService(one.state, web)?.rules?.find(({ isMet }) => !isMet)?.answer).toContain(
      "stopped with the cluster by ann",
    );
    expect(clusterWarnings(one.state, [])).toContainEqual(
      "the cluster is being stopped by ann: nothing is started any more, and all daemons end",
    );
  });

  it("[SVC-45] also when all who are there end by themselves: who comes meanwhile is given nothing", () => {
    const one = new Site(siteConfig(nodes, { web: {} }), ["n2"]);
    one.say({ kind: "leaving", node: n2, incarnation: one.lifeOf("n2") }).ask(stop);
    expect(one.join("n1").done().places).toBe("web stopped");
    one.say({ kind: "left", node: n2, incarnation: one.lifeOf("n2"), voters: [] }).vanish("n2");
    expect(one.done().places).toBe("web n1");
  });

  it("[SVC-46] and all of them are known to run nothing: whoever is back starts everything", () => {
    const one = halt(site().ask(stop).done());
    expect(nodes.map((node) => one.state.nodes[parseNodeId(node)]?.off)).toEqual(["left", "left", "left"]);
    one.vanish(...nodes);
    expect(clusterStop(one.state)).toBeNull();
    one.join("n2", "n3").done();
    expect(one.places).toMatch(/^web n[23], shop n[23]$/);
    expect(one.state.nodes[parseNodeId("n1")]?.off).toBe("left");
  });

  it("[SVC-45] who comes meanwhile is given nothing, and is not told to end", () => {
    const one = site().ask(stop).done().lose("n3").join("n3").done();
    expect(one.places).toBe("web stopped, shop stopped");
    expect(endingTogether(one.state).map(({ node }) => node)).toEqual(["n1", "n2"]);
    expect(halt(one).done().places).toBe("web stopped, shop stopped");
    expect(one.vanish("n1", "n2").done().places).toBe("web n3, shop n3");
  });

  it("[SVC-46] not before everybody who is there has told what it runs", () => {
    const one = site().ask(stop).done().lose("n3").enter("n3");
    expect(isAllStopped(one.state)).toBe(false);
    expect(isAllStopped(one.report("n3").state)).toBe(true);
  });

  it("[SVC-46] who was found to run something before the entry had its place is not known to run nothing", () => {
    const one = site().ask(stop).done();
    const members = endingTogether(one.state);
    one.report("n2", ["web"]).say({ kind: "halted", members });
    expect(nodes.map((node) => one.state.nodes[parseNodeId(node)]?.off)).toEqual(["left", null, "left"]);
  });

  it("[SVC-45] and what cannot be stopped keeps it", () => {
    const one = site({ web: {} }).ask(stop);
    one.fail("web", "stop");
    expect(told(one)).toMatch(/^service web is blocked on n1: .*; no daemon ends before it is stopped there$/);
    expect(isAllStopped(one.state)).toBe(false);
  });

  it.each<readonly [string, (where: Site) => Site]>([
    ["by an operator", (where) => where.ask({ kind: "shutdown-node", node: n2, services: "move" })],
    ["by a signal", (where) => where.say({ kind: "leaving", node: n2, incarnation: where.lifeOf("n2") })],
  ])("[SVC-45] who is shut down by itself, %s, goes on with that", (_, happens) => {
    const one = happens(site()).ask(stop);
    expect(one.state.nodes[n2]?.shutdown?.withAll).toBeUndefined();
    expect(endingTogether(one.state).map(({ node }) => node)).toEqual(["n1", "n3"]);
  });

  it("[SVC-45] who is marked may be shut down by itself, and goes then without the others", () => {
    const one = site().ask(stop).done();
    expect(one.ask({ kind: "shutdown-node", node: n2, services: "move" }).refusal).toBeNull();
    expect(endingTogether(one.state).map(({ node }) => node)).toEqual(["n1", "n3"]);
  });

  it("[SVC-45] who comes meanwhile with what it ran stops it, too", () => {
    const one = site({ web: {}, mail: {} }).vanish("n1").ask(stop).done().enter("n1").report("n1", ["web"]);
    expect(one.phase("web")).toBe("stopping on n1");
    expect(isAllStopped(one.done().state)).toBe(true);
  });

  it("[SVC-45] who was away as the others went is not stopped with a cluster that runs again", () => {
    const one = site().ask(stop).done().vanish("n3");
    halt(one).vanish("n1", "n2").enter("n1", "n2").off("n3").report("n1").report("n2").done();
    const places = one.places;
    one.comeBack("n3").report("n3").done();
    expect(one.places).toBe(places);
    expect(clusterStop(one.state)).toBeNull();
    expect(one.state.nodes[parseNodeId("n3")]?.shutdown).toMatchObject({ by: "ann" });
  });

  it("[SVC-45] nobody is fenced for what nobody would start", () => {
    const one = new Site(siteConfig(nodes, { web: {} }, guarded)).ask(stop).vanish("n1").done();
    expect(fenceNeeds(one.state)).toEqual([]);
    expect(fenceNeeds(halt(one).vanish("n2", "n3").join("n2", "n3").state)).toMatchObject([{ target: "n1" }]);
  });

  it.each<readonly [string, (where: Site) => Site, string]>([
    ["is being stopped", (where) => where.ask(stop), "it is being stopped already (ann)"],
    [
      "has a frozen service",
      (where) => where.ask({ kind: "freeze-service", service: shop }),
      "hale service unfreeze shop",
    ],
    ["is in maintenance", (where) => where.ask({ kind: "begin-maintenance" }), "hale maintenance off"],
  ])("[SVC-45] not one that %s", (_, happens, text) => {
    expect(happens(site()).ask(stop).refusal?.text).toContain(text);
  });

  it("[SVC-45] a dry run tells what stops, in order", () => {
    const { state } = site();
    const preview = previewOf(state, { kind: "intent", intent: stop }, "ann", parseNodeId("n1"));
    expect(preview).toMatchObject({ ok: true, text: "all services are stopped, and the daemons end" });
    expect(preview.ok && preview.steps.map(({ service }) => service)).toEqual(["shop", "web"]);
  });
});
