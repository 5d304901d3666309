import { describe, expect, test } from "vitest";
import { exploreHarmless, harmlessKinds } from "../../src/sim/explore/explore-harmless.ts";
import { exploreSeed, type SeedOptions } from "../../src/sim/explore/explore-seed.ts";
import { shapeConfig, shapes, type Shape } from "../../src/sim/explore/shapes.ts";
import { tinyLimits } from "../../src/sim/group/group-run.ts";
import { realWire } from "../../src/sim/real-wire.ts";
import { parseKeys } from "../../src/wire/keys.ts";

/** 405 in all: what fits into the gate. `npm run soak` takes others, for as long as one likes. */
const seedsOf: Readonly<Record<Shape, number>> = {
  "2": 90,
  "3": 90,
  "5": 40,
  "3-none": 50,
  "5-none": 30,
  "3-watchdog": 60,
  "5-watchdog": 20,
  "2-witness": 35,
  "4-witness": 15,
};

/** Of each kind and shape. */
const harmlessSeeds = 4;

/** Of each shape. */
const trimmedSeeds = 6;

/** Every so many seeds, packets are real bytes. */
const realWireEvery = 30;

function optionsOf(seed: number, shape: Shape): SeedOptions {
  if (seed % realWireEvery !== 0) return {};
  const keys = parseKeys("auth 1\n1 hmac-sha256 a-secret-for-the-simulator-only\n");
  return { wire: realWire(shapeConfig(shape).config, keys) };
}

describe("seeds", () => {
  for (const shape of shapes) {
    // Goal: whatever happens, nothing runs twice and everything comes back.
    test(`shape ${shape}`, () => {
      const failed: string[] = [];
      for (let seed = 1; seed <= seedsOf[shape]; seed += 1) {
        const { violations } = exploreSeed(seed, shape, optionsOf(seed, shape));
        const [first] = violations;
        if (first !== undefined)
          failed.push(`npm run soak -- --seed ${seed} --shape ${shape}: ${first.rule} ${first.text}`);
      }
      expect(failed).toEqual([]);
    });
  }

  // Goal: what checkpoints stand for is what the entries add up to, for the manager as well.
  test("[GRP-55, GRP-56] whole daemons whose logs are trimmed all the time", () => {
    const failed: string[] = [];
    for (const shape of shapes) {
      for (let seed = 1; seed <= trimmedSeeds; seed += 1) {
        const [first] = exploreSeed(seed, shape, { limits: tinyLimits }).violations;
        if (first !== undefined) failed.push(`shape ${shape} seed ${seed}: ${first.rule} ${first.text}`);
      }
    }
    expect(failed).toEqual([]);
  });

  for (const kind of harmlessKinds) {
    // Goal: what the timers promise to survive has no node fenced and no service moved or restarted.
    test(`[LIVE-2, FEN-6] nobody notices ${kind}`, () => {
      const failed: string[] = [];
      for (const shape of shapes) {
        for (let seed = 1; seed <= harmlessSeeds; seed += 1) {
          const [first] = exploreHarmless(seed, kind, shape).violations;
          if (first !== undefined) failed.push(`shape ${shape} seed ${seed}: ${first.rule} ${first.text}`);
        }
      }
      expect(failed).toEqual([]);
    });
  }

  test("the same seed tells the same story", () => {
    expect(exploreSeed(3, "3").timeline).toEqual(exploreSeed(3, "3").timeline);
  });

  test("packets written and read tell a story that is as good", () => {
    const { violations, timeline } = exploreSeed(realWireEvery, "3", optionsOf(realWireEvery, "3"));
    expect(violations).toEqual([]);
    expect(timeline.length).toBeGreaterThan(10);
  });
});
