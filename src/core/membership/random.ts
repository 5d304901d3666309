/** A draw and the seed of the next one. */
export interface Draw {
  /** Integer, 0 <= value < bound. */
  readonly value: number;
  readonly seed: number;
}

/**
 * Draws an integer below `bound`. The seed lives in the group's state, so a run can be repeated (mulberry32).
 *
 * @param bound at least 1
 */
export function draw(seed: number, bound: number): Draw {
  const next = (seed + 0x6d2b79f5) | 0;
  let mixed = Math.imul(next ^ (next >>> 15), next | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  const bits = (mixed ^ (mixed >>> 14)) >>> 0;
  return { value: Math.floor((bits / 0x1_0000_0000) * bound), seed: next };
}
