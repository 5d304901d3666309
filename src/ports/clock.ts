import type { InstantMs, WallMs } from "../model/units.ts";

/** Time and waking. Real: CLOCK_BOOTTIME, so that a suspended machine has aged. Fake: virtual time. */
export interface Clock {
  now(): InstantMs;
  wall(): WallMs;
  /** What the local time of day is ahead of UTC. Absent: it is UTC. */
  zoneMs?(): number;
  /** Calls back once at or soon after `at`, never before. The returned function cancels. */
  wakeAt(at: InstantMs, callback: () => void): () => void;
}
