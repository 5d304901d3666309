import { draw } from "../../core/membership/random.ts";

/** The randomness of one run: everything that is drawn comes from its seed, in order. */
export class Dice {
  #seed: number;

  constructor(seed: number) {
    // Neighbouring seeds must not give neighbouring runs.
    this.#seed = Math.imul(seed + 1, 0x9e3779b1) | 0;
  }

  /** Integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** Integer, 0 <= value < bound. */
  below(bound: number): number {
    const { value, seed } = draw(this.#seed, bound);
    this.#seed = seed;
    return value;
  }

  /** True with that probability. */
  chance(probability: number): boolean {
    return this.below(1_000_000) < probability * 1_000_000;
  }

  /** @throws RangeError when there is nothing to pick from */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("Cannot pick from an empty list");
    return item;
  }
}
