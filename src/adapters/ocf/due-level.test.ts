import { expect, test } from "vitest";
import { durationMs, instantMs } from "../../model/units.ts";
import { dueLevel, type LookedAt } from "./due-level.ts";

const levels = [
  { level: 10, intervalMs: durationMs(30) },
  { level: 20, intervalMs: durationMs(100) },
];

test("[OCF-5] each level has its turn, and a deep look counts for those above", () => {
  let lookedAt: LookedAt = new Map();
  const taken = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130].map((now) => {
    const due = dueLevel(levels, lookedAt, instantMs(now), 0);
    lookedAt = due.lookedAt;
    return due.level;
  });
  expect(taken).toEqual([0, 0, 0, 10, 0, 0, 10, 0, 0, 10, 20, 0, 0, 10]);
});

test("without levels every look is the plain one", () => {
  expect(dueLevel([], new Map(), instantMs(5), 0).level).toBe(0);
  expect(dueLevel([], new Map(), instantMs(5), 10).level).toBe(10);
});
