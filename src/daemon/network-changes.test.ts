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

test("names what a restart is for", () => {
  expect(restartNeeded(["addresses of b", "quorum"])).toBe(
    "restart haled, one node after the other, for what is in use only then: addresses of b, quorum",
  );
});
