import type { DurationMs } from "../model/units.ts";
import type { WatchdogOutcome } from "../model/watchdog.ts";

/**
 * The machine's watchdog: resets the machine when nobody feeds it for its time-out. It goes on when this process dies, however it does.
 *
 * One that dies holding it may feed it once more by that, since Linux does so when the device is closed: whoever counts on a reset
 * counts two time-outs after the last feeding.
 */
export interface Watchdog {
  /**
   * Starts it, or changes the time-out of the one that runs; feeds it. `ok` only when the device has said itself which time-out it
   * took, when that is not longer than asked for, and when it does not stop at the end of this process.
   */
  arm(device: string, timeoutMs: DurationMs): WatchdogOutcome;
  /** Puts the reset off for the time-out from now. Nothing happens when it is not armed. @returns why it could not, or null */
  feed(): string | null;
  /** Stops it, so that this process may end. @returns why it cannot be stopped, or null */
  disarm(): string | null;
}
