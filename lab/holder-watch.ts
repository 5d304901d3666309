import { setTimeout as sleep } from "node:timers/promises";
import { holders } from "./holders.ts";
import type { Lab } from "./lab.ts";
import { monotonicMs } from "./monotonic.ts";

const lookEveryMsDefault = 5;

/**
 * Looks all the time at who holds an address, on the hosts themselves, and remembers when it was more than one. Hosts that are off
 * hold nothing; hosts that are cut off do count, for their clients are real.
 */
export class HolderWatch implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #ip: string;
  readonly #everyMs: number;
  readonly #doubles: string[] = [];
  #isStopped = false;
  #looking: Promise<void> = Promise.resolve();

  private constructor(lab: Lab, ip: string, everyMs: number) {
    this.#lab = lab;
    this.#ip = ip;
    this.#everyMs = everyMs;
  }

  static start(lab: Lab, ip: string, everyMs = lookEveryMsDefault): HolderWatch {
    const watch = new HolderWatch(lab, ip, everyMs);
    watch.#looking = watch.#lookOften();
    return watch;
  }

  /** A line for each time so far that two hosts held the address. */
  get doubles(): readonly string[] {
    return this.#doubles;
  }

  /** @returns a line for each time that two hosts held the address; empty when all is well */
  async stop(): Promise<readonly string[]> {
    this.#isStopped = true;
    await this.#looking;
    return this.#doubles;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #lookOften(): Promise<void> {
    while (!this.#isStopped) {
      this.#look();
      await sleep(this.#everyMs);
    }
  }

  #look(): void {
    const first = holders(this.#lab, this.#ip);
    if (first.length < 2) return;
    // One after the other is how a relocation looks; only who still holds it at a second look holds it at the same time.
    const second = holders(this.#lab, this.#ip).filter((name) => first.includes(name));
    if (second.length > 1)
      this.#doubles.push(`${monotonicMs().toFixed(0)} ms: ${second.join(" and ")} hold ${this.#ip}`);
  }
}
