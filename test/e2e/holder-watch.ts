import { setTimeout as sleep } from "node:timers/promises";
import { holders } from "../../lab/holders.ts";
import type { Lab } from "../../lab/lab.ts";
import { monotonicMs } from "../../lab/monotonic.ts";

const lookEveryMs = 5;

/**
 * Looks all the time at who holds an address, on the hosts themselves, and remembers when it was more than one. Hosts that are off
 * hold nothing; hosts that are cut off do count, for their clients are real.
 */
export class HolderWatch implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #ip: string;
  readonly #doubles: string[] = [];
  #isStopped = false;
  #looking: Promise<void> = Promise.resolve();

  private constructor(lab: Lab, ip: string) {
    this.#lab = lab;
    this.#ip = ip;
  }

  static start(lab: Lab, ip: string): HolderWatch {
    const watch = new HolderWatch(lab, ip);
    watch.#looking = watch.#lookOften();
    return watch;
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
      await sleep(lookEveryMs);
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
