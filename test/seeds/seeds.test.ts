import { describe, expect, test } from "vitest";
import { exploreSeed, type SeedOptions } from "../../src/sim/explore/explore-seed.ts";
import { shapeConfig, shapes, type Shape } from "../../src/sim/explore/shapes.ts";
import { realWire } from "../../src/sim/real-wire.ts";
import { parseKeys } from "../../src/wire/keys.ts";

/** 450 in all: what fits into the fast gate; test/exploration goes on, and `npm run soak` takes others, for as long as one likes. */
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
  "3-freeze": 20,
};

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

  test("the same seed tells the same story", () => {
    expect(exploreSeed(3, "3").timeline).toEqual(exploreSeed(3, "3").timeline);
  });

  test("packets written and read tell a story that is as good", () => {
    const { violations, timeline } = exploreSeed(realWireEvery, "3", optionsOf(realWireEvery, "3"));
    expect(violations).toEqual([]);
    expect(timeline.length).toBeGreaterThan(10);
  });
});
