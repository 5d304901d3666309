import type { InstantMs } from "../model/units.ts";

/** The greatest of the values that were added within a time that goes along. Its memory is a few numbers, whatever comes. */
export class Peak {
  readonly #bucketMs: number;
  readonly #values: (number | null)[];
  /** Number of the newest bucket, counted from instant 0. */
  #newest = 0;

  /** @param spanMs how far it looks back, to a bucket more or less */
  constructor(spanMs: number, buckets: number) {
    this.#bucketMs = spanMs / buckets;
    this.#values = Array<number | null>(buckets).fill(null);
  }

  add(value: number, at: InstantMs): void {
    this.#goTo(at);
    const slot = this.#newest % this.#values.length;
    this.#values[slot] = Math.max(value, this.#values[slot] ?? value);
  }

  /** null: nothing was added in that time. */
  max(now: InstantMs): number | null {
    this.#goTo(now);
    let max: number | null = null;
    for (const value of this.#values) if (value !== null && (max === null || value > max)) max = value;
    return max;
  }

  /** Instants come in order, but for packets that waited: those count as of now. */
  #goTo(at: InstantMs): void {
    const bucket = Math.floor(at / this.#bucketMs);
    if (bucket <= this.#newest) return;
    const isOld = bucket - this.#newest >= this.#values.length;
    if (isOld) this.#values.fill(null);
    else for (let next = this.#newest + 1; next <= bucket; next += 1) this.#values[next % this.#values.length] = null;
    this.#newest = bucket;
  }
}
