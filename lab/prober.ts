import { type FileHandle, open } from "node:fs/promises";
import type { HostProcess } from "./host-process.ts";
import type { LabHost } from "./host.ts";
import { formatSummary, type ProbeSummary, summarize } from "./outages.ts";
import { decodeProbe, type Probe, type ProbePlan, type ProbeTarget } from "./probe.ts";
import { runInRealTime } from "./run-type-script.ts";
import { waitUntil } from "./wait-until.ts";

/** How often is asked, and for how long an answer is awaited. */
export interface ProbePace {
  /** Between requests. Default 5 ms; UDP keeps up at 1. */
  readonly everyMs?: number;
  /** For each request. Default 250 ms. */
  readonly timeoutMs?: number;
}

const readyMs = 10_000;

/**
 * A client that asks a service every few milliseconds and writes down what it sees.
 *
 * It is a process of its own, so that neither this process nor a busy test can make it late.
 */
export class Prober implements AsyncDisposable {
  readonly #process: HostProcess;
  readonly #log: FileHandle;
  readonly #probes: Probe[] = [];
  #rest = "";
  #offset = 0;

  private constructor(process: HostProcess, log: FileHandle) {
    this.#process = process;
    this.#log = log;
  }

  /** Start asking from `host`; resolved when the first request goes out. */
  static async start(host: LabHost, target: ProbeTarget, pace: ProbePace = {}): Promise<Prober> {
    const plan: ProbePlan = { target, everyMs: pace.everyMs ?? 5, timeoutMs: pace.timeoutMs ?? 250 };
    if (!(plan.everyMs >= 1)) throw new RangeError(`Cannot probe every ${plan.everyMs} ms: wants 1 or more`);
    const process = await host.spawn(runInRealTime("prober-main.ts", JSON.stringify(plan)), { name: "prober" });
    await process.waitForOutput(/^ready$/m, readyMs);
    return new Prober(process, await open(process.log));
  }

  /** All requests that have ended so far, in the order of their ends. */
  async probes(): Promise<readonly Probe[]> {
    for (;;) {
      const { bytesRead, buffer } = await this.#log.read(Buffer.alloc(65_536), 0, 65_536, this.#offset);
      if (bytesRead === 0) return this.#probes;
      this.#offset += bytesRead;
      const lines = (this.#rest + buffer.toString("utf8", 0, bytesRead)).split("\n");
      this.#rest = lines.pop() ?? "";
      this.#probes.push(...lines.filter((line) => line.startsWith("[")).map(decodeProbe));
    }
  }

  /**
   * Wait until a request that was sent after `sinceMs` (on `monotonicMs`) ends as `wanted` says.
   *
   * @throws Error when none has within `timeoutMs`
   */
  async waitFor(wanted: (probe: Probe) => boolean, timeoutMs: number, sinceMs = 0): Promise<Probe> {
    let seen = 0;
    return waitUntil("a request to end as wanted", timeoutMs, async () => {
      const probes = await this.probes();
      const found = probes.slice(seen).find((probe) => probe.startMs >= sinceMs && wanted(probe));
      seen = probes.length;
      return found;
    });
  }

  /** Wait until `responder` answers. */
  async waitForAnswer(responder: string, timeoutMs: number, sinceMs = 0): Promise<Probe> {
    return this.waitFor((p) => p.outcome === "answered" && p.responder === responder, timeoutMs, sinceMs);
  }

  /** Send no more, wait for what is under way. */
  async stop(): Promise<ProbeSummary> {
    await this.#process.stop();
    return summarize(await this.probes());
  }

  /** A table of what was seen so far. */
  async table(): Promise<string> {
    const probes = await this.probes();
    return formatSummary(summarize(probes), Math.min(...probes.map((probe) => probe.startMs)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    await this.#log.close();
  }
}
