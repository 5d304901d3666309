import type { SoakResult } from "./soak-kinds.ts";

/** One seed to be run. */
export interface Turn {
  readonly kind: string;
  readonly seed: number;
}

/** What was spent on a kind. */
interface Account {
  readonly kind: string;
  begun: number;
  ended: number;
  /** By those that have ended. */
  spentMs: number;
}

/**
 * Whose turn is next: the kind of cluster on which the least time was spent, so that small clusters have many seeds and large ones cost no more than they do.
 * The seeds of each kind follow one another.
 */
export class Turns {
  readonly #accounts: readonly Account[];
  readonly #from: number;

  constructor(kinds: readonly string[], from: number) {
    this.#accounts = kinds.map((kind) => ({ kind, begun: 0, ended: 0, spentMs: 0 }));
    this.#from = from;
  }

  next(): Turn {
    const least = this.#accounts.reduce((best, account) => (chargeMs(account) < chargeMs(best) ? account : best));
    least.begun += 1;
    return { kind: least.kind, seed: this.#from + least.begun - 1 };
  }

  ended({ kind, tookMs }: Pick<SoakResult, "kind" | "tookMs">): void {
    const account = this.#accounts.find((other) => other.kind === kind);
    if (account === undefined) throw new RangeError(`Cannot find kind "${kind}"`);
    account.ended += 1;
    account.spentMs += tookMs;
  }
}

/** Those under way are taken to cost what the others of their kind did; the first ones, a second. */
function chargeMs({ begun, ended, spentMs }: Account): number {
  return ended === 0 ? begun * 1_000 : (spentMs / ended) * begun;
}
