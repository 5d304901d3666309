import type { Incarnation } from "../../model/incarnation.ts";
import type { Entry } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { sameViewId, type ViewId } from "../../model/view.ts";
import { deliver } from "./deliver.ts";
import type { Active } from "./group-state.ts";
import { appendEntries } from "./log.ts";
import { toActive } from "./phases.ts";
import { committedRecord, isDeparting, persist, send, type Turn } from "./turn.ts";

/** Who says that a view is running: its coordinator, in the life that proposed it, or nobody. */
export interface Speaker {
  readonly node: NodeId;
  readonly incarnation: Incarnation;
}

/**
 * [GRP-14] Enters (or re-enters) a view that its coordinator says is running: when its log is installed and nothing higher is promised.
 *
 * Re-entry is what brings back a node that was cut off for a moment while the view went on: it promised nothing, so it may continue.
 * Its own life must be the one that is a member: after a reboot it is not.
 *
 * @returns the phase when the node is active in `view` now
 */
export function enterView(turn: Turn, speaker: Speaker, view: ViewId): Active | null {
  const { state } = turn;
  if (state.phase.kind === "active") return sameViewId(state.phase.view.id, view) ? state.phase : null;
  if (state.phase.kind === "proposing" || isDeparting(state) || state.bootAbove !== null) return null;
  if (speaker.node !== view.proposer || speaker.incarnation !== view.incarnation) return null;
  const { durable } = state.disk;
  if (!sameViewId(view, state.promised) || !sameViewId(view, state.logView) || !sameViewId(view, durable.logView))
    return null;
  const isMember = state.viewMembers.some(
    ({ node, incarnation }) => node === state.setup.self && incarnation === state.setup.incarnation,
  );
  if (!isMember || speaker.node === state.race.out?.target) return null;
  const active = toActive(turn, { id: view, members: state.viewMembers, coordinator: view.proposer }, null);
  commitUpTo(turn, state.base);
  return active;
}

/** Commits and delivers up to `index` in the present view. */
export function commitUpTo(turn: Turn, index: number): void {
  const { state } = turn;
  if (index <= state.committed && state.delivered >= state.committed) return;
  if (index > state.log.length) throw new RangeError(`Cannot commit entry ${index}: log ends at ${state.log.length}`);
  state.committed = Math.max(state.committed, index);
  deliver(turn);
}

/** Entries kept while one before them is missing. */
const earlyEntriesMax = 64;

/**
 * [GRP-62] A member takes the next entry only, puts it on disk, and acknowledges then: see `acknowledge`. A duplicate is acknowledged
 * again with what is on disk, never with what is in memory: the entries before it may be there and those after it not yet. One that
 * overtook others waits in memory and is not acknowledged.
 */
export function onEntry(turn: Turn, active: Active, entry: Entry, committed: number): void {
  const { state } = turn;
  const next = state.log.length + 1;
  if (entry.index === next) {
    const added = [entry, ...active.early.filter(({ index }, position) => index === next + 1 + position)];
    state.log = appendEntries(state.log, added);
    if (active.early.length > 0) state.phase = { ...active, early: active.early.slice(added.length - 1) };
    // The commit index goes with it, or a reboot would forget how much of the log needs no installation.
    persist(turn, [{ kind: "append", entries: added }, ...committedRecord(turn)]);
  } else if (entry.index > next) state.phase = { ...active, early: withEarly(active.early, entry) };
  else acknowledge(turn, active);
  commitUpTo(turn, Math.min(committed, state.log.length));
}

function withEarly(early: readonly Entry[], entry: Entry): readonly Entry[] {
  if (early.length >= earlyEntriesMax || early.some(({ index }) => index === entry.index)) return early;
  return [...early, entry].sort((a, b) => a.index - b.index);
}

/** Tells the coordinator the durable length. */
export function acknowledge(turn: Turn, active: Active): void {
  const { durable } = turn.state.disk;
  if (!sameViewId(durable.logView, active.view.id)) return;
  send(turn, active.view.coordinator, { kind: "ack", view: active.view.id, length: durable.length });
}
