import { describe, expect, test } from "vitest";
import { runSeed, type RunKind } from "../../src/sim/group/group-run.ts";
import { replayLine } from "../replay-line.ts";
import { share } from "./share.ts";

// Goal: whatever happens to the group alone, its promises hold, and it is one view again soon after the faults end. 449 seeds in all,
// a twentieth of them in the fast gate.

const kinds: readonly (readonly [seeds: number, kind: RunKind])[] = [
  [36, { name: "2 fencing", nodes: 2, arbiter: "fencing" }],
  [15, { name: "2 fencing, leaving", nodes: 2, arbiter: "fencing", churn: true }],
  [12, { name: "2 reachlist, leaving", nodes: 2, arbiter: "reachlist", churn: true }],
  [6, { name: "2 without arbiter", nodes: 2, arbiter: "majority" }],
  [36, { name: "2 witness", nodes: 2, arbiter: "witness" }],
  [9, { name: "2 witness, leaving", nodes: 2, arbiter: "witness", churn: true }],
  [9, { name: "2 witness, crashes and lost disks", nodes: 2, arbiter: "witness", hot: true }],
  [6, { name: "3 and an idle witness", nodes: 3, arbiter: "witness", churn: true }],
  [9, { name: "4 witness", nodes: 4, arbiter: "witness" }],
  [4, { name: "4 witness, crashes and lost disks", nodes: 4, arbiter: "witness", hot: true }],
  [18, { name: "2 disk", nodes: 2, arbiter: "disk" }],
  [6, { name: "2 disk, leaving", nodes: 2, arbiter: "disk", churn: true }],
  [6, { name: "2 disk, crashes and lost disks", nodes: 2, arbiter: "disk", hot: true }],
  [4, { name: "3 and an idle disk", nodes: 3, arbiter: "disk", churn: true }],
  [6, { name: "4 disk", nodes: 4, arbiter: "disk" }],
  [36, { name: "3", nodes: 3, arbiter: "majority" }],
  [21, { name: "3, a pair stays cut", nodes: 3, arbiter: "majority", mesh: true }],
  [24, { name: "3, crashes and lost disks", nodes: 3, arbiter: "majority", hot: true }],
  [12, { name: "3, leaving", nodes: 3, arbiter: "majority", churn: true }],
  [9, { name: "4", nodes: 4, arbiter: "majority" }],
  [9, { name: "3, waits for all", nodes: 3, arbiter: "majority", waitForAll: true }],
  [6, { name: "3, waits for all, leaving", nodes: 3, arbiter: "majority", waitForAll: true, churn: true }],
  [6, { name: "2 fencing, waits for all", nodes: 2, arbiter: "fencing", waitForAll: true }],
  [12, { name: "3, votes that change all the time", nodes: 3, arbiter: "majority", votes: "any", churn: true }],
  [6, { name: "3 witness, votes that change all the time", nodes: 3, arbiter: "witness", votes: "any" }],
  [12, { name: "3, the first with two votes", nodes: 3, arbiter: "majority", votes: "aabc" }],
  [9, { name: "4, the first with three votes, leaving", nodes: 4, arbiter: "majority", votes: "aaabcd", churn: true }],
  [
    6,
    { name: "4, crashes and lost disks, votes 2, 2, 1, 0", nodes: 4, arbiter: "majority", votes: "aabbc", hot: true },
  ],
  [6, { name: "2 fencing, two votes each", nodes: 2, arbiter: "fencing", votes: "aabb", churn: true }],
  [6, { name: "3 witness, the first with two votes", nodes: 3, arbiter: "witness", votes: "aabc", churn: true }],
  [6, { name: "2, the first with two votes", nodes: 2, arbiter: "majority", votes: "aab", churn: true }],
  [9, { name: "5", nodes: 5, arbiter: "majority" }],
  [4, { name: "5, a pair stays cut", nodes: 5, arbiter: "majority", mesh: true }],
  [4, { name: "5, crashes and lost disks", nodes: 5, arbiter: "majority", hot: true }],
  [9, { name: "2 fencing, trimmed all the time", nodes: 2, arbiter: "fencing", tiny: true }],
  [
    12,
    { name: "3, crashes and lost disks, trimmed all the time", nodes: 3, arbiter: "majority", hot: true, tiny: true },
  ],
  [6, { name: "3, leaving, trimmed all the time", nodes: 3, arbiter: "majority", churn: true, tiny: true }],
  [4, { name: "5, trimmed all the time", nodes: 5, arbiter: "majority", tiny: true }],
  [9, { name: "2 fencing, removed and readmitted", nodes: 2, arbiter: "fencing", roster: true }],
  [12, { name: "3, removed and readmitted", nodes: 3, arbiter: "majority", roster: true }],
  [6, { name: "4 witness, removed and readmitted", nodes: 4, arbiter: "witness", roster: true }],
  [
    6,
    {
      name: "3, removed, leaving, lost disks, trimmed",
      nodes: 3,
      arbiter: "majority",
      roster: true,
      hot: true,
      churn: true,
      tiny: true,
    },
  ],
];

describe("the group alone", () => {
  test.each(
    kinds.map(([seeds, kind]) => ({ seeds: share(seeds), kind, name: kind.name })).filter(({ seeds }) => seeds > 0),
  )("[V1, V2, V3, V4, V5, V6] $name", ({ seeds, kind }) => {
    const failed: string[] = [];
    for (let seed = 0; seed < seeds; seed += 1) {
      const [first] = runSeed(kind, seed).violations;
      if (first !== undefined)
        failed.push(`${replayLine("seeds", kind.name)}: seed ${seed}: ${first.rule} at ${first.at}: ${first.text}`);
    }
    expect(failed).toEqual([]);
  });

  test("the same seed gives the same run", () => {
    const kind: RunKind = { name: "3", nodes: 3, arbiter: "majority" };
    expect(runSeed(kind, 7)).toEqual(runSeed(kind, 7));
  });
});
