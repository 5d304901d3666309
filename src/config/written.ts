import { type DurationMs, durationMs } from "../model/units.ts";
import type { Path } from "./config-error.ts";
import { parseDuration } from "./duration.ts";

/** A scalar as it was written in the file. */
export type SourceOf = (path: Path) => string | undefined;

/** The span as written, or the default in ms. */
export function spanOr(written: string | 0 | undefined, fallbackMs: number): DurationMs {
  return parseDuration(written) ?? durationMs(fallbackMs);
}

/** Agent parameters by key, sorted, each as it was written. */
export function writtenParameters(keys: readonly string[], path: Path, sourceOf: SourceOf): Record<string, string> {
  return Object.fromEntries(keys.toSorted().map((key) => [key, sourceOf([...path, key]) ?? ""]));
}
