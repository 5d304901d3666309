import { instantMs, wallMs, type InstantMs, type WallMs } from "../model/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { SimProcess } from "./sim-process.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Wall clock at the beginning of every world: 2026-01-01 00:00 UTC. */
export const worldBeginning = 1_767_225_600_000;

/**
 * How far the rate of a clock may be from true time: any two clocks, and the oscillator of a watchdog, then differ by less than the 1 %
 * that the rules allow for (FEN-11). Beyond it nothing is promised.
 */
export const driftMax = 0.0049;

/** How the clocks of one machine run. All its processes share them. */
export interface MachineClock {
  /** The monotonic clock at the beginning of the world. */
  readonly offsetMs: number;
  /** Its milliseconds in one of true time. */
  readonly rate: number;
  /** How far the wall clock is ahead; somebody may set it at any time. */
  wallSkewMs: number;
}

/** Clocks that are right, but for where the monotonic one counts from. */
export function rightClock(offsetMs = 0): MachineClock {
  return { offsetMs, rate: 1, wallSkewMs: 0 };
}

/** The clock of one process. Every machine counts from another instant, so that comparing instants of two nodes shows. */
export class FakeClock implements Clock {
  readonly #time: VirtualTime;
  readonly #process: SimProcess;
  readonly #machine: MachineClock;

  constructor(time: VirtualTime, process: SimProcess, machine: MachineClock = rightClock()) {
    this.#time = time;
    this.#process = process;
    this.#machine = machine;
  }

  now(): InstantMs {
    return this.#at(this.#time.now);
  }

  wall(): WallMs {
    return wallMs(this.#time.now + worldBeginning + this.#machine.wallSkewMs);
  }

  wakeAt(at: InstantMs, callback: () => void): () => void {
    const { offsetMs, rate } = this.#machine;
    let due = Math.ceil((at - offsetMs) / rate);
    // Rounding must not wake it early.
    if (this.#at(due) < at) due += 1;
    const event = this.#time.schedule(due, this.#process, callback);
    return () => {
      event.run = null;
    };
  }

  #at(trueMs: number): InstantMs {
    return instantMs(trueMs * this.#machine.rate + this.#machine.offsetMs);
  }
}
