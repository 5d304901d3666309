import { setImmediate } from "node:timers/promises";
import type { Lab } from "../../lab/lab.ts";
import { monotonicMs } from "../../lab/monotonic.ts";

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
    watch.#looking = watch.#look();
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

  async #look(): Promise<void> {
    while (!this.#isStopped) {
      const on = [...this.#lab.hosts.values()].filter((host) => host.isOn);
      // With every host off there is nothing to ask and so nothing to wait for: others must get their turn all the same.
      if (on.length === 0) await setImmediate();
      const first = await this.#holders(on.map((host) => host.name));
      // One after the other is how a relocation looks; only who still holds it at a second look holds it at the same time.
      if (first.length < 2) continue;
      const second = await this.#holders(first);
      if (second.length > 1)
        this.#doubles.push(`${monotonicMs().toFixed(0)} ms: ${second.join(" and ")} hold ${this.#ip}`);
    }
  }

  async #holders(names: readonly string[]): Promise<readonly string[]> {
    const holds = async (name: string): Promise<boolean> => {
      const host = this.#lab.host(name);
      if (!host.isOn) return false;
      // A host that dies under the question holds nothing.
      const { stdout } = await host.exec(["ip", "-o", "addr", "show", "to", this.#ip]).catch(() => ({ stdout: "" }));
      return stdout.trim() !== "" && host.isOn;
    };
    const held = await Promise.all(names.map(holds));
    return names.filter((_, index) => held[index]);
  }
}
