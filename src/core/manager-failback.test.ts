import { expect, it } from "vitest";
import type { Moment } from "../model/input.ts";
import { instantMs, wallMs } from "../model/units.ts";
import { waitForWindow } from "./manager-failback.ts";

it("[PLC-11] a window is of the local day, and may go over midnight", () => {
  const at = (hours: number, zoneHours = 0): Moment => ({
    now: instantMs(0),
    wall: wallMs(hours * 3_600_000),
    zoneMs: zoneHours * 3_600_000,
  });
  const night = { from: 120, until: 240 };
  expect([0, 2, 3.5, 4, 26].map((hours) => waitForWindow(night, at(hours)))).toEqual([
    2 * 3_600_000,
    0,
    0,
    22 * 3_600_000,
    0,
  ]);
  expect(waitForWindow(night, at(0, 2))).toBe(0);
  expect(waitForWindow(night, at(3, -4))).toBe(3 * 3_600_000);
  expect([23, 1].map((hours) => waitForWindow({ from: 22 * 60, until: 120 }, at(hours)))).toEqual([0, 0]);
});
