import type { Path, Problem } from "./config-error.ts";
import { suggest } from "./suggest.ts";

/** A name that names nothing, with what there is to choose from. */
export function unknownReference(path: Path, name: string, what: string, known: readonly string[]): Problem {
  const hint = suggest(name, known);
  const list = known.length > 12 ? `${known.slice(0, 12).join(", ")}, …` : known.join(", ");
  const wanted = known.length === 0 ? `a configured ${what}; there is none` : `a configured ${what}: ${list}`;
  return { path, found: JSON.stringify(name), wanted, ...(hint === undefined ? {} : { hint }) };
}
