import { type DurationMs, durationMs } from "../model/units.ts";

/** What a duration looks like, for messages. */
export const durationWanted = "a duration such as 250ms, 1.5s or 10m";

/** For the JSON Schema. Finer rules (whole milliseconds, at most a year) are in `parseDuration`. */
export const durationPattern = /^\d+(\.\d+)?(ms|s|m|h|d)$/;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const spanMsMax = 366 * 86_400_000;

/** `1.5s` -> 1500. undefined when it is no duration, no whole number of milliseconds, or longer than a year. */
export function parseDuration(value: unknown): DurationMs | undefined {
  if (value === 0 || value === "0") return durationMs(0);
  if (typeof value !== "string") return undefined;
  const match = /^(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)$/.exec(value);
  if (match === null) return undefined;
  const span = Number(match[1]) * (unitMs[match[2] ?? ""] ?? Number.NaN);
  // 1.1s is 1100.0000000000002 in binary; anything farther off is a fraction of a millisecond.
  const whole = Math.round(span);
  if (Math.abs(span - whole) > 1e-6 || whole > spanMsMax) return undefined;
  return durationMs(whole);
}

/** 1500 -> `1.5s`, 600000 -> `10m`: the largest unit that stays short. For messages and `hale config show`. */
export function formatDuration(span: number): string {
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = unitMs[unit] ?? 1;
    if (span >= size && span % (size / (unit === "s" ? 100 : 1)) === 0) return `${span / size}${unit}`;
  }
  return `${span}ms`;
}
