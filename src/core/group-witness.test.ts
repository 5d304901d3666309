import { describe, expect, test } from "vitest";
import { witnessId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import { foundedWitness } from "./quorum/witness.ts";
import { rightRules } from "../sim/group/group-rules.ts";
import type { GroupWorld } from "../sim/group/group-world.ts";
import { formedWithWitness, record, restart, submitOnce, voterOf } from "../sim/group/stage.ts";
import {
  anOlderGrantIsNoAnswer,
  aPromiseOutlivesTheWitness,
  cutPair,
  cutWitness,
} from "../sim/group/witness-stories.ts";

// Goal: of an even number of nodes that is halved, exactly one half goes on; and the witness's own troubles trouble nobody else.

const deadtimeMs = 300;
const leaseMs = 2 * deadtimeMs;

/** Nodes that may act now. */
function leased(world: GroupWorld): readonly string[] {
  return world.hosts
    .filter((host) => (host.facts()?.leaseUntil ?? 0) > host.moment().now)
    .map(({ node }) => node as string);
}

function voters(world: GroupWorld, name: string): readonly string[] {
  return world.host(name).facts()?.electorate.voters ?? [];
}

describe("two nodes and a witness", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("[GRP-80] [GRP-81] a cut between them leaves one side, seed %i", (seed) => {
    const { world } = formedWithWitness("ab", { seed });
    cutPair(world);
    world.run(3 * deadtimeMs);
    expect(world.hosts.filter((host) => host.facts()?.status === "active")).toHaveLength(1);
    world.run(20);
    expect(leased(world)).toHaveLength(1);
    world.run(leaseMs);
    expect(leased(world)).toHaveLength(1);
    world.network.heal();
    expect(world.runUntil(() => world.isOneView(["a", "b"]), 3_000)).not.toBeNull();
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-88] one that dies in the moment in which it gets its vote back leaves the witness's to the other", () => {
    const { world } = formedWithWitness("ab");
    const [a, b] = [world.host("a"), world.host("b")];
    b.input(() => ({ kind: "leave" }));
    expect(world.runUntil(() => !b.isRunning, 3_000)).not.toBeNull();
    expect(voters(world, "a")).toEqual(["a"]);
    b.start();
    expect(
      world.runUntil(() => a.state?.log.electorates.at(-1)?.voters.includes(b.node) === true, 5_000),
    ).not.toBeNull();
    expect(world.runUntil(() => voters(world, "a").includes("b"), 3_000)).not.toBeNull();
    b.cutPower();
    expect(world.runUntil(() => world.isOneView(["a"]), 3_000)).not.toBeNull();
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-84] the survivor of a silent death has view and lease soon after the deadtime", () => {
    const waits: number[] = [];
    for (let seed = 1; seed <= 20; seed += 1) {
      const { world } = formedWithWitness("ab", { seed });
      const owner = world.coordinator()?.node === "a" ? "a" : "b";
      world.host(owner).cutPower();
      const other = owner === "a" ? "b" : "a";
      const isLone = (): boolean => world.isOneView([other]) && leased(world).includes(other);
      waits.push(world.runUntil(isLone, 2_000) ?? Number.POSITIVE_INFINITY);
    }
    expect(Math.max(...waits)).toBeLessThanOrEqual(deadtimeMs + 50);
  });

  test("[GRP-81] the side without the witness's vote asks little, and waits", () => {
    const { world } = formedWithWitness();
    cutPair(world);
    world.run(1_500);
    const sent = record(world);
    const loser = world.hosts.find((host) => host.facts()?.status !== "active")?.node;
    world.run(10_000);
    expect(
      sent.filter(({ from, message }) => from === loser && message.kind === "ask" && message.step !== "hear"),
    ).toEqual([]);
  });

  test("[GRP-84] a dead witness changes nothing while both nodes are there", () => {
    const { world, witness } = formedWithWitness();
    const view = world.host("a").facts()?.view?.id;
    witness.cutPower();
    world.run(5_000);
    expect(world.isOneView(["a", "b"])).toBe(true);
    expect(world.host("a").facts()?.view?.id).toEqual(view);
    expect(leased(world)).toEqual(["a", "b"]);
  });

  test.each(["a", "b"])("[GRP-87] without witness and peer, %s has no view and no lease", (survivor) => {
    const { world, witness } = formedWithWitness();
    witness.cutPower();
    world.run(1_000);
    world.host(survivor === "a" ? "b" : "a").cutPower();
    world.run(deadtimeMs + leaseMs);
    expect(world.host(survivor).facts()?.view).toBeNull();
    expect(leased(world)).toEqual([]);
    witness.start();
    expect(world.runUntil(() => world.isOneView([survivor]), 2_000)).not.toBeNull();
  });

  test("[GRP-87] a lone node that loses the witness stops acting, and goes on when it is back", () => {
    const { world, witness } = formedWithWitness();
    world.host("b").cutPower();
    world.run(2_000);
    expect(leased(world)).toEqual(["a"]);
    witness.cutPower();
    world.run(deadtimeMs + leaseMs);
    expect(world.host("a").facts()?.view).toBeNull();
    expect(leased(world)).toEqual([]);
    witness.start();
    expect(world.runUntil(() => leased(world).length === 1, 2_000)).not.toBeNull();
  });

  test("[GRP-88] a witness with a new disk is another voter, and gets the vote when both nodes are there", () => {
    const { world, witness } = formedWithWitness();
    const before = voterOf(witness);
    witness.loseDisk();
    witness.start();
    const isCounted = (): boolean => voters(world, "b").includes(voterOf(witness));
    expect(world.runUntil(isCounted, 2_000)).not.toBeNull();
    expect(voters(world, "b")).not.toContain(before);
    world.run(500);
    world.host("a").cutPower();
    expect(world.runUntil(() => world.isOneView(["b"]), 2_000)).not.toBeNull();
  });

  test("[GRP-88] one that has promised above the view, for an earlier cluster, gets its vote with the next view", () => {
    const { world, witness } = formedWithWitness();
    witness.loseDisk();
    const other = { counter: 90, proposer: world.host("a").node, incarnation: "0".repeat(28) as Incarnation };
    witness.disk.apply([...foundedWitness(witnessId("00000000beef")), { kind: "promise", promised: other }]);
    witness.start();
    world.run(3_000);
    expect(voters(world, "a")).not.toContain(voterOf(witness));
    restart(world, world.host("b"));
    expect(world.runUntil(() => voters(world, "a").includes(voterOf(witness)), 3_000)).not.toBeNull();
  });

  test("[GRP-88] a new disk gives no vote to a lone node that counts the old one", () => {
    const { world, witness } = formedWithWitness();
    world.host("b").cutPower();
    witness.loseDisk();
    witness.start();
    world.run(5_000);
    expect(world.host("a").facts()?.view).toBeNull();
    expect(leased(world)).toEqual([]);
  });

  test("[GRP-42] [GRP-81] a blank peer is no reason to go on: it may have gone on with the witness before", () => {
    const { world } = formedWithWitness();
    const [a, b] = [world.host("a"), world.host("b")];
    cutPair(world);
    cutWitness(world, "a");
    world.run(1_500);
    expect(world.isOneView(["b"])).toBe(true);
    submitOnce(b);
    world.run(100);
    const length = b.facts()?.length;
    b.cutPower();
    b.disk.replace([]);
    world.checkers.wipedAt.set(b.node, world.now);
    b.start();
    world.network.heal();
    world.run(5_000);
    expect(length).toBeGreaterThan(a.facts()?.length ?? 0);
    expect(a.facts()?.view).toBeNull();
  });

  test("[GRP-88] a node that leaves takes the witness's vote with it, and brings it back", () => {
    const { world, witness } = formedWithWitness();
    const [a, b] = [world.host("a"), world.host("b")];
    b.input(() => ({ kind: "leave" }));
    expect(world.runUntil(() => !b.isRunning, 3_000)).not.toBeNull();
    expect(voters(world, "a")).toEqual(["a"]);
    witness.cutPower();
    world.run(3_000);
    expect(leased(world)).toEqual(["a"]);
    witness.start();
    b.start();
    const isCounted = (): boolean => voters(world, "b").includes(voterOf(witness)) && a.facts()?.view !== null;
    expect(world.runUntil(isCounted, 3_000)).not.toBeNull();
    restart(world, a);
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-86] the answer to an earlier attempt is none", () =>
    expect(anOlderGrantIsNoAnswer(rightRules)).toEqual([]));

  test("[GRP-80] [GRP-82] a promise outlives the witness", () =>
    expect(aPromiseOutlivesTheWitness(rightRules)).toEqual([]));
});

