import { describe, expect, it } from "vitest";
import { parseNodeId, parseServiceId } from "../../model/ids.ts";
import type { Intent } from "../../model/intent.ts";
import type { Why } from "../../model/snapshot.ts";
import { durationMs } from "../../model/units.ts";
import { explainService } from "./explain.ts";
import { type GivenServices, only, Site, siteConfig, those } from "./site.fixture.ts";

const nodes = ["n1", "n2", "n3"];
const [n1, n2, n3] = nodes.map(parseNodeId) as [never, never, never];
const [web, db] = ["web", "db"].map(parseServiceId) as [never, never];

const two = { web: {}, db: {} };
const on = (kind: "enable" | "disable" | "start" | "stop" | "restart" | "freeze"): Intent => ({
  kind: `${kind}-service`,
  service: web,
});

function site(services: GivenServices = two): Site {
  return new Site(siteConfig(nodes, services));
}

function why(where: Site): Why {
  const told = explainService(where.state, web);
  if (told === null) throw new RangeError("there is no such service");
  return told;
}

/** `REL-1 no, db is disabled`: the first rule that is not met, or the last one. */
function decisive(where: Site): string {
  const { rules = [] } = why(where);
  const rule = rules.find(({ isMet }) => !isMet) ?? rules.at(-1);
  return `${rule?.rule} ${rule?.answer}`;
}

function placed(where: Site): string {
  return why(where).placed?.text ?? "never";
}

function caseOf(where: Site, node: string): string {
  const verdict = why(where).nodes.find((each) => each.node === node);
  return `${verdict?.verdict}: ${verdict?.reasons.join("; ")}`;
}

const back = { domain: { ...only("n1", "n2"), failback: true } };
const window = { domain: { ...back.domain, failbackBetween: { from: 120, until: 240 } } };
const disable = { policy: "disable" as const, maxRestarts: 0, withinMs: durationMs(600_000) };

describe("why it is not started", () => {
  it.each<readonly [string, () => Site, string]>([
    [
      "disabled by the file",
      () => site({ web: { enabled: false } }),
      "SVC-28 no, it is disabled by the configuration (entry 2, by root); hale service enable web",
    ],
    [
      "disabled by an operator",
      () => site().ask(on("disable")).done(),
      "SVC-28 no, it is disabled: disable, asked by ann (entry 8); hale service enable web",
    ],
    [
      "disabled by its policy",
      () =>
        site({ web: { recovery: disable } })
          .fail("web", "monitor")
          .done(),
      "SVC-28 no, it is disabled: monitor of web/d failed: broken; its policy is to be disabled then; hale service enable web",
    ],
    [
      "stopped by an operator",
      () => site().ask(on("stop")).done(),
      "SVC-28 no, stopped until it is started or a node comes or goes: stop, asked by ann (entry 8)",
    ],
    [
      "maintenance",
      () => site().ask(on("stop")).done().ask({ kind: "begin-maintenance" }),
      "SVC-29 no, the cluster is in maintenance (ann); hale maintenance off",
    ],
    [
      "frozen",
      () => site({ web: { enabled: false } }).ask(on("freeze")),
      "SVC-29 no, it is frozen (ann); hale service unfreeze web",
    ],
    [
      "a node has not reported",
      () =>
        site({ web: { enabled: false } })
          .vanish("n3")
          .enter("n3")
          .ask(on("enable")),
      "SVC-1 no, n3 has not reported yet what it runs",
    ],
    [
      "its dependency is disabled",
      () => site({ web: { after: those("db") }, db: { enabled: false } }),
      "REL-1 no, db is disabled",
    ],
    [
      "its dependency is stopped",
      () =>
        site({ web: { after: those("db") }, db: {} })
          .ask({ kind: "stop-service", service: db })
          .done(),
      "REL-1 no, db is stopped by an operator",
    ],
    [
      "its dependency is starting",
      () => site({ web: { after: those("db") }, db: { enabled: false } }).ask({ kind: "enable-service", service: db }),
      "REL-1 no, db is starting on n1",
    ],
    [
      "its dependency has failed",
      () =>
        site({ web: { after: those("db") }, db: { domain: only("n1") } })
          .fail("db", "monitor")
          .done(),
      "REL-1 no, db is failed",
    ],
    [
      "its dependency is on a lost node",
      () =>
        site({ web: { after: those("db"), domain: only("n1") }, db: { domain: only("n2") } })
          .vanish("n2")
          .ask(on("restart"))
          .done(),
      "REL-1 no, db was on n2, which is not here",
    ],
    [
      "no node of its restricted domain is here",
      () =>
        site({ web: { domain: only("n3") } })
          .lose("n3")
          .done(),
      "PLC-1 none (n3: off: time; n1: not in its domain (n3), which is restricted; n2: not in its domain (n3), which is restricted)",
    ],
    [
      "its only node is on standby",
      () =>
        site({ web: { domain: only("n1") } })
          .ask({ kind: "standby-node", node: n1 })
          .done(),
      "PLC-1 none (n1: on standby; n2: not in its domain (n1), which is restricted; n3: not in its domain (n1), which is restricted)",
    ],
    [
      "apart from what has the last node",
      () =>
        site({ db: { apart: those("web") }, web: {} })
          .lose("n2", "n3")
          .done(),
      "PLC-1 none (n2: off: time; n3: off: time; n1: kept apart from db, which runs there)",
    ],
    [
      "kept with what may not be there",
      () =>
        site({ web: { with: those("db"), domain: only("n2") }, db: { domain: only("n1", "n2") } })
          .lose("n2")
          .done(),
      "PLC-1 none (n2: off: time; n3: not in its domain (n2), which is restricted; n1: not in its domain (n2), which is restricted)",
    ],
    [
      "there is no room",
      () =>
        new Site(
          siteConfig(
            nodes,
            { db: { needs: { memory: 6 } }, web: { needs: { memory: 3 }, domain: only("n1") } },
            { node: () => ({ offers: { memory: 8 } }) },
          ),
        ),
      "PLC-1 none (n1: no room: needs 3 of memory, 2 of 8 left; n2: not in its domain (n1), which is restricted; n3: not in its domain (n1), which is restricted)",
    ],
    [
      "a frozen node is all there is",
      () =>
        site({ web: { domain: only("n3"), enabled: false } })
          .ask({ kind: "freeze-node", node: n3 })
          .ask(on("enable")),
      "PLC-1 none (n3: frozen (ann); n1: not in its domain (n3), which is restricted; n2: not in its domain (n3), which is restricted)",
    ],
    [
      "a fatal failure",
      () => site().fail("web", "monitor", "fatal").done(),
      "PLC-1 none (n1: monitor of web/d failed: broken; it would fail everywhere; n3: monitor of web/d failed: broken; it would fail everywhere; n2: monitor of web/d failed: broken; it would fail everywhere)",
    ],
  ])("[PLC-12] %s", (_, make, expected) => {
    expect(decisive(make())).toBe(expected);
  });
});

