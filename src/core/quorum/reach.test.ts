import { expect, test } from "vitest";
import { instantMs, never } from "../../model/units.ts";
import { missingHosts, nextCountAt, noReach, type ReachState, takeCount } from "./reach.ts";

const at = instantMs;
const asked: ReachState = { call: 4, askedAt: at(1_000), isOut: true, counted: null };

test("[GRP-45] one count at a time, the next one a period after the last has begun", () => {
  expect(nextCountAt(noReach, 500)).toBe(0);
  expect(nextCountAt(asked, 500)).toBe(never);
  expect(nextCountAt(takeCount(asked, 4, 2), 500)).toBe(1_500);
});

test("[GRP-45] an answer counts for the question that is out, and once", () => {
  expect(takeCount(asked, 3, 2)).toBe(asked);
  const counted = takeCount(asked, 4, 2);
  expect(counted.counted).toEqual({ askedAt: 1_000, reached: 2 });
  expect(takeCount(counted, 4, 3)).toBe(counted);
});

test("[GRP-46] what was counted before the silence says nothing", () => {
  const counted = takeCount(asked, 4, 2);
  expect(missingHosts(counted, 3, at(999))).toBe(1);
  expect(missingHosts(counted, 3, at(1_000))).toBe(3);
  expect(missingHosts(noReach, 3, at(0))).toBe(3);
  expect(missingHosts(counted, 1, at(999))).toBe(0);
});
