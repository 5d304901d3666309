import type { Checkpoint } from "../../model/checkpoint.ts";
import type { Entry } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Electorate } from "../../model/message.ts";
import { type WallMs, wallMs } from "../../model/units.ts";

/**
 * The log as a value: a checkpoint (what the oldest entries add up to), then entries. Many states share one array: appending pushes to
 * it and gives a log that is longer, and a log never looks beyond its own length, so older values stay what they were. Cutting shares
 * the array too; the first append behind a cut finds that the array goes on where the log does not, and copies. So a step costs
 * nothing, and only a view change that drops entries, and a trim, copy.
 *
 * Invariant: entries[i].index === trimmed + i + 1 for all i < length - trimmed; electorates ascend by index, none above length.
 */
export interface Log {
  /** Takes the place of the entries up to `trimmed`; null when nothing was trimmed. */
  readonly checkpoint: Checkpoint | null;
  /** Index of the checkpoint; 0 without one. */
  readonly trimmed: number;
  readonly entries: readonly Entry[];
  readonly length: number;
  /** The founding electorate (index 0) or the last two of the checkpoint, then every change; empty on a blank node. */
  readonly electorates: readonly Electorate[];
}

/** The log of a blank node (`founding` null) or of a founder. */
export function emptyLog(founding: Electorate | null): Log {
  const electorates = founding === null ? [] : [founding];
  return { checkpoint: null, trimmed: 0, entries: [], length: 0, electorates };
}

/** The log that is all checkpoint. */
export function logBehind(checkpoint: Checkpoint): Log {
  const { index, electorates } = checkpoint;
  return { checkpoint, trimmed: index, entries: [], length: index, electorates };
}

/** @throws RangeError when the entries do not follow the last one without a gap */
export function appendEntries(log: Log, added: readonly Entry[]): Log {
  if (added.length === 0) return log;
  const kept = log.length - log.trimmed;
  const entries = (log.entries.length === kept ? log.entries : log.entries.slice(0, kept)) as Entry[];
  let electorates = log.electorates;
  let { length } = log;
  for (const entry of added) {
    if (entry.index !== length + 1) throw new RangeError(`Cannot append entry ${entry.index}: log ends at ${length}`);
    entries.push(entry);
    length += 1;
    electorates = withElectorateOf(electorates, entry);
  }
  return { ...log, entries, length, electorates };
}

/** The first `length` entries. */
export function cutLog(log: Log, length: number): Log {
  if (length > log.length) throw new RangeError(`Cannot cut log to ${length}: it ends at ${log.length}`);
  if (length < log.trimmed) throw new RangeError(`Cannot cut log to ${length}: it begins behind ${log.trimmed}`);
  if (length === log.length) return log;
  return { ...log, length, electorates: log.electorates.filter(({ index }) => index <= length) };
}

/**
 * The log with `checkpoint` in the place of its oldest entries.
 *
 * @throws RangeError when the checkpoint is not within the log
 */
export function trimLog(log: Log, checkpoint: Checkpoint): Log {
  const { index } = checkpoint;
  if (index < log.trimmed || index > log.length)
    throw new RangeError(`Cannot trim log to ${index}: it goes from ${log.trimmed} to ${log.length}`);
  const later = log.electorates.filter((electorate) => electorate.index > index);
  return {
    checkpoint,
    trimmed: index,
    entries: log.entries.slice(index - log.trimmed, log.length - log.trimmed),
    length: log.length,
    electorates: [...checkpoint.electorates, ...later],
  };
}

/** Entries `from` to `to`, both included, clipped to what is not trimmed. */
export function entriesBetween(log: Log, from: number, to: number): readonly Entry[] {
  const begin = Math.max(from - log.trimmed, 1) - 1;
  return log.entries.slice(begin, Math.max(begin, Math.min(to, log.length) - log.trimmed));
}

/** The entry of that index; undefined beyond the log, and where it was trimmed. */
export function entryAt(log: Log, index: number): Entry | undefined {
  return index <= log.length ? log.entries[index - log.trimmed - 1] : undefined;
}

/** The stamp of the last entry; 0 in an empty log. */
export function lastStamp(log: Log): WallMs {
  return entryAt(log, log.length)?.at ?? log.checkpoint?.at ?? wallMs(0);
}

/** The last two electorates, oldest first: all that a vote needs. */
export function lastElectorates(log: Log): readonly Electorate[] {
  return log.electorates.slice(-2);
}

/** Voters of the founding electorate; empty on a blank node, and where it was trimmed. */
export function foundingVoters(log: Log): readonly NodeId[] {
  return log.electorates.find(({ index }) => index === 0)?.voters ?? [];
}

/** With the electorate that the entry sets, if it does. */
export function withElectorateOf(electorates: readonly Electorate[], entry: Entry): readonly Electorate[] {
  const { body } = entry;
  if (body.kind !== "electorate" && body.kind !== "left") return electorates;
  const present = electorates.at(-1)?.voters;
  // A leave without a vote to withdraw changes nothing, and must not look like a change in flight.
  if (present !== undefined && sameVotes(present, body.voters)) return electorates;
  return [...electorates, { index: entry.index, voters: body.voters }];
}

function sameVotes(some: readonly NodeId[], others: readonly NodeId[]): boolean {
  const sorted = [...others].sort();
  return some.length === others.length && [...some].sort().every((voter, place) => voter === sorted[place]);
}
