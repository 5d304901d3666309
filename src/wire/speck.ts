/**
 * Speck64/128, a block cipher of additions, rotations and exclusive ors of 32-bit words: the only kind that the kernel's packet filter
 * can compute, too (adapters/network/tag-cipher.ts). Beaulieu et al., "The Simon and Speck families of lightweight block ciphers" (2013).
 */
export const speckRounds = 27;

/** @param key k0, l0, l1, l2 @returns a key for each round */
export function expandSpeckKey(key: readonly [number, number, number, number]): Uint32Array {
  const roundKeys = new Uint32Array(speckRounds);
  const [first, ...rest] = key;
  let round = first;
  for (let index = 0; index < speckRounds; index += 1) {
    roundKeys[index] = round;
    const place = index % 3;
    // The schedule is the round itself, with its number as the key.
    const next = ((((rest[place] ?? 0) >>> 8) | ((rest[place] ?? 0) << 24)) + round) ^ index;
    rest[place] = next;
    round = ((round << 3) | (round >>> 29)) ^ next;
  }
  return roundKeys;
}

/** The first word of the enciphered block (`high`, `low`), from 0 to 2^32-1. */
export function speckWord(roundKeys: Uint32Array, high: number, low: number): number {
  let x = high | 0;
  let y = low | 0;
  for (const key of roundKeys) {
    x = (((x >>> 8) | (x << 24)) + y) ^ key;
    y = ((y << 3) | (y >>> 29)) ^ x;
  }
  return x >>> 0;
}
