/** The checks look at the raw document, so that one mistake does not hide the others: what has the wrong kind reads as absent. */

/** A mapping of the file as it was written, nothing checked. */
export type Mapping = Readonly<Record<string, unknown>>;

/** The mapping, or an empty one. */
export function asMapping(value: unknown): Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Mapping) : {};
}

/** The list, or an empty one. */
export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The text; undefined for anything else. */
export function asText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
