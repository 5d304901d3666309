import { describe, expect, test } from "vitest";
import { exploreSeed } from "../../src/sim/explore/explore-seed.ts";
import type { Shape } from "../../src/sim/explore/shapes.ts";
import { runSeed, type RunKind } from "../../src/sim/group/group-run.ts";
import { replayLine } from "../replay-line.ts";

// Goal: what holds for three nodes holds for as many as a cluster may have.

const patienceMs = 600_000;

const groups: readonly (readonly [seeds: number, kind: RunKind])[] = [
  [8, { name: "7", nodes: 7, arbiter: "majority" }],
  [4, { name: "7, removed and readmitted", nodes: 7, arbiter: "majority", roster: true }],
  [3, { name: "16", nodes: 16, arbiter: "majority" }],
  [2, { name: "16 and a witness, removed and readmitted", nodes: 16, arbiter: "witness", roster: true }],
  [1, { name: "32", nodes: 32, arbiter: "majority" }],
  [1, { name: "32, leaving, trimmed all the time", nodes: 32, arbiter: "majority", churn: true, tiny: true }],
];

describe("large clusters", () => {
  test.each(groups.map(([seeds, kind]) => ({ seeds, kind, name: kind.name })))(
    "[V1, V2, V3, V4, V5, V6] the group alone: $name",
    ({ seeds, kind }) => {
      const failed: string[] = [];
      for (let seed = 0; seed < seeds; seed += 1) {
        const [first] = runSeed(kind, seed).violations;
        if (first !== undefined)
          failed.push(
            `${replayLine("exploration", kind.name)}: seed ${seed}: ${first.rule} at ${first.at}: ${first.text}`,
          );
      }
      expect(failed).toEqual([]);
    },
    patienceMs,
  );

  test.each<Shape>(["16", "32"])(
    "[SAFE-1, SAFE-2, SAFE-3, LIVE-1] whole daemons: %s nodes",
    (shape) => {
      expect(exploreSeed(1, shape).violations).toEqual([]);
    },
    patienceMs,
  );
});
