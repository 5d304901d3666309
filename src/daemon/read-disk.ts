import type { DiskState } from "../model/disk.ts";
import type { JournalContent } from "../ports/journal.ts";
import type { Rules } from "./setup.ts";

/**
 * What the journal adds up to, or why it is damaged; then the disk is a blank one.
 *
 * A journal whose records contradict each other is as bad as one that cannot be read: what it promised is unknown.
 */
export function readDisk(
  content: JournalContent,
  rules: Pick<Rules, "replayDisk">,
): { readonly disk: DiskState; readonly damage: string | null } {
  const blank = rules.replayDisk([]);
  if (content.state === "damaged") return { disk: blank, damage: content.detail };
  try {
    return { disk: rules.replayDisk(content.records), damage: null };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { disk: blank, damage: error.message };
  }
}
