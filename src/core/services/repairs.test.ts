import { expect, it } from "vitest";
import type { ResourceConfig } from "../../model/cluster-config.ts";
import { parseServiceId, resourceId } from "../../model/ids.ts";
import { durationMs, instantMs } from "../../model/units.ts";
import { type Failed, judgeFailure, keptSubtrees, type PartFailure, type Subtrees, withRepair } from "./repairs.ts";

const web = parseServiceId("web");
const span = durationMs(1_000);
const times = { startTimeoutMs: span, stopTimeoutMs: span, monitorTimeoutMs: span, monitorIntervalMs: span };
const now = instantMs(100_000);

/** disk, and on it: db (independent), on that: app, and report, which the service can do without; beside them mail, which stands on disk. */
const resources: readonly ResourceConfig[] = [
  resource("disk"),
  resource("db", { independent: true }),
  resource("app", { after: [resourceId(web, "db")] }),
  resource("report", { after: [resourceId(web, "db")], critical: false }),
  resource("cache", { after: [resourceId(web, "report")], independent: true }),
  resource("mail", { after: [resourceId(web, "disk")] }),
];

function resource(
  name: string,
  place: Pick<ResourceConfig, "after" | "independent" | "critical"> = {},
): ResourceConfig {
  return { kind: "lsb", id: resourceId(web, name), name, script: "/s", ...times, ...place };
}

function failed(name: string, action: Failed["action"], severity: Failed["outcome"]["severity"] = "soft"): Failed {
  const outcome = { status: "failed", severity, reason: "exit 1", output: "", durationMs: 1 } as const;
  return { kind: "failed", resource: resourceId(web, name), action, outcome };
}

/** So many failures of a root, the newest just now, and one that is too old to count. */
function failures(root: string, count: number): Subtrees {
  const old = instantMs(0);
  const failedAt = [old, ...Array.from({ length: count }, (_, index) => instantMs(now - 1 - index))];
  return { [resourceId(web, root)]: { failedAt, repair: null } };
}

const recovery = { policy: "restart", maxRestarts: 2, withinMs: durationMs(60_000) } as const;

it.each<readonly [string, Failed, Partial<PartFailure>, string]>([
  ["no root", failed("disk", "monitor"), {}, "service"],
  ["beside all roots", failed("mail", "monitor"), {}, "service"],
  ["the root", failed("db", "monitor"), {}, "db at once"],
  ["in its subtree", failed("app", "monitor"), {}, "db at once"],
  ["the second time", failed("app", "monitor"), { subtrees: failures("db", 1) }, "db at once"],
  ["too often", failed("app", "monitor"), { subtrees: failures("db", 2) }, "service"],
  ["it cannot work here", failed("app", "monitor", "hard"), {}, "service"],
  ["it cannot work anywhere", failed("app", "monitor", "fatal"), {}, "service"],
  ["a start of the repair", failed("app", "start"), { triedRoot: 1 }, "service"],
  ["a start of the service", failed("app", "start"), { triedRoot: "all" }, "service"],
  ["optional", failed("report", "monitor"), {}, "report at once"],
  ["optional, again", failed("report", "monitor"), { subtrees: failures("report", 1) }, "report given up 1000"],
  ["optional, often", failed("report", "monitor"), { subtrees: failures("report", 19) }, "report given up 60000"],
  ["optional, cannot work here", failed("report", "monitor", "hard"), {}, "report at once"],
  ["optional, a start of its repair", failed("report", "start"), { triedRoot: 3 }, "report given up 1000"],
  ["optional, a start of a repair around it", failed("report", "start"), { triedRoot: 1 }, "report given up 1000"],
  ["optional, a start of the service", failed("report", "start"), { triedRoot: "all" }, "report given up 1000"],
  ["independent in an optional one", failed("cache", "monitor"), {}, "cache at once"],
  ["the same, a start of its repair", failed("cache", "start"), { triedRoot: 4 }, "report at once"],
  ["the same, a start of the repair around it", failed("cache", "start"), { triedRoot: 3 }, "report given up 1000"],
])("[TREE-3, TREE-4] %s", (_what, failure, more, expected) => {
  const position = resources.findIndex(({ id }) => id === failure.resource);
  const base = { resources, recovery, subtrees: {}, position, failed: failure, triedRoot: null, now };
  const verdict = judgeFailure({ ...base, ...more });
  const { againAt = now, isGivenUp = false } = verdict?.subtree.repair ?? {};
  const how = isGivenUp ? `given up ${againAt - now}` : "at once";
  expect(verdict === null ? "service" : `${resources[verdict.root]?.name} ${how}`).toBe(expected);
  expect(verdict?.subtree.repair.phase ?? "down").toBe("down");
});

it("[TREE-3] a repair takes those inside it along, and leaves others", () => {
  const inner = { failedAt: [now], repair: { phase: "up", againAt: now, isGivenUp: true, cause: null } } as const;
  const subtrees: Subtrees = { [resourceId(web, "report")]: inner };
  const verdict = judgeFailure({
    resources,
    recovery,
    subtrees,
    position: 2,
    failed: failed("app", "monitor"),
    triedRoot: null,
    now,
  });
  if (verdict === null) throw new RangeError("a repair was expected");
  const after = withRepair(subtrees, resources, verdict);
  expect(after[resourceId(web, "report")]).toEqual({ ...inner, repair: null });
  expect(after[resourceId(web, "db")]?.repair?.phase).toBe("down");
  const cache = { ...verdict, root: 4 };
  expect(withRepair(subtrees, resources, cache)[resourceId(web, "report")]).toEqual(inner);
});

it("[TREE-3] what is marked no more is forgotten", () => {
  const unmarked = resources.map(({ critical: _critical, ...one }) => one);
  const kept = keptSubtrees({ ...failures("db", 1), ...failures("report", 1) }, unmarked);
  expect(Object.keys(kept)).toEqual(["web/db"]);
});
