import type { InstantMs, WallMs } from "../model/units.ts";

/** Time and waking. Real: CLOCK_BOOTTIME, so that a suspended machine has aged. Fake: virtual time. */
export interface Clock {
  now(): InstantMs;
  wall(): WallMs;
  /** Calls back once at or soon after `at`, never before. The returned function cancels. */
  wakeAt(at: InstantMs, callback: () => void): () => void;
}
