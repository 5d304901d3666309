import { expect, test } from "vitest";
import { instantMs } from "../../model/units.ts";
import { RealTimeBudget } from "./real-time-budget.ts";

/** Looks once a second at a process that uses `shares` of a processor, one after the other. @returns what was done, by second */
function play(shares: readonly number[]): readonly string[] {
  const done: string[] = [];
  let usedMs = 0;
  let second = 0;
  const note = (what: string) => () => {
    done.push(`${second} ${what}`);
    return null;
  };
  const means = { usedMs: () => usedMs, lower: note("lower"), raise: note("raise"), tell: () => undefined };
  const budget = new RealTimeBudget(means, instantMs(0));
  for (const share of shares) {
    second += 1;
    usedMs += share * 1_000;
    budget.look(instantMs(second * 1_000 - 500)); // Too early to tell.
    budget.look(instantMs(second * 1_000));
  }
  return done;
}

const calm = Array.from({ length: 10 }, () => 0.05);

test("a daemon that works a little keeps its priority", () => {
  expect(play([0.05, 0.4, 0.05, 0.49])).toEqual([]);
});

test("a second of too much takes it away, ten calm ones in a row give it back", () => {
  expect(play([0.05, 0.9, ...calm.slice(1), 0.3, ...calm, 0.05])).toEqual(["2 lower", "22 raise"]);
});

test("it is taken away again when the daemon is busy again", () => {
  expect(play([0.9, ...calm, 0.9])).toEqual(["1 lower", "11 raise", "12 lower"]);
});
