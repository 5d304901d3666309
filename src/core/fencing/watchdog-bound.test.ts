import { expect, test } from "vitest";
import { watchdogBoundMs } from "./watchdog-bound.ts";

test.each([
  [3_000, 10_000, 24_230],
  [20_000, 10_000, 41_400],
  [3_000, 60_000, 125_230],
])("[FEN-11] a lease of %i ms and a time-out of %i ms: %i ms", (lease, timeout, bound) => {
  expect(watchdogBoundMs(timeout, lease)).toBe(bound);
});