describe("why it is there, and what it does there", () => {
  it.each<readonly [string, () => Site, string]>([
    ["started once", () => site(), "PLC-4 whatever node comes; n3 would be the next"],
    [
      "with failback",
      () => site({ web: back }),
      "PLC-4 until a better node of its domain becomes available anew; n2 would be the next",
    ],
    [
      "waits for its window",
      () => site({ web: window }).lose("n1").done().join("n1").done(),
      "PLC-11 until its window: then it returns to n1",
    ],
    [
      "no other node may",
      () => site({ web: { domain: only("n1") } }),
      "PLC-4 whatever node comes, and no other node may run it",
    ],
    ["its node is lost", () => site().vanish("n1"), "SVC-10 no, n1 is lost and not known to be off"],
    [
      "its node has come back and not reported",
      () => site().vanish("n1").enter("n1"),
      "SVC-10 no, n1 has not reported yet what it runs",
    ],
    [
      "is stopping, others first",
      () => site({ web: {}, db: { after: those("web") } }).ask(on("disable")),
      "SVC-28 no, it is disabled: disable, asked by ann (entry 8); hale service enable web",
    ],
    ["a stop has failed", () => site().ask(on("restart")).fail("web", "stop"), "SVC-10 yes, it is blocked on n1"],
  ])("[PLC-12] %s", (_, make, expected) => {
    expect(decisive(make())).toBe(expected);
  });

  it.each<readonly [string, () => Site, string, string]>([
    ["it stays", () => site(), "n1", "runs it: it stays where it runs; runs no other services"],
    [
      "outside a restricted domain",
      () => site({ web: { domain: only("n1") } }),
      "n2",
      "may not: not in its domain (n1), which is restricted",
    ],
    [
      "by priority",
      () => site({ web: { domain: { nodes: [n1, n2], priorities: { [n1]: 1, [n2]: 7 } } } }),
      "n2",
      "may: priority 7 in its domain; runs no other services",
    ],
    [
      "a node that it failed on",
      () => site().fail("web", "monitor").done(),
      "n1",
      "may not: failed here once within 600 s: monitor of web/d failed: broken",
    ],
    [
      "soft wishes",
      () => site({ db: { domain: only("n1") }, web: { with: those("db?") } }),
      "n2",
      "may: does not meet a soft wish (with, apart); runs no other services",
    ],
    ["with a group", () => site({ db: {}, web: { with: those("db") } }), "n2", "may not: kept with db, which is on n1"],
  ])("[PLC-12, PLC-8] a node's case: %s", (_, make, node, expected) => {
    expect(caseOf(make(), node)).toBe(expected);
  });
});

describe("why it moved", () => {
  it.each<readonly [string, () => Site, string]>([
    ["at the beginning", () => site(), "stopped -> starting on n1: start of the cluster"],
    ["its node was lost", () => site().lose("n1").done(), "stopped -> starting on n3: n1 is off: time"],
    [
      "an operator",
      () => site().ask({ kind: "relocate-service", service: web, to: n2 }).done(),
      "stopped -> starting on n2: relocation to n2 asked by ann",
    ],
    [
      "standby",
      () => site().ask({ kind: "standby-node", node: n1 }).done(),
      "stopped -> starting on n3: n1 is on standby",
    ],
    [
      "failback",
      () => site({ web: back }).lose("n1").done().join("n1").done(),
      "stopped -> starting on n1: failback to n1",
    ],
    [
      "it failed",
      () => site().fail("web", "monitor").done(),
      "stopped -> starting on n3: monitor of web/d failed: broken; relocated to n3",
    ],
    [
      "for one that is kept with it",
      () =>
        site({ db: { with: those("web"), domain: only("n2"), enabled: false }, web: {} })
          .ask({ kind: "enable-service", service: db })
          .done(),
      "stopped -> starting on n2: to n2, where db, which is kept with it, may run, too",
    ],
    [
      "its dependency was restarted",
      () =>
        site({ web: { after: those("db") }, db: {} })
          .ask({ kind: "restart-service", service: db })
          .done(),
      "stopped -> starting on n2: it depends on db, which is stopping on n1",
    ],
    [
      "it was found there",
      () =>
        site({ web: { domain: only("n1", "n2") } })
          .vanish("n1")
          .enter("n1")
          .report("n1", ["web"]),
      "stopped -> starting on n1: start of the cluster",
    ],
  ])("[PLC-12] %s", (_, make, expected) => {
    expect(placed(make())).toBe(expected);
  });
});
