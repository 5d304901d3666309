import { after, type InstantMs } from "../model/units.ts";
import type { Clock } from "../ports/clock.ts";

/** What a ticker needs of its daemon. */
export interface TickerOwner {
  /** Ticks come at least so often. */
  tickEveryMs(): number;
  /** Later than this is no delay but an absence. */
  keepaliveMs(): number;
  tick(now: InstantMs): void;
  /** The whole process stood still for about so long. */
  wasAway(lateMs: number): void;
}

/** Ticks when the core wants to be woken, and often enough in between; tells a process that was away from one that was not. */
export class Ticker {
  readonly #clock: Clock;
  readonly #owner: TickerOwner;
  #wakeAt: InstantMs;
  #lastTickAt: InstantMs;
  #timer: { readonly at: InstantMs; readonly cancel: () => void } | null = null;
  /** Set while a tick is held back until what waited has been heard. */
  #isCatchingUp = false;
  #isRunning = false;

  constructor(clock: Clock, owner: TickerOwner) {
    this.#clock = clock;
    this.#owner = owner;
    this.#lastTickAt = clock.now();
    this.#wakeAt = this.#lastTickAt;
  }

  /** Begins to tick; at an instant of its own only when told one. */
  start(): void {
    this.#isRunning = true;
    this.#lastTickAt = this.#clock.now();
  }

  stop(): void {
    this.#isRunning = false;
    this.#timer?.cancel();
    this.#timer = null;
  }

  /** A step has ended: the core wants to be woken at `at`. The timer is moved only when it must ring earlier. */
  wakeAt(at: InstantMs): void {
    this.#wakeAt = at;
    if (!this.#isRunning || this.#isCatchingUp) return;
    const regular = this.#lastTickAt + this.#owner.tickEveryMs();
    // Not before the last tick's successor: an instant in the past must not turn the loop at one moment for ever.
    const wanted = Math.max(Math.min(at, regular), this.#lastTickAt + 1) as InstantMs;
    if (this.#timer !== null) {
      if (this.#timer.at <= wanted) return;
      this.#timer.cancel();
    }
    this.#timer = { at: wanted, cancel: this.#clock.wakeAt(wanted, () => this.#ring(wanted)) };
  }

  #ring(armedFor: InstantMs): void {
    this.#timer = null;
    if (!this.#isRunning) return;
    const now = this.#clock.now();
    if (now < this.#wakeAt && now < this.#lastTickAt + this.#owner.tickEveryMs()) return this.wakeAt(this.#wakeAt);
    if (now - armedFor < this.#owner.keepaliveMs()) return this.#tick(now);
    // What came in meanwhile waits in sockets and pipes, and timers ring first: it is heard before anything is judged.
    this.#owner.wasAway(now - armedFor);
    this.#isCatchingUp = true;
    this.#clock.wakeAt(after(now, 1), () => {
      this.#isCatchingUp = false;
      if (this.#isRunning) this.#tick(this.#clock.now());
    });
  }

  #tick(now: InstantMs): void {
    this.#lastTickAt = now;
    this.#owner.tick(now);
  }
}
