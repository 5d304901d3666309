import type { Schedulable } from "../../model/intent.ts";
import type { WallMs } from "../../model/units.ts";

/** A wish that waits for its time. */
export interface Scheduled {
  /** The entry that brought it. */
  readonly id: number;
  readonly at: WallMs;
  readonly what: Schedulable;
  readonly by: string;
  readonly askedAt: WallMs;
}

/** What became of one. */
export interface PastScheduled extends Scheduled {
  readonly endedAt: WallMs;
  /** done, or it was not: why. */
  readonly result: "done" | "cancelled" | "dropped" | "refused";
  readonly reason: string;
}

/** All of them, in order of their time; of those that are over, the newest last, at most `pastMax`. */
export interface ScheduleRecord {
  readonly waiting: readonly Scheduled[];
  readonly past: readonly PastScheduled[];
}
