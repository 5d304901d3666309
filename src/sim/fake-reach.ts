import type { Reach } from "../ports/reach.ts";
import type { SimProcess } from "./sim-process.ts";
import { VirtualPromise } from "./virtual-promise.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** A machine's way to the hosts of the reachlist. */
export class FakeReach {
  /** How many of them it reaches; null: all. */
  reached: number | null = null;
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  forProcess(process: SimProcess): Reach {
    return {
      count: (hosts, timeoutMs) => {
        const answer = new VirtualPromise<number>();
        const reached = Math.min(this.reached ?? hosts.length, hosts.length);
        const answerMs = reached === hosts.length ? Math.min(answerDelayMs, timeoutMs) : timeoutMs;
        this.#time.schedule(this.#time.now + answerMs, process, () => answer.resolve(reached));
        return answer;
      },
    };
  }
}

const answerDelayMs = 5;
