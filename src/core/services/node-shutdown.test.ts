import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../../model/ids.ts";
import type { Intent, ShutdownPolicy } from "../../model/intent.ts";
import { durationMs } from "../../model/units.ts";
import { clusterWarnings, explainNodes, explainService } from "./explain.ts";
import { goalState } from "./goals.ts";
import { guarded, Site, siteConfig, those } from "./site.fixture.ts";

const [n1, n2, n3] = ["n1", "n2", "n3"].map(parseNodeId) as [never, never, never];
const web = parseServiceId("web");

/** web on n1, db on n2, and a fence device for every node unless `hasDevice` is false. */
function site({ hasDevice = true } = {}): Site {
  return new Site(siteConfig(["n1", "n2", "n3"], { web: {}, db: {} }, hasDevice ? guarded : {}));
}

function shutdown(services: ShutdownPolicy, node = n1): Intent {
  return { kind: "shutdown-node", node, services };
}

/** It gives up what it has and leaves. */
function leave(where: Site): Site {
  const incarnation = where.state.nodes[n1]?.incarnation as never;
  where.say({ kind: "leaving", node: n1, incarnation }).done();
  return where
    .say({ kind: "left", node: n1, incarnation, voters: [n2] })
    .vanish("n1")
    .done();
}

function told(where: Site, intent: Intent): string {
  const goal = goalState(where.state, { intent, entry: 1, attempt: 0 });
  return goal.kind === "pending" ? "pending" : goal.text;
}

describe("a node is shut down", () => {
  it("[SVC-40] and its services go elsewhere at once", () => {
    const one = site().ask(shutdown("move"));
    expect([one.phase("web"), told(one, shutdown("move"))]).toEqual(["stopping on n1", "pending"]);
    expect(explainNodes(one.state)[0]?.reason).toBe("leaving: shut down by ann");
    expect(one.done().places).toBe("web n3, db n2");
    expect(told(leave(one), shutdown("move"))).toBe("node n1 has left");
    expect(one.join("n1").done().state.nodes[n1]?.shutdown).toBeNull();
  });

  it("[SVC-41] and its services wait for it, whoever else comes or goes, and start there again", () => {
    const one = leave(site().ask(shutdown("stop")).done());
    expect(told(one, shutdown("stop"))).toBe("node n1 has left; its services wait for it");
    one.lose("n3").join("n3").done();
    expect(one.places).toBe("web stopped, db n2");
    expect(clusterWarnings(one.state, [])).toContainEqual(
      "service web waits for n1, which ann shut down with it; to start it elsewhere: hale service start web",
    );
    expect(one.enter("n1").done().places).toBe("web stopped, db n2");
    expect(one.report("n1").done().places).toBe("web n1, db n2");
    expect(one.since(0)).toContain("web: n1 is back, which it waited for");
  });

  it("[SVC-41] an operator need not wait for it", () => {
    const one = leave(site().ask(shutdown("stop")).done());
    expect(one.ask({ kind: "relocate-service", service: web, to: n2 }).refusal?.text).toContain("it waits for n1");
    expect(one.ask({ kind: "start-service", service: web }).done().places).toBe("web n3, db n2");
    expect(one.join("n1").done().places).toBe("web n3, db n2");
  });

  it("[SVC-41] what waits for a node that was removed waits no more", () => {
    const one = leave(site().ask(shutdown("stop")).done());
    expect(one.ask({ kind: "remove-node", node: n1 }).refusal).toBeNull();
    expect(one.done().places).toBe("web n3, db n2");
  });

  it("[SVC-41] what comes after a service that waits is stopped, and follows it", () => {
    const fencing = { kind: "none" as const, assumeOffAfterMs: durationMs(0) };
    const one = new Site(siteConfig(["n1", "n2", "n3"], { web: {}, shop: { after: those("web") } }, { fencing }));
    leave(one.ask(shutdown("stop")).done());
    expect(one.places).toBe("web stopped, shop stopped");
    expect(one.join("n1").done().phase("web")).toBe("started on n1");
    expect(one.phase("shop")).toMatch(/^started/);
  });

  it("[SVC-40] and what runs there is left alone until it is back", () => {
    const one = site().ask(shutdown("freeze"));
    expect(told(one, shutdown("freeze"))).toContain("runs on, left alone until it is back");
    one.vanish("n1").done();
    expect(one.places).toBe("web n1, db n2");
    one.enter("n1").report("n1", ["web"]).done();
    expect(one.state.nodes[n1]?.frozen).toBeNull();
    expect(one.report("n1", ["web"]).done().places).toBe("web n1, db n2");
    expect(one.starts.get("web")).toBe(1);
  });

  it.each<readonly [string, (where: Site) => Site, ShutdownPolicy, string]>([
    ["is lost", (where) => where.vanish("n1"), "move", "it is not in the group"],
    ["is being shut down", (where) => where.ask(shutdown("move")), "stop", "being shut down already (ann)"],
    ["has a frozen service", (where) => where.ask({ kind: "freeze-service", service: web }), "stop", "unfreeze web"],
    ["is in maintenance", (where) => where.ask({ kind: "begin-maintenance" }), "move", "hale maintenance off"],
  ])("[SVC-40] not one that %s", (_, happens, services, text) => {
    expect(happens(site()).ask(shutdown(services)).refusal?.text).toContain(text);
  });

  it("[SVC-40] nothing is left running where nobody can make sure that it runs nowhere else", () => {
    const one = site({ hasDevice: false }).ask(shutdown("freeze"));
    expect(one.refusal?.text).toContain("takes a fence device");
    expect(one.ask(shutdown("freeze", n3)).refusal).toBeNull();
  });

  it("[SVC-47] its leave proves nothing of a service that has come meanwhile", () => {
    const one = site();
    const incarnation = one.lifeOf("n3");
    one.say({ kind: "leaving", node: n3, incarnation });
    one.reload(siteConfig(["n1", "n2", "n3"], { web: {}, db: {}, mail: {} }));
    one
      .say({ kind: "left", node: n3, incarnation, voters: [n1, n2] })
      .vanish("n3")
      .report("n1")
      .report("n2")
      .done();
    expect(one.state.nodes[n3]?.off).toBeNull();
    expect(one.places).toBe("web n1, db n2, mail stopped");
    expect(one.off("n3").done().phase("mail")).toMatch(/^started/);
  });

  it("[SVC-41] hale why says so", () => {
    const why = explainService(leave(site().ask(shutdown("stop")).done()).state, web);
    expect(why?.rules?.find(({ isMet }) => !isMet)?.answer).toBe(
      "not before n1 is back, which ann shut down with it; elsewhere: hale service start web",
    );
  });
});
