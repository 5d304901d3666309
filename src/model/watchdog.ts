import type { DurationMs } from "./units.ts";

/** What came of arming a watchdog. */
export type WatchdogOutcome =
  | {
      readonly ok: true;
      /** What the device has really taken: at most what was asked for. */
      readonly timeoutMs: DurationMs;
      /** What it calls itself, one line. */
      readonly identity: string;
    }
  /** It is as it was before: one that was armed is armed still, with the time-out it had. */
  | {
      readonly ok: false;
      readonly reason: string;
      /** It was not tried: the lease had run out on the way. */
      readonly isLate?: true;
    };
