import type { Checkpoint } from "../../model/checkpoint.ts";
import type { Entry, EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import { after } from "../../model/units.ts";
import { knowLife } from "../membership/hear-beat.ts";
import { resendDelay } from "../membership/timers.ts";
import { entryAt } from "./log.ts";
import { submissionsOf, withSubmission } from "./submissions.ts";
import { committedRecord, peerOf, persist, replacePeer, type Turn } from "./turn.ts";

/** Delivers everything up to the commit index. Called when it has moved, and once at the start for what was delivered before. */
export function deliver(turn: Turn): void {
  const { state } = turn;
  const { checkpoint } = state.log;
  if (checkpoint !== null && state.delivered < checkpoint.index) restore(turn, checkpoint);
  while (state.delivered < state.committed) {
    const entry = entryAt(state.log, state.delivered + 1);
    if (entry === undefined)
      throw new RangeError(`Cannot deliver entry ${state.delivered + 1}: log ends at ${state.log.length}`);
    state.delivered = entry.index;
    turn.delivered.push(entry);
    take(turn, entry);
  }
}

/**
 * [GRP-56] The entries that it stands for are delivered in one piece. What this step has delivered before is in it.
 */
function restore(turn: Turn, checkpoint: Checkpoint): void {
  const { state } = turn;
  const { self, incarnation } = state.setup;
  turn.restored = checkpoint;
  turn.delivered.length = 0;
  state.delivered = checkpoint.index;
  state.lastDelivered = submissionsOf(checkpoint);
  const own = state.lastDelivered.get(self);
  const ordered = own !== undefined && own.incarnation === incarnation ? own.sequence : 0;
  state.pending = state.pending.filter(({ id }) => id.sequence > ordered);
  for (const member of checkpoint.lives) {
    const peer = peerOf(turn, member.node);
    if (peer !== undefined) replacePeer(turn, knowLife(peer, member.incarnation));
  }
  for (const { node, incarnation } of checkpoint.left) noteOver(turn, checkpoint.index, node, incarnation);
}

/** As told by somebody else, or long after: a goodbye of a later life is no less true. */
function noteOver(turn: Turn, index: number, node: NodeId, life: Incarnation): void {
  const gone = peerOf(turn, node)?.gone ?? null;
  if (gone === null || gone < life) noteLeft(turn, index, node, life);
}

function take(turn: Turn, entry: Entry): void {
  const { state } = turn;
  const { id, body } = entry;
  state.lastDelivered = withSubmission(state.lastDelivered, id);
  if (id.sequence > 0 && id.origin === state.setup.self && id.incarnation === state.setup.incarnation) {
    state.pending = state.pending.filter((pending) => pending.id.sequence !== id.sequence);
    // Progress: what is still under way is sent again only when it stops.
    state.submitTimer = { at: after(turn.moment.now, resendDelay(1)), resends: 1 };
  }
  if (body.kind === "electorate" || body.kind === "config" || isRosterIntent(body)) writeCommitted(turn);
  if (body.kind === "left") {
    writeCommitted(turn);
    noteLeft(turn, entry.index, body.node, body.incarnation);
  }
  if (body.kind === "halted") {
    writeCommitted(turn);
    const { leave, setup } = state;
    // Nobody here needs to have asked: it is said of all, by one of them.
    const isOwn = body.members.some((one) => one.node === setup.self && one.incarnation === setup.incarnation);
    if (isOwn) state.leave = { since: turn.moment.now, delivered: null, isDone: false, ...leave, together: true };
    for (const { node, incarnation } of body.members) noteOver(turn, entry.index, node, incarnation);
  }
}

function isRosterIntent(body: EntryBody): boolean {
  return body.kind === "intent" && (body.intent.kind === "remove-node" || body.intent.kind === "readmit-node");
}

/** [GRP-38] A node must know after a reboot which electorate and which roster are decided, so their commit goes to disk at once. */
function writeCommitted(turn: Turn): void {
  const records = committedRecord(turn);
  if (records.length > 0) persist(turn, records);
}

/** [GRP-71] The entry is the proof of a clean leave: from here on that life is over, whatever its heartbeats still say. */
function noteLeft(turn: Turn, index: number, node: NodeId, incarnation: Incarnation): void {
  const { state } = turn;
  if (node === state.setup.self) {
    if (incarnation !== state.setup.incarnation || state.leave === null) return;
    state.leave = { ...state.leave, delivered: { index, at: turn.moment.now } };
    return;
  }
  const peer = peerOf(turn, node);
  if (peer !== undefined) replacePeer(turn, { ...knowLife(peer, incarnation), gone: incarnation });
}
