import type { Brand } from "./brand.ts";

/** A span of time in milliseconds. */
export type DurationMs = Brand<number, "DurationMs">;

/** A point on the local monotonic clock (it counts through suspend), in milliseconds. Comparable on the node that took it only. */
export type InstantMs = Brand<number, "InstantMs">;

/** A point on the wall clock, milliseconds since 1970. For people and for windows of minutes, never for safety. */
export type WallMs = Brand<number, "WallMs">;

/** Marks a number as a span in milliseconds. */
export function durationMs(value: number): DurationMs {
  return value as DurationMs;
}

/** Marks a reading of the local monotonic clock. */
export function instantMs(value: number): InstantMs {
  return value as InstantMs;
}

/** Marks a reading of the wall clock. */
export function wallMs(value: number): WallMs {
  return value as WallMs;
}

/** The instant `span` after `from`. */
export function after(from: InstantMs, span: number): InstantMs {
  return (from + span) as InstantMs;
}

/** An instant later than every other: "no deadline". */
export const never: InstantMs = Number.MAX_SAFE_INTEGER as InstantMs;

/** The earliest of some instants; `never` when there is none. */
export function earliest(...instants: readonly InstantMs[]): InstantMs {
  return instants.reduce((first, next) => (next < first ? next : first), never);
}
