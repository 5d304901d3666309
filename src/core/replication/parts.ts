import type { Entry } from "../../model/entry.ts";
import { type Log, entryAt } from "./log.ts";
import { entryBytes } from "./record-bytes.ts";

/** Entries of a log that travel in one message: as many as fit well into a frame, at least one. */
export const partEntriesMax = 512;
/** As JSON; a single entry may be larger. */
export const partBytesMax = 512 * 1024;

/** Entries from `from` to at most `to`, both included. Empty only when there are none. */
export function partOf(log: Log, from: number, to: number): readonly Entry[] {
  const part: Entry[] = [];
  let bytes = 0;
  for (let index = from; index <= to && part.length < partEntriesMax; index += 1) {
    const entry = entryAt(log, index);
    if (entry === undefined) break;
    bytes += entryBytes(entry);
    if (part.length > 0 && bytes > partBytesMax) break;
    part.push(entry);
  }
  return part;
}
