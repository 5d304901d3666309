import { describe, expect, test } from "vitest";
import { exploreSeed } from "../../src/sim/explore/explore-seed.ts";
import { shapes, type Shape } from "../../src/sim/explore/shapes.ts";

/** 300 in all: what fits into the gate. `npm run soak` takes others, for as long as one likes. */
const seedsOf: Readonly<Record<Shape, number>> = { "2": 90, "3": 90, "5": 40, "3-none": 50, "5-none": 30 };

describe("seeds", () => {
  for (const shape of shapes) {
    // Goal: whatever happens, nothing runs twice and everything comes back.
    test(`shape ${shape}`, () => {
      const failed: string[] = [];
      for (let seed = 1; seed <= seedsOf[shape]; seed += 1) {
        const { violations } = exploreSeed(seed, shape);
        const [first] = violations;
        if (first !== undefined)
          failed.push(`npm run soak -- --seed ${seed} --shape ${shape}: ${first.rule} ${first.text}`);
      }
      expect(failed).toEqual([]);
    });
  }
});
