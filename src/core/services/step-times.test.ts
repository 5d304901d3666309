import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ResourceConfig } from "../../model/cluster-config.ts";
import { resourceId } from "../../model/ids.ts";
import { treeOf } from "../../model/resource-tree.ts";
import { times, web } from "./runner-bench.fixture.ts";
import type { MeasuredRecord } from "./service-record.ts";
import { courseOf, withParts } from "./step-times.ts";

function resource(name: string, after?: readonly string[], more: Partial<ResourceConfig> = {}): ResourceConfig {
  const named = after === undefined ? {} : { after: after.map((other) => resourceId(web, other)) };
  return { kind: "lsb", id: resourceId(web, name), name, script: "/s", ...times, ...named, ...more } as ResourceConfig;
}

/** By name: start and stop, ms. */
function measured(
  parts: Readonly<Record<string, readonly [number?, number?]>>,
  whole: MeasuredRecord = {},
): MeasuredRecord {
  const known = Object.entries(parts).map(([name, [startMs, stopMs]]) => [
    `web/${name}`,
    { ...(startMs === undefined ? {} : { startMs }), ...(stopMs === undefined ? {} : { stopMs }) },
  ]);
  return { ...whole, parts: Object.fromEntries(known) as NonNullable<MeasuredRecord["parts"]> };
}

/** disk and ip at once, db on disk, app on db and ip, a report on ip that can be done without. */
const branched = [
  resource("disk", []),
  resource("ip", []),
  resource("db", ["disk"]),
  resource("app", ["db", "ip"]),
  resource("report", ["ip"], { critical: false }),
];
const known = measured({ disk: [300, 100], ip: [20, 10], db: [1_000, 2_000], app: [50, 400], report: [5_000, 30] });

describe("the course of a service", () => {
  it("[TREE-9] branches go at the same time: a start is as long as the longest, and the service is missed until what it needs runs", () => {
    const { wholeMs, criticalMs, parts } = courseOf(branched, "start", known);
    expect([wholeMs, criticalMs]).toEqual([5_020, 1_350]);
    expect(parts.map(({ resource: id, atMs, forMs }) => `${atMs} ${id} ${forMs}`)).toEqual([
      "0 web/disk 300",
      "0 web/ip 20",
      "20 web/report 5000",
      "300 web/db 1000",
      "1300 web/app 50",
    ]);
  });

  it("[TREE-9] a stop goes the other way", () => {
    const { wholeMs, parts } = courseOf(branched, "stop", known);
    expect(wholeMs).toBe(400 + 2_000 + 100);
    expect(parts.map(({ resource: id, atMs }) => `${atMs} ${id}`)).toEqual([
      "0 web/report",
      "0 web/app",
      "400 web/db",
      "400 web/ip",
      "2400 web/disk",
    ]);
  });

  it("[TREE-9] a list is one branch, and is told as one", () => {
    const list = [resource("disk"), resource("db"), resource("app")];
    expect(courseOf(list, "start", known)).toEqual({ wholeMs: 1_350, criticalMs: 1_350, parts: [], unmeasured: [] });
  });

  it("[TREE-9] of what was never measured only what waits for it is not known", () => {
    const { wholeMs, criticalMs, parts, unmeasured } = courseOf(
      [...branched, resource("new", ["ip"])],
      "start",
      measured({ disk: [300], ip: [20], db: [1_000], report: [5_000] }),
    );
    expect([wholeMs, criticalMs, unmeasured]).toEqual([null, null, ["web/app", "web/new"]]);
    expect(parts.find(({ resource: id }) => id === "web/app")).toEqual({
      resource: "web/app",
      atMs: 1_300,
      forMs: null,
    });
  });

  it("[TREE-9] where nothing was told of the parts, the whole counts", () => {
    expect(courseOf(branched, "start", { startMs: 700 })).toMatchObject({
      wholeMs: 700,
      criticalMs: 700,
      unmeasured: [],
    });
    expect(courseOf(branched, "stop", undefined)).toMatchObject({ wholeMs: null });
  });

  it("[TREE-9] what is known of a resource goes with it", () => {
    const { parts } = withParts(known, branched.slice(0, 2), "stop", { [resourceId(web, "ip")]: 11 });
    expect(parts).toEqual({ "web/disk": { startMs: 300, stopMs: 100 }, "web/ip": { startMs: 20, stopMs: 11 } });
  });

  it("[TREE-9] it is what comes out when each begins as soon as it may", () => {
    const trees = fc.array(fc.record({ after: fc.array(fc.nat(9)), ms: fc.nat(50) }), { minLength: 2, maxLength: 10 });
    fc.assert(
      fc.property(trees, fc.constantFrom("start" as const, "stop" as const), (nodes, action) => {
        const resources = nodes.map(({ after }, position) =>
          resource(`r${position}`, position === 0 ? [] : [...new Set(after.map((other) => `r${other % position}`))]),
        );
        const spans = measured(Object.fromEntries(nodes.map(({ ms }, position) => [`r${position}`, [ms, ms]])));
        expect(courseOf(resources, action, spans).wholeMs).toBe(
          simulated(
            resources,
            nodes.map(({ ms }) => ms),
            action,
          ),
        );
      }),
    );
  });
});

/** Millisecond by millisecond. */
function simulated(resources: readonly ResourceConfig[], spans: readonly number[], action: "start" | "stop"): number {
  const { below, upon } = treeOf(resources);
  const waitsFor = action === "start" ? below : upon;
  const left = [...spans];
  const ended = new Set<number>();
  for (let now = 0; ; now += 1) {
    for (let found = true; found; ) {
      found = false;
      for (const position of resources.keys()) {
        if (
          ended.has(position) ||
          left[position] !== 0 ||
          waitsFor[position]?.every((other) => ended.has(other)) !== true
        )
          continue;
        ended.add(position);
        found = true;
      }
    }
    if (ended.size === resources.length) return now;
    for (const position of resources.keys())
      if (!ended.has(position) && waitsFor[position]?.every((other) => ended.has(other)) === true)
        left[position] = (left[position] ?? 0) - 1;
  }
}
