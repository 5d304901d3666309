import type { Answer } from "../model/intent.ts";
import { after } from "../model/units.ts";
import type { Clock } from "../ports/clock.ts";
import { daemonLimits } from "./limits.ts";

/** Who waits for an answer. */
export interface Waiter {
  readonly progress: (text: string) => void;
  readonly done: (answer: Answer) => void;
}

/** Operators that wait for what they asked. Each is answered exactly once: by the core, by the time-out, or by the daemon's end. */
export class Requests {
  readonly #clock: Clock;
  readonly #waiting = new Map<number, Waiter & { readonly cancelTimeout: () => void }>();
  #last = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The number of the new request; null, and an answer, when too many wait. */
  open(waiter: Waiter): number | null {
    if (this.#waiting.size >= daemonLimits.requestsMax) {
      waiter.done({ ok: false, code: "BUSY", text: `Cannot accept the request: ${this.#waiting.size} others wait` });
      return null;
    }
    this.#last += 1;
    const request = this.#last;
    const giveUpAt = after(this.#clock.now(), daemonLimits.requestTimeoutMs);
    const cancelTimeout = this.#clock.wakeAt(giveUpAt, () => {
      const text = `Accepted, but not done after ${daemonLimits.requestTimeoutMs / 1000} s`;
      this.answer(request, { ok: false, code: "TIMED_OUT", text });
    });
    this.#waiting.set(request, { ...waiter, cancelTimeout });
    return request;
  }

  progress(request: number, text: string): void {
    this.#waiting.get(request)?.progress(text);
  }

  answer(request: number, answer: Answer): void {
    const waiter = this.#waiting.get(request);
    if (waiter === undefined) return;
    this.#waiting.delete(request);
    waiter.cancelTimeout();
    waiter.done(answer);
  }

  /** Nobody waits for it any more; what was asked goes on. */
  forget(request: number): void {
    this.#waiting.get(request)?.cancelTimeout();
    this.#waiting.delete(request);
  }

  answerAll(answer: Answer): void {
    for (const request of this.#waiting.keys()) this.answer(request, answer);
  }
}
