/** What the words after `npm run soak --` ask for. */
export type SoakWish =
  | {
      readonly kind: "many";
      readonly minutes: number;
      /** Not more than so many. */
      readonly seeds: number;
      readonly from: number;
      readonly kinds: readonly string[];
      readonly threads: number;
    }
  | { readonly kind: "one"; readonly seed: number; readonly shape: string; readonly isQuiet: boolean };

/**
 * @param known names of the shapes; one that ends in `-` stands for all that begin so
 * @param cores how many threads there are when none are asked for
 * @returns null when the words make no sense
 */
export function parseSoak(words: readonly string[], known: readonly string[], cores: number): SoakWish | null {
  const values = new Map<string, string>();
  let isQuiet = false;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    if (word === "--quiet") {
      isQuiet = true;
      continue;
    }
    const value = words[(index += 1)];
    if (!["--minutes", "--seeds", "--from", "--shape", "--seed", "--threads"].includes(word) || value === undefined)
      return null;
    values.set(word, value);
  }
  const number = (word: string, otherwise: number): number => Number(values.get(word) ?? otherwise);
  const shape = values.get("--shape");
  const kinds = known.filter(
    (name) => shape === undefined || name === shape || (shape.endsWith("-") && name.startsWith(shape)),
  );
  if (kinds.length === 0) return null;
  if (values.has("--seed")) {
    const seed = number("--seed", 0);
    return Number.isInteger(seed) && kinds[0] !== undefined && kinds[0] === shape
      ? { kind: "one", seed, shape: kinds[0], isQuiet }
      : null;
  }
  const seeds = number("--seeds", Infinity);
  const minutes = number("--minutes", values.has("--seeds") ? Infinity : 1);
  const [from, threads] = [number("--from", 1), number("--threads", cores)];
  const isSense = minutes > 0 && seeds > 0 && Number.isInteger(from) && Number.isInteger(threads) && threads > 0;
  return isSense && !isQuiet ? { kind: "many", minutes, seeds, from, kinds, threads } : null;
}
