import { expect, test } from "vitest";
import { exploreDoubles } from "../../src/sim/explore/explore-doubles.ts";
import { replayLine } from "../replay-line.ts";

const seeds = 12;

for (const shape of ["3-none", "5-none"] as const) {
  // Goal: what runs on two nodes, because nobody can fence, does not for long, and is never hidden.
  test(`[LIVE-4, SVC-26] doubles of shape ${shape} end in time and are told`, () => {
    const failed: string[] = [];
    let doubles = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      const result = exploreDoubles(seed, shape);
      doubles += result.doubles;
      const [first] = result.violations;
      if (first !== undefined)
        failed.push(`${replayLine("exploration", shape)}: seed ${seed}: ${first.rule} ${first.text}`);
    }
    expect(failed).toEqual([]);
    // There is something to tell.
    expect(doubles).toBeGreaterThan(seeds / 2);
  });
}
