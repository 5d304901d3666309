import type { EventOwner, TimedEvent, VirtualTime } from "./virtual-time.ts";

/**
 * Something that runs on a simulated machine and can be stopped dead or paused: a daemon, or a kernel with its services.
 * What would happen to it while it is paused happens when it goes on, in the same order: timers that ring late, packets
 * that waited in the socket's buffer.
 */
export class SimProcess implements EventOwner {
  readonly #time: VirtualTime;
  readonly #onCrash: (error: unknown) => void;
  #deferred: TimedEvent[] = [];
  #isAlive = true;
  #isPaused = false;

  /** @param onCrash called when the process throws: a broken invariant ends it, as it would end the real one */
  constructor(time: VirtualTime, onCrash: (error: unknown) => void) {
    this.#time = time;
    this.#onCrash = onCrash;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  kill(): void {
    this.#isAlive = false;
    this.#deferred = [];
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    const deferred = this.#deferred;
    this.#deferred = [];
    for (const event of deferred) this.#time.resume(event);
  }

  /** `run` happens to this process now, later when it is paused, never when it is dead. */
  call(run: () => void): void {
    if (this.#isPaused) this.#deferred.push({ at: 0, order: 0, process: this, run });
    else this.#guarded(run);
  }

  /** As `call`, for an event out of the heap. */
  take(event: TimedEvent, run: () => void): void {
    if (!this.#isAlive) return;
    if (this.#isPaused) this.#deferred.push(event);
    else this.#guarded(run);
  }

  #guarded(run: () => void): void {
    if (!this.#isAlive) return;
    try {
      run();
    } catch (error) {
      this.kill();
      this.#onCrash(error);
    }
  }
}