describe("four nodes and a witness", () => {
  test.each([1, 2, 3, 4])("[GRP-83] halved, one half goes on, seed %i", (seed) => {
    const { world } = formedWithWitness("abcd", { seed });
    for (const left of ["a", "b"])
      for (const right of ["c", "d"]) world.network.cutBoth(world.host(left).node, world.host(right).node);
    world.run(1_000 + leaseMs);
    expect([world.isOneView(["a", "b"]), world.isOneView(["c", "d"])].filter(Boolean)).toHaveLength(1);
    expect(leased(world)).toHaveLength(2);
    world.network.heal();
    expect(world.runUntil(() => world.isOneView(["a", "b", "c", "d"]), 4_000)).not.toBeNull();
    expect(world.checkers.violations).toEqual([]);
  });

  test("[GRP-88] with three of them left by a clean leave the witness is not counted", () => {
    const { world, witness } = formedWithWitness("abcd");
    world.host("d").input(() => ({ kind: "leave" }));
    expect(world.runUntil(() => !world.host("d").isRunning, 3_000)).not.toBeNull();
    expect(voters(world, "a")).toEqual(["a", "b", "c"]);
    witness.cutPower();
    world.host("c").cutPower();
    expect(world.runUntil(() => world.isOneView(["a", "b"]), 3_000)).not.toBeNull();
  });
});
