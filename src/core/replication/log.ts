import type { Entry } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Electorate } from "../../model/message.ts";

/**
 * The log as a value. Many states share one array: appending pushes to it and gives a log that is longer, and a log never looks
 * beyond its own length, so older values stay what they were. Cutting shares the array too; the first append behind a cut finds that
 * the array goes on where the log does not, and copies. So a step costs nothing, and only a view change that drops entries copies.
 *
 * Invariant: entries[i].index === i + 1 for all i < length; electorates ascend by index, none above length.
 */
export interface Log {
  readonly entries: readonly Entry[];
  readonly length: number;
  /** The founding electorate (index 0), then every change; empty on a blank node. */
  readonly electorates: readonly Electorate[];
}

/** The log of a blank node (`founding` null) or of a founder. */
export function emptyLog(founding: Electorate | null): Log {
  return { entries: [], length: 0, electorates: founding === null ? [] : [founding] };
}

/** @throws RangeError when the entries do not follow the last one without a gap */
export function appendEntries(log: Log, added: readonly Entry[]): Log {
  if (added.length === 0) return log;
  const entries = (log.entries.length === log.length ? log.entries : log.entries.slice(0, log.length)) as Entry[];
  let electorates = log.electorates;
  let { length } = log;
  for (const entry of added) {
    if (entry.index !== length + 1) throw new RangeError(`Cannot append entry ${entry.index}: log ends at ${length}`);
    entries.push(entry);
    length += 1;
    electorates = withElectorateOf(electorates, entry);
  }
  return { entries, length, electorates };
}

/** The first `length` entries. */
export function cutLog(log: Log, length: number): Log {
  if (length > log.length) throw new RangeError(`Cannot cut log to ${length}: it ends at ${log.length}`);
  if (length === log.length) return log;
  return { entries: log.entries, length, electorates: log.electorates.filter(({ index }) => index <= length) };
}

/** Entries `from` to `to`, both included, clipped to the log. */
export function entriesBetween(log: Log, from: number, to: number): readonly Entry[] {
  return log.entries.slice(Math.max(from, 1) - 1, Math.min(to, log.length));
}

/** The entry of that index; undefined beyond the log. */
export function entryAt(log: Log, index: number): Entry | undefined {
  return index <= log.length ? log.entries[index - 1] : undefined;
}

/** The last two electorates, oldest first: all that a vote needs. */
export function lastElectorates(log: Log): readonly Electorate[] {
  return log.electorates.slice(-2);
}

/** Voters of the founding electorate; empty on a blank node. */
export function foundingVoters(log: Log): readonly NodeId[] {
  return log.electorates[0]?.voters ?? [];
}

function withElectorateOf(electorates: readonly Electorate[], entry: Entry): readonly Electorate[] {
  const { body } = entry;
  if (body.kind !== "electorate" && body.kind !== "left") return electorates;
  const present = electorates.at(-1)?.voters;
  // A leave without a vote to withdraw changes nothing, and must not look like a change in flight.
  if (present !== undefined && sameNodes(present, body.voters)) return electorates;
  return [...electorates, { index: entry.index, voters: body.voters }];
}

function sameNodes(some: readonly NodeId[], others: readonly NodeId[]): boolean {
  return some.length === others.length && some.every((node) => others.includes(node));
}
