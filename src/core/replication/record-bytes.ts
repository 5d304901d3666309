import type { DiskRecord } from "../../model/disk.ts";
import type { Entry } from "../../model/entry.ts";

/** What every entry takes beside its body: ids, view, stamp. */
const entryOverheadBytes = 200;
/** What every record takes beside its entries. */
const recordOverheadBytes = 150;

/** About what an entry takes in a message or a journal. */
export function entryBytes(entry: Entry): number {
  return JSON.stringify(entry.body).length + entryOverheadBytes;
}

/** About what a record takes in the journal. */
export function recordBytes(record: DiskRecord): number {
  let bytes = recordOverheadBytes;
  if (record.kind === "promise") bytes += record.padding?.length ?? 0;
  if (record.kind === "append" || record.kind === "install" || record.kind === "log") {
    for (const entry of record.entries) bytes += entryBytes(entry);
  }
  const checkpoint = record.kind === "install" || record.kind === "log" ? record.checkpoint : undefined;
  return checkpoint === undefined || checkpoint === null ? bytes : bytes + JSON.stringify(checkpoint).length;
}
