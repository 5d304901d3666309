import { never } from "../../model/units.ts";
import { sameViewId } from "../../model/view.ts";
import { diskStateOf } from "./disk-state.ts";
import { foldEntries } from "./fold-entries.ts";
import type { Active } from "./group-state.ts";
import { entriesBetween, trimLog } from "./log.ts";
import { windowEntriesMax } from "./order.ts";
import { entryBytes, recordBytes } from "./record-bytes.ts";
import { diskRecords } from "./replay-disk.ts";
import { persist, peerOf, type Turn } from "./turn.ts";

/** Entries that fold in one step: the main loop must not be away for long. */
const foldEntriesMax = 128;

/**
 * What keeps log and journal from growing: old entries fold into the checkpoint, and now and then the journal is rewritten to what is
 * left. Both are a node's own affair: its checkpoint is at another index than the others', and says the same. The two do not go together
 * either: memory is trimmed every few entries, for which nothing need be written, as the disk may hold more.
 */
export function tidy(turn: Turn): void {
  const { phase, bootAbove } = turn.state;
  if (bootAbove !== null) return;
  if (phase.kind === "active") trim(turn, phase);
  // While a view is being made, nothing else is to be written.
  if (phase.kind === "active" || phase.kind === "electing") rewrite(turn);
}

/**
 * [GRP-57] Only in a view, so that logs do not change while one is being agreed on; only what all its members have delivered, so that no
 * member of it needs a checkpoint; and all but a window of that, so that one that was away for a moment does not need one either.
 */
function trim(turn: Turn, active: Active): void {
  const { state } = turn;
  const { limits, machine } = state.setup;
  const { trimmed } = state.log;
  const isHeavy = state.disk.untrimmedBytes > limits.keepBytes;
  if (!isHeavy && state.delivered - trimmed <= limits.keepEntries + limits.spareEntries) return;
  const delivered = deliveredByAll(turn, active);
  const surplus = delivered - limits.keepEntries - trimmed;
  if (!isHeavy && surplus <= limits.spareEntries) return;
  state.disk = { ...state.disk, untrimmedBytes: 0 };
  const index = Math.min(isHeavy ? trimmable(turn, delivered) : trimmed + surplus, trimmed + foldEntriesMax);
  if (index <= trimmed) return;
  state.log = trimLog(state.log, foldEntries(state.log, index, machine));
  // A journal of an earlier version holds everything: it is rewritten as soon as all of that has folded, and not looked at before.
  const { rewriteAtBytes } = state.disk;
  if (surplus > foldEntriesMax) state.disk = { ...state.disk, rewriteAtBytes: never };
  else if (rewriteAtBytes === never) state.disk = { ...state.disk, rewriteAtBytes: limits.rewriteBytes };
}

/** By the members' heartbeats. Of one that is not heard here: nothing is ordered that is more than a window ahead of it. */
function deliveredByAll(turn: Turn, active: Active): number {
  const { state } = turn;
  const { delivered, committed } = state;
  return active.view.members.reduce((least, { node }) => {
    if (node === state.setup.self) return least;
    const beat = peerOf(turn, node)?.beat;
    const isHere =
      beat !== null && beat !== undefined && beat.status === "active" && sameViewId(beat.view, active.view.id);
    return Math.min(least, isHere ? beat.delivered : committed - windowEntriesMax);
  }, delivered);
}

/** The last entry up to `delivered` that need not be kept, by count and by bytes. */
function trimmable(turn: Turn, delivered: number): number {
  const { log, setup } = turn.state;
  const { keepEntries, keepBytes } = setup.limits;
  let bytes = 0;
  for (const entry of entriesBetween(log, delivered - keepEntries + 1, delivered).toReversed()) {
    bytes += entryBytes(entry);
    if (bytes > keepBytes) return entry.index;
  }
  return delivered - keepEntries;
}

/** [GRP-58] One write, which takes the place of everything before it. */
function rewrite(turn: Turn): void {
  const { state } = turn;
  if (state.disk.grownBytes < state.disk.rewriteAtBytes) return;
  const { rewriteBytes } = state.setup.limits;
  const records = diskRecords(diskStateOf(state));
  const bytes = records.reduce((sum, record) => sum + recordBytes(record), 0);
  // A large state is not written again for a few entries.
  if (state.disk.grownBytes < 4 * bytes) {
    state.disk = { ...state.disk, rewriteAtBytes: 4 * bytes };
    return;
  }
  persist(turn, records, true);
  state.disk = { ...state.disk, committed: state.committed, grownBytes: 0, rewriteAtBytes: rewriteBytes };
}
