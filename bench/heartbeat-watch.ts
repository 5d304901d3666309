import type { HostProcess } from "../lab/host-process.ts";
import type { LabHost } from "../lab/host.ts";
import { monotonicMs } from "../lab/monotonic.ts";
import { waitUntil } from "../lab/wait-until.ts";
import { setTimeout as sleep } from "node:timers/promises";

/** Sleep this much less and turn round for the rest: timers are up to a millisecond late. */
const spinMs = 2;

/**
 * Sees the owner's heartbeats arrive at another host.
 *
 * An outage after a cut depends on how long before it the last heartbeat went out: with an interval of 100 ms that is
 * 0 to 100 ms, more than the difference between two programs. So cuts are made at chosen moments between two
 * heartbeats, the same ones for each program.
 */
export class HeartbeatWatch implements AsyncDisposable {
  readonly #tcpdump: HostProcess;

  private constructor(tcpdump: HostProcess) {
    this.#tcpdump = tcpdump;
  }

  /** @param filter for tcpdump: the heartbeats as they come in at `host` on its first network */
  static async start(host: LabHost, filter: string): Promise<HeartbeatWatch> {
    const argv = ["tcpdump", "-l", "-n", "-tt", "-p", "--immediate-mode", "-i", "eth0", filter];
    const tcpdump = await host.spawn(argv, { name: "heartbeats" });
    await tcpdump.waitForOutput(/listening on/);
    return new HeartbeatWatch(tcpdump);
  }

  /** When each heartbeat came, on `monotonicMs`, oldest first. */
  async times(): Promise<readonly number[]> {
    const wallAhead = Date.now() - monotonicMs();
    const text = await this.#tcpdump.output();
    return [...text.matchAll(/^(\d{9,}\.\d+) /gm)].map((match) => Number(match[1]) * 1000 - wallAhead);
  }

  /**
   * Wait until `phase` of an interval after a heartbeat. @param phase 0 to 1 @returns when that heartbeat was due
   */
  async waitForPhase(intervalMs: number, phase: number): Promise<number> {
    const seen = (await this.times()).length;
    const last = await waitUntil("a heartbeat of the owner", 20 * intervalMs, async () => {
      const times = await this.times();
      return times.length > seen + 1 ? times.at(-1) : undefined;
    });
    const due = last + intervalMs;
    const at = due + phase * intervalMs;
    await sleep(Math.max(0, at - monotonicMs() - spinMs));
    while (monotonicMs() < at);
    return due;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tcpdump.stop();
  }
}
