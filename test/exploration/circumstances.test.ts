import { describe, expect, test } from "vitest";
import { exploreHarmless, harmlessKinds } from "../../src/sim/explore/explore-harmless.ts";
import { exploreSeed } from "../../src/sim/explore/explore-seed.ts";
import { shapes } from "../../src/sim/explore/shapes.ts";
import { tinyLimits } from "../../src/sim/group/group-run.ts";
import { replayLine } from "../replay-line.ts";

/** Of each kind and shape. */
const harmlessSeeds = 3;

/** Of each shape. */
const trimmedSeeds = 6;

const usual = shapes.filter((shape) => Number.parseInt(shape, 10) <= 5);

describe("seeds under one circumstance", () => {
  // Goal: what checkpoints stand for is what the entries add up to, for the manager as well.
  test.each(usual)("[GRP-55, GRP-56] whole daemons whose logs are trimmed all the time: %s", (shape) => {
    const failed: string[] = [];
    for (let seed = 1; seed <= trimmedSeeds; seed += 1) {
      const [first] = exploreSeed(seed, shape, { limits: tinyLimits }).violations;
      if (first !== undefined)
        failed.push(
          `${replayLine("exploration", `all the time: ${shape}`)}: seed ${seed}: ${first.rule} ${first.text}`,
        );
    }
    expect(failed).toEqual([]);
  });

  for (const kind of harmlessKinds) {
    // Goal: what the timers promise to survive has no node fenced and no service moved or restarted.
    test(`[LIVE-2, FEN-6] nobody notices ${kind}`, () => {
      const failed: string[] = [];
      for (const shape of usual) {
        for (let seed = 1; seed <= harmlessSeeds; seed += 1) {
          const [first] = exploreHarmless(seed, kind, shape).violations;
          if (first !== undefined)
            failed.push(`${replayLine("exploration", kind)}: shape ${shape} seed ${seed}: ${first.rule} ${first.text}`);
        }
      }
      expect(failed).toEqual([]);
    });
  }
});
