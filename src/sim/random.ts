/** Seeded randomness: the same seed gives the same numbers, everywhere and for ever. */
export class Random {
  #state: number;

  /** @param seed any integer; only its lower 32 bits count */
  constructor(seed: number) {
    // Neighbouring seeds must not begin alike: scramble once.
    this.#state = Math.imul((seed >>> 0) ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
    this.bits();
    this.bits();
  }

  /** 32 random bits (mulberry32). */
  bits(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + (this.bits() % (high - low + 1));
  }

  /** True with that probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.bits() < probability * 4294967296;
  }

  /** One of `items`, which are not empty. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.between(0, items.length - 1)];
    if (item === undefined) throw new RangeError("Cannot pick from nothing");
    return item;
  }

  /** Another source, independent of how much is drawn from this one afterwards. */
  fork(): Random {
    return new Random(this.bits());
  }
}
