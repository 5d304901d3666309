import type { Moment } from "../../model/input.ts";
import { type InstantMs, type WallMs, wallMs } from "../../model/units.ts";
import { lastStamp, type Log } from "./log.ts";

/** The stamp of the last entry, and since when this node knows it. */
export interface KnownStamp {
  readonly stamp: WallMs;
  readonly since: InstantMs;
}

/**
 * How fast stamps go while they are ahead of the wall clock: near enough to true time for spans between entries to be right, and slower, so that the
 * wall clock catches up.
 */
const pace = 0.99;

/**
 * [GRP-64] The stamp of an entry behind `log`. The wall clock may be set back: stamps go on from the last one then, by the clock that is never set, since
 * spans between entries say what was at the same time.
 */
export function nextStamp(known: KnownStamp, log: Log, { now, wall }: Moment): WallMs {
  const last = lastStamp(log);
  const passedMs = known.stamp === last ? now - known.since : 0;
  return wallMs(Math.max(wall, last + Math.floor(pace * passedMs)));
}

/** At the end of each step. */
export function stampedNow(known: KnownStamp, log: Log, now: InstantMs): KnownStamp {
  const stamp = lastStamp(log);
  return stamp === known.stamp ? known : { stamp, since: now };
}
