import { describe, expect, it } from "vitest";
import { wallMs } from "../model/units.ts";
import { parsePastTime, parseTime } from "./parse-time.ts";

/** In the zone of this machine. */
const now = wallMs(new Date(2026, 10, 30, 10, 0, 0).getTime());
const local = (month: number, day: number, hours: number, minutes = 0, seconds = 0): number =>
  new Date(2026, month - 1, day, hours, minutes, seconds).getTime();

describe("a time of the command line", () => {
  it.each<readonly [string, number]>([
    ["10:01", local(11, 30, 10, 1)],
    ["10:00:01", local(11, 30, 10, 0, 1)],
    ["10:00", local(12, 1, 10)],
    ["03:00", local(12, 1, 3)],
    ["2026-12-01T03:00", local(12, 1, 3)],
    ["2026-12-01 03:00:30", local(12, 1, 3, 0, 30)],
    ["2026-12-05T03:00Z", Date.UTC(2026, 11, 5, 3)],
    ["2026-12-05T03:00+02:00", Date.UTC(2026, 11, 5, 1)],
  ])("[SVC-44] %s is the next one that is meant", (text, at) => {
    expect(parseTime(text, now)).toBe(at);
  });

  it.each(["3:00", "24:00", "03:60", "03:00Z", "2026-13-01T03:00", "2026-02-29T03:00", "tonight", "", "2027"])(
    "[SVC-44] %j is none",
    (text) => {
      expect(() => parseTime(text, now)).toThrow(
        `Cannot use ${JSON.stringify(text)} as a time: wants a time to come such as 03:00`,
      );
    },
  );

  it("[SVC-44] one that is over is refused", () => {
    expect(() => parseTime("2026-11-30T09:59", now)).toThrow("it is over");
  });

  it.each<readonly [string, number]>([
    ["09:59", local(11, 30, 9, 59) + 59_999],
    ["10:00", local(11, 30, 10) + 59_999],
    ["10:01", local(11, 29, 10, 1) + 59_999],
    ["03:12:07", local(11, 30, 3, 12, 7) + 999],
    ["2026-11-29T03:12", local(11, 29, 3, 12) + 59_999],
  ])("[SVC-50] %s is the last one that is meant, to its end", (text, at) => {
    expect(parsePastTime(text, now)).toBe(at);
  });

  it("[SVC-50] one that is to come, and what is none, is refused", () => {
    expect(() => parsePastTime("2026-12-30T09:59", now)).toThrow("it is to come, wants a time that is over");
    expect(() => parsePastTime("yesterday", now)).toThrow(
      'Cannot use "yesterday" as a time: wants a time that is over',
    );
  });
});
