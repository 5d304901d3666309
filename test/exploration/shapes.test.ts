import { describe, expect, test } from "vitest";
import { exploreSeed } from "../../src/sim/explore/explore-seed.ts";
import { shapes } from "../../src/sim/explore/shapes.ts";

/** Not those of the fast gate. */
const fromSeed = 1_001;
const seeds = 10;
/** Sixteen nodes take a second each. */
const seedsOfMany = 2;

describe("every number of nodes, arbiter and way of fencing", () => {
  // Goal: whatever happens, nothing runs twice and everything comes back.
  test.each(shapes)("[SAFE-1, SAFE-2, SAFE-3, LIVE-1] shape %s", (shape) => {
    const failed: string[] = [];
    const count = Number.parseInt(shape, 10) > 7 ? seedsOfMany : seeds;
    for (let seed = fromSeed; seed < fromSeed + count; seed += 1) {
      const [first] = exploreSeed(seed, shape).violations;
      if (first !== undefined)
        failed.push(`npm run soak -- --seed ${seed} --shape ${shape}: ${first.rule} ${first.text}`);
    }
    expect(failed).toEqual([]);
  });
});
