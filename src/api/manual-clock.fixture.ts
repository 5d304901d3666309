import { type InstantMs, instantMs, type WallMs, wallMs } from "../model/units.ts";
import type { Clock } from "../ports/clock.ts";

/** A clock that a test turns. */
export class ManualClock implements Clock {
  #now = 0;
  readonly #waiting = new Set<{ readonly at: number; readonly callback: () => void }>();

  get waiting(): number {
    return this.#waiting.size;
  }

  now(): InstantMs {
    return instantMs(this.#now);
  }

  wall(): WallMs {
    return wallMs(this.#now);
  }

  wakeAt(at: InstantMs, callback: () => void): () => void {
    const entry = { at, callback };
    this.#waiting.add(entry);
    return () => this.#waiting.delete(entry);
  }

  turn(spanMs: number): void {
    this.#now += spanMs;
    for (const entry of this.#waiting) {
      if (entry.at > this.#now || !this.#waiting.delete(entry)) continue;
      entry.callback();
    }
  }
}
