import { instantMs, wallMs, type InstantMs, type WallMs } from "../model/units.ts";
import type { Clock } from "../ports/clock.ts";
import type { SimProcess } from "./sim-process.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Wall clock at the beginning of every world: 2026-01-01 00:00 UTC. */
export const worldBeginning = 1_767_225_600_000;

/** The clock of one process. Every machine counts from another instant, so that comparing instants of two nodes shows. */
export class FakeClock implements Clock {
  readonly #time: VirtualTime;
  readonly #process: SimProcess;
  readonly #offsetMs: number;
  readonly #wallOffsetMs: number;

  constructor(time: VirtualTime, process: SimProcess, offsetMs = 0, wallSkewMs = 0) {
    this.#time = time;
    this.#process = process;
    this.#offsetMs = offsetMs;
    this.#wallOffsetMs = worldBeginning + wallSkewMs;
  }

  now(): InstantMs {
    return instantMs(this.#time.now + this.#offsetMs);
  }

  wall(): WallMs {
    return wallMs(this.#time.now + this.#wallOffsetMs);
  }

  wakeAt(at: InstantMs, callback: () => void): () => void {
    const event = this.#time.schedule(Math.ceil(at - this.#offsetMs), this.#process, callback);
    return () => {
      event.run = null;
    };
  }
}
