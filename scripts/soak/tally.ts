import { clusterRareStates, groupRareStates, type RareState } from "../../src/sim/rare-states/rare-states.ts";
import type { SoakResult } from "./soak-kinds.ts";

/** So many seeds of all kinds have been in every rare state: the rarest are reached by one in a thousand. */
export const seedsForAllStates = 10_000;

/** What many seeds add up to. */
export class Tally {
  failed = 0;
  seeds = 0;
  #virtualMs = 0;
  #hasDaemons = false;
  #slowest: SoakResult | null = null;
  readonly #kinds = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  readonly #rareStates = new Map<RareState, number>();

  add(result: SoakResult): void {
    this.seeds += 1;
    if (result.broken.length > 0) this.failed += 1;
    this.#kinds.set(result.kind, (this.#kinds.get(result.kind) ?? 0) + 1);
    this.#virtualMs += result.ranMs;
    if (!result.kind.startsWith("group-")) this.#hasDaemons = true;
    if (result.recoveredMs !== null && result.recoveredMs > (this.#slowest?.recoveredMs ?? -1)) this.#slowest = result;
    for (const [fault, count] of result.faults) this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + count);
    for (const state of result.rareStates) this.#rareStates.set(state, (this.#rareStates.get(state) ?? 0) + 1);
  }

  /** Rare states that no seed was in. */
  neverReached(): readonly RareState[] {
    return this.#rareStatesToReach().filter((state) => !this.#rareStates.has(state));
  }

  /** In a few lines: seeds and time, seeds by kind of cluster, faults by kind, rare states with the number of seeds that were in them, and those that none was in. */
  lines(realMs: number, threads: number): readonly string[] {
    const slowest =
      this.#slowest === null
        ? "-"
        : `${Math.round(this.#slowest.recoveredMs ?? 0)} ms (seed ${this.#slowest.seed} of ${this.#slowest.kind})`;
    const reached = this.#rareStatesToReach().filter((state) => this.#rareStates.has(state));
    const never = this.neverReached();
    return [
      `${this.seeds} seeds in ${Math.round(realMs / 1000)} s on ${threads} threads, ${this.failed} failed; ` +
        `${(this.#virtualMs / 3_600_000).toFixed(1)} hours of virtual time, ${Math.round(this.#virtualMs / realMs)} times real time; ` +
        `slowest recovery ${slowest}`,
      `seeds by kind: ${listed(this.#kinds)}`,
      `faults: ${listed(this.#faults)}`,
      `rare states, in so many seeds: ${listed(new Map(reached.map((state) => [state, this.#rareStates.get(state) ?? 0])))}`,
      never.length === 0 ? "every rare state was reached" : `never reached: ${never.join(", ")}`,
    ];
  }

  #rareStatesToReach(): readonly RareState[] {
    const ofDaemons = this.#hasDaemons ? Object.keys(clusterRareStates) : [];
    return [...ofDaemons, ...Object.keys(groupRareStates)] as RareState[];
  }
}

function listed(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return sorted.map(([name, count]) => `${name} ${count}`).join(", ") || "none";
}
