import { expect, test } from "vitest";
import type { ClusterConfig } from "../model/cluster-config.ts";
import type { NodeId } from "../model/ids.ts";
import { parseLinkId } from "../model/ids.ts";
import { durationMs, instantMs } from "../model/units.ts";
import { shapeConfig } from "../sim/explore/shapes.ts";
import { LinkTable } from "./link-table.ts";

// Goal: a node that only writes to the arbiter disk is told apart from one that is gone, and from one that is reached.

const [a, b] = ["a" as NodeId, "b" as NodeId];

function config(): ClusterConfig {
  const { config: base } = shapeConfig("2-disk-none");
  if (base.quorum.kind !== "disk") throw new RangeError("Cannot test a disk: the shape has none");
  const ids = [a, b];
  return {
    ...base,
    heartbeat: { ...base.heartbeat, warntimeMs: durationMs(300), deadtimeMs: durationMs(500) },
    nodes: base.nodes.map((node, index) => ({ ...node, id: ids[index] ?? a, addresses: [`10.0.0.${index + 1}`] })),
    quorum: { ...base.quorum, path: "/dev/arbiter" },
  };
}

function opened(): { readonly table: LinkTable; readonly at: (ms: number) => readonly string[] } {
  const table = new LinkTable(a);
  table.configure(config());
  return { table, at: (ms) => table.check(config(), instantMs(ms)).map(({ text }) => text) };
}

test("[GRP-95] the disk is one more path, with its states", () => {
  const { table, at } = opened();
  table.heard(b, "disk", instantMs(1_000));
  expect(at(1_001)).toEqual(["link b/disk (/dev/arbiter): never -> up"]);
  expect(at(1_600)).toEqual(["link b/disk (/dev/arbiter): up -> dead"]);
  expect(table.of(b, instantMs(1_700))).toEqual([
    { link: 0, address: "10.0.0.2", state: "never", silentMs: null, longestMs: { minute: null, hour: null } },
    { link: "disk", address: "/dev/arbiter", state: "dead", silentMs: 700, longestMs: { minute: null, hour: null } },
  ]);
});

test("[GRP-95] who is heard there alone runs and is not reached", () => {
  const { table, at } = opened();
  table.heard(b, parseLinkId(0), instantMs(1_000));
  table.heard(b, "disk", instantMs(1_000));
  at(1_001);
  expect(table.warnings()).toEqual([]);
  table.heard(b, "disk", instantMs(1_600));
  at(1_601);
  expect(table.warnings()).toEqual(["b is heard on no link, but writes to /dev/arbiter: it runs, and is not reached"]);
  expect(table.isOnDisk(b, config(), instantMs(1_601))).toBe(true);
  at(2_200);
  expect(table.warnings()).toEqual([]);
  expect(table.isOnDisk(b, config(), instantMs(2_200))).toBe(false);
});

test("a disk that is silent beside a living link is told", () => {
  const { table, at } = opened();
  table.heard(b, parseLinkId(0), instantMs(1_000));
  at(1_001);
  expect(table.warnings()).toEqual(["link b/disk (/dev/arbiter) is silent"]);
});
