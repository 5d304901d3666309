import { expect, test } from "vitest";
import type { QuorumConfig } from "../model/cluster-config.ts";
import type { NodeId } from "../model/ids.ts";
import { durationMs } from "../model/units.ts";
import { formed, isolate, racing } from "../sim/group/stage.ts";

const quorum: QuorumConfig = {
  kind: "fencing",
  prefer: "a" as NodeId,
  delayMs: durationMs(5_000),
  reachlist: ["192.0.2.1", "192.0.2.2", "192.0.2.3"],
};

test("[GRP-45] both nodes say what they reach, to each other too", () => {
  const world = formed("ab", { quorum });
  const known = world.host("a").facts()?.reach ?? [];
  expect(known.map(({ node, of }) => [node, of])).toEqual([
    ["a", 3],
    ["b", 3],
  ]);
  expect(known.every(({ reached }) => reached >= 0 && reached <= 3)).toBe(true);
  isolate(world, "b");
  world.run(1_000);
  expect(
    world
      .host("a")
      .facts()
      ?.reach.map(({ node }) => node),
  ).toEqual(["a"]);
});

test("[GRP-45] without a list nothing is counted or said", () => {
  const world = formed("ab", { quorum: racing });
  expect(world.host("a").facts()?.reach).toEqual([]);
  expect(world.host("a").state?.reach.call).toBe(0);
});
