import { expect, test } from "vitest";
import type { SoakResult } from "./soak-kinds.ts";
import { Tally } from "./tally.ts";

const result: SoakResult = {
  kind: "3",
  seed: 7,
  tookMs: 2_000,
  ranMs: 3_600_000,
  recoveredMs: 1_500,
  faults: new Map([["power", 2]]),
  rareStates: new Set(["all-dark"]),
  broken: [],
};

test("seeds, faults and rare states add up, and what was never reached is named", () => {
  const tally = new Tally();
  tally.add(result);
  tally.add({ ...result, seed: 8, recoveredMs: 500, rareStates: new Set(), broken: ["SAFE-1 at 5 ms: twice"] });
  tally.add({ ...result, kind: "2", tookMs: 500 });
  const [head, kinds, faults, reached, never] = tally.lines(10_800, 2);
  expect(head).toBe(
    "3 seeds in 11 s on 2 threads, 1 failed; 3.0 hours of virtual time, 1000 times real time; slowest recovery 1500 ms (seed 7 of 3)",
  );
  expect(kinds).toBe("seeds by kind: 3 2, 2 1");
  expect(faults).toBe("faults: power 6");
  expect(reached).toBe("rare states, in so many seeds: all-dark 2");
  expect(never).toMatch(/^never reached: .*race-lost/);
  expect(never).not.toContain("all-dark");
  expect(tally.neverReached()).toContain("race-lost");
});
