import { instantMs, never, wallMs } from "../../model/units.ts";
import type { InstantMs } from "../../model/units.ts";
import type { Clock } from "../../ports/clock.ts";
import { libcProblem, loadLibc } from "../native/libc.ts";

const clockBoottime = 7;

/** The longest span that node's timers take; a longer one would fire at once. */
const timerMsMax = 2 ** 31 - 1;

/** A clock, and what the operator should know of it. */
export interface OpenedClock {
  readonly clock: Clock;
  /** Why it is not CLOCK_BOOTTIME; null when it is. */
  readonly note: string | null;
}

/** The clock of this machine, for any thread. Instants of several opened clocks are comparable. */
export function openClock(): OpenedClock {
  const now = boottimeReader();
  if (now !== null) return { clock: makeClock(now), note: null };
  const note = `clock stands still while the machine is suspended: no koffi (${libcProblem()})`;
  return { clock: makeClock(() => instantMs(Math.floor(Number(process.hrtime.bigint() / 1_000_000n)))), note };
}

/** A clock on any source of instants. Exported for its test. */
export function makeClock(now: () => InstantMs): Clock {
  return { now, wall: () => wallMs(Date.now()), zoneMs, wakeAt: (at, callback) => wakeAt(now, at, callback) };
}

function boottimeReader(): (() => InstantMs) | null {
  const libc = loadLibc();
  if (libc === null) return null;
  const bytes = Buffer.alloc(16);
  const words = new DataView(bytes.buffer, bytes.byteOffset, 16);
  if (libc.clockGettime(clockBoottime, bytes) !== 0) return null;
  // Seconds fit 32 bits for 136 years of uptime; on a 64-bit little-endian machine the halves lie so.
  return () => {
    libc.clockGettime(clockBoottime, bytes);
    return instantMs(words.getUint32(0, true) * 1_000 + Math.floor(words.getUint32(8, true) / 1_000_000));
  };
}

/**
 * Node rounds a timer's span to its own milliseconds and may fire up to one early: then it is armed once more. What is due
 * already comes with the next turn of the loop, because a timer would cost every packet a millisecond.
 */
function wakeAt(now: () => InstantMs, at: InstantMs, callback: () => void): () => void {
  if (at >= never) return () => undefined;
  if (at <= now()) {
    const immediate = setImmediate(callback);
    return () => clearImmediate(immediate);
  }
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    timer = setTimeout(
      () => {
        if (now() >= at) callback();
        else arm();
      },
      Math.min(timerMsMax, Math.max(0, at - now())),
    );
  };
  arm();
  return () => clearTimeout(timer);
}

/** By the zone of this machine, summer time and all. */
function zoneMs(): number {
  return -new Date().getTimezoneOffset() * 60_000;
}
