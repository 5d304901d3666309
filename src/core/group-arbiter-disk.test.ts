import { describe, expect, test } from "vitest";
import type { NodeId } from "../model/ids.ts";
import type { GroupArbiterDisk } from "../sim/group/group-arbiter-disk.ts";
import type { GroupWorld } from "../sim/group/group-world.ts";
import { formedWithDisk } from "../sim/group/stage.ts";
import { cutPair } from "../sim/group/witness-stories.ts";

// Goal: of an even number of nodes that share a disk and are halved, exactly one half goes on; the disk's own troubles trouble nobody else.

const deadtimeMs = 300;

function active(world: GroupWorld): readonly string[] {
  return world.hosts.filter((host) => host.facts()?.status === "active").map(({ node }) => node as string);
}

function voters(world: GroupWorld, name: string): readonly string[] {
  return world.host(name).facts()?.electorate.voters ?? [];
}

/** Its write of that copy was cut short. */
function tear(disk: GroupArbiterDisk, slot: number, copy: 0 | 1): void {
  const vote = disk.slots[slot]?.votes[copy];
  if (vote !== null && vote !== undefined) disk.tear({ kind: "vote", slot, copy, vote });
}

describe("two nodes and a disk", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("[GRP-90] a cut between them leaves one side, seed %i", (seed) => {
    const { world } = formedWithDisk("ab", seed);
    cutPair(world);
    world.run(3 * deadtimeMs);
    expect(active(world)).toHaveLength(1);
    world.run(10 * deadtimeMs);
    expect(active(world)).toHaveLength(1);
    world.network.heal();
    expect(world.runUntil(() => world.isOneView(["a", "b"]), 3_000)).not.toBeNull();
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-90] the survivor of a silent death goes on soon after the deadtime", () => {
    const waits = Array.from({ length: 20 }, (_, seed): number => {
      const { world } = formedWithDisk("ab", seed + 1);
      const owner = world.coordinator()?.node === "a" ? "a" : "b";
      const other = owner === "a" ? "b" : "a";
      world.host(owner).cutPower();
      return world.runUntil(() => world.isOneView([other]), 2_000) ?? Number.POSITIVE_INFINITY;
    });
    expect(Math.max(...waits)).toBeLessThanOrEqual(deadtimeMs + 80);
  });

  test.each(["a", "b"])("[GRP-90] the one with a way to the disk goes on: %s", (winner) => {
    const { world, disk } = formedWithDisk();
    disk.cuts.add((winner === "a" ? "b" : "a") as NodeId);
    world.run(2 * deadtimeMs);
    expect(world.isOneView(["a", "b"])).toBe(true);
    cutPair(world);
    world.run(4 * deadtimeMs);
    expect(active(world)).toEqual([winner]);
  });

  test.each(["a", "b"])(
    "[GRP-92] %s loses its power while it claims: what is left of its slot stops nobody",
    (name) => {
      const { world, disk } = formedWithDisk();
      const other = name === "a" ? "b" : "a";
      world.host(name).cutPower();
      tear(disk, name === "a" ? 0 : 1, 0);
      expect(world.runUntil(() => world.isOneView([other]), 3_000)).not.toBeNull();
      world.host(name).start();
      expect(world.runUntil(() => world.isOneView(["a", "b"]), 5_000)).not.toBeNull();
      // Its own node has mended it.
      world.run(deadtimeMs);
      expect(disk.slots.every(({ votes }) => votes.every((vote) => vote !== null))).toBe(true);
    },
  );

  test("[GRP-91] a slot with no whole copy: nobody goes on alone", () => {
    const { world, disk } = formedWithDisk();
    tear(disk, 1, 0);
    tear(disk, 1, 1);
    world.run(2 * deadtimeMs);
    expect(world.isOneView(["a", "b"])).toBe(true);
    world.host("b").cutPower();
    world.run(10 * deadtimeMs);
    expect(active(world)).toEqual([]);
  });

  test("[GRP-88] a disk made anew is another voter, and gets its vote when both are there", () => {
    const { world, disk } = formedWithDisk();
    const before = disk.id;
    disk.makeAnew();
    expect(world.runUntil(() => voters(world, "b").includes(disk.id), 3_000)).not.toBeNull();
    world.run(500);
    expect(voters(world, "a")).not.toContain(before);
    world.host("a").cutPower();
    expect(world.runUntil(() => world.isOneView(["b"]), 3_000)).not.toBeNull();
  });

  test("[GRP-88] a lone node whose disk is made anew has no quorum, and takes none from it", () => {
    const { world, disk } = formedWithDisk();
    world.host("b").cutPower();
    expect(world.runUntil(() => world.isOneView(["a"]), 3_000)).not.toBeNull();
    disk.makeAnew();
    world.run(10 * deadtimeMs);
    expect(active(world)).toEqual([]);
  });

  test("[GRP-94] a disk that stands still costs nothing while both are there, and is used again", () => {
    const { world, disk } = formedWithDisk();
    const view = world.host("a").facts()?.view?.id;
    disk.stalledUntil = world.now + 2_000;
    world.run(1_500);
    expect(world.host("a").facts()).toMatchObject({ witness: { isHeard: false }, view: { id: view } });
    world.run(1_500);
    expect(world.host("a").facts()).toMatchObject({ witness: { isHeard: true, hasVote: true }, view: { id: view } });
  });
});
