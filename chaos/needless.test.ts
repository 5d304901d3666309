import { expect, test } from "vitest";
import type { FaultKind } from "./fault.ts";
import { needless } from "./needless.ts";
import type { Round } from "./run-chaos.ts";

function round(kinds: readonly FaultKind[], seen: Partial<Round> = {}): Round {
  const counts = { fences: 0, moves: 0, movesMost: 0, restarts: 0 };
  const times = { atMs: 0, outageMs: { red: 0, blue: 0 }, wholeMs: 300 };
  return { number: 4, kinds, faults: kinds, ...times, ...counts, byHand: [], ...seen };
}

const away = { outageMs: { red: 25, blue: 0 } };

test.each(["kill -9 haled, restarted at once", "kill -STOP haled, shorter than the deadtime"] as const)(
  "[LIVE-2] %s may cost no client an answer, nor move anything",
  (kind) => {
    expect(needless(round([kind]))).toEqual([]);
    expect(needless(round([kind], away))).toEqual([`[LIVE-2] round 4 (${kind}): clients had no answer: red 25 ms`]);
    expect(needless(round([kind], { moves: 1, movesMost: 1 }))).toHaveLength(1);
    expect(needless(round([kind], { ...away, fences: 1 }))).toHaveLength(2);
  },
);

test("[LIVE-2] what may be taken over costs its clients something, and moves a service once", () => {
  for (const kind of ["kill -9 haled, until it is taken over", "kill -9 haled, restarted late", "power-off"] as const) {
    expect(needless(round([kind], { ...away, fences: 1, moves: 2, movesMost: 1 }))).toEqual([]);
    expect(needless(round([kind], { ...away, moves: 2, movesMost: 2 }))).toHaveLength(1);
  }
});

test("of two faults at a time each may be the cause", () => {
  expect(needless(round(["kill -9 haled, restarted at once", "packets lost"], { ...away, moves: 1 }))).toEqual([]);
});
