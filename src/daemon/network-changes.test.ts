import { expect, test } from "vitest";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { parseNodeId } from "../model/ids.ts";
import { durationMs } from "../model/units.ts";
import { shapeConfig } from "../sim/explore/shapes.ts";
import { networkChanges, restartNeeded } from "./network-changes.ts";

const { config } = shapeConfig("3");
const [first, ...others] = config.nodes as [ClusterConfig["nodes"][number]];

test.each<[Partial<ClusterConfig>, readonly string[]]>([
  [{ services: [], fencing: { kind: "none", assumeOffAfterMs: durationMs(0) } as never }, []],
  [{ cluster: "other" }, ["cluster"]],
  [{ nodes: [{ ...first, addresses: ["10.9.9.9"] }, ...others] }, ["addresses of n1"]],
  [{ nodes: [{ ...first, id: parseNodeId("n9") }, ...others] }, []],
  [
    { heartbeat: { ...config.heartbeat, deadtimeMs: durationMs(9999), daemonGraceMs: durationMs(1), port: 7000 } },
    ["heartbeat.deadtime", "heartbeat.daemon-grace", "heartbeat.port"],
  ],
  [{ quorum: { kind: "fencing", prefer: first.id, delayMs: durationMs(1) } }, []],
  [{ quorum: { kind: "witness", ip: "10.9.9.9", port: 6941 } }, ["quorum.arbiter"]],
])("a change to %j wants a restart for %j", (change, changes) => {
  expect(networkChanges(config, { ...config, ...change })).toEqual(changes);
});

const timed = (
  keepaliveMs: number,
  deadtimeMs: number,
  more: Partial<ClusterConfig["heartbeat"]> = {},
): ClusterConfig => ({
  ...config,
  heartbeat: { ...config.heartbeat, keepaliveMs: durationMs(keepaliveMs), deadtimeMs: durationMs(deadtimeMs), ...more },
});

test("names what a restart is for", () => {
  expect(restartNeeded(config, { ...config, services: [] })).toBeNull();
  expect(restartNeeded(timed(250, 1_500), timed(250, 3_000))).toBe(
    "restart haled, one node after the other, for what is in use only then: heartbeat.deadtime",
  );
  expect(restartNeeded(timed(250, 1_500), timed(250, 1_500, { port: 7000 }))).toMatch(
    /^stop haled on all nodes, then start it again, .*heartbeat\.port; /,
  );
});

// Goal: at no time do two nodes run with timers of which one's heartbeats come later than the other's patience ends.
test.each([
  [timed(250, 1_500), timed(2_000, 10_000)],
  [timed(2_000, 10_000), timed(250, 1_500)],
])("timers that do not fit each other want a step between", (before, after) => {
  expect(restartNeeded(before, after)).toContain(
    "In two steps: reload and restart with { keepalive: 250ms, deadtime: 10000ms } first, since with heartbeats every 2000ms and a deadtime of 1500ms",
  );
  expect(restartNeeded(before, timed(250, 10_000))).not.toContain("two steps");
  expect(restartNeeded(timed(250, 10_000), after)).not.toContain("two steps");
});
