import type { Checkpoint } from "../../model/checkpoint.ts";
import type { DiskRecord } from "../../model/disk.ts";
import type { Effect } from "../../model/effect.ts";
import type { Entry } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Moment } from "../../model/input.ts";
import type { Message } from "../../model/message.ts";
import { type InstantMs, after, never } from "../../model/units.ts";
import { isTwoWay, type Peer } from "../membership/peer.ts";
import { draw } from "../membership/random.ts";
import { resendDelay } from "../membership/timers.ts";
import type { Standing } from "../quorum/fencing-race.ts";
import { hasBegun } from "../quorum/wait-for-all.ts";
import { countedNodes } from "./counted-nodes.ts";
import { asked } from "./durability.ts";
import type { GroupState, ResendTimer } from "./group-state.ts";

/**
 * One step under way: the only place where something is changed in place.
 *
 * `state` is a copy of the state before, one level deep; every field is replaced, never changed inside, so the state before stays
 * what it was. Rules take a turn, read and replace fields, and add what is to be done. Judging functions register with `wakeBy` the
 * instant up to which their "not yet" holds, so the instant to wake at is exactly the next one that matters.
 */
export interface Turn {
  readonly state: { -readonly [Field in keyof GroupState]: GroupState[Field] };
  readonly effects: Effect[];
  readonly delivered: Entry[];
  /** Delivered in the place of the entries up to its index, before `delivered`. */
  restored: Checkpoint | null;
  readonly moment: Moment;
  wakeAt: InstantMs;
  /** Heartbeat content is due: at the end of the step, or also sent at once. */
  beat: "none" | "fresh" | "at-once";
}

/** A turn over `state`. */
export function openTurn(state: GroupState, moment: Moment): Turn {
  return { state: { ...state }, effects: [], delivered: [], restored: null, moment, wakeAt: never, beat: "none" };
}

/** Its own `left` entry is delivered here: nothing is proposed, promised or entered any more. */
export function isDeparting(state: Pick<GroupState, "leave">): boolean {
  return state.leave !== null && (state.leave.delivered !== null || state.leave.isDone);
}

/** Asks for a wake-up at the latest then. */
export function wakeBy(turn: Turn, at: InstantMs): void {
  if (at < turn.wakeAt) turn.wakeAt = at;
}

/** True when `at` has come; otherwise asks to be woken then. */
export function isDue(turn: Turn, at: InstantMs): boolean {
  if (turn.moment.now >= at) return true;
  wakeBy(turn, at);
  return false;
}

export function send(turn: Turn, to: NodeId, message: Message): void {
  turn.effects.push({ kind: "send", to, message });
}

/** Sends to each but this node itself. */
export function sendToAll(turn: Turn, nodes: readonly NodeId[], message: Message): void {
  for (const node of nodes) if (node !== turn.state.setup.self) send(turn, node, message);
}

/** Asks for a write. What the disk holds after it follows from the records, never from the state, which may be ahead of them. */
export function persist(turn: Turn, records: readonly DiskRecord[], isRewrite = false): void {
  const { state } = turn;
  const effect = { kind: "persist" as const, write: state.disk.next, records };
  turn.effects.push(isRewrite ? { ...effect, isRewrite } : effect);
  state.disk = asked(state.disk, records, turn.moment.now);
}

/** The commit index goes to disk: at every change of the electorate, else with the next write. */
export function committedRecord(turn: Turn): readonly DiskRecord[] {
  const { state } = turn;
  if (state.committed <= state.disk.committed) return [];
  state.disk = { ...state.disk, committed: state.committed };
  return [{ kind: "committed", committed: state.committed }];
}

/** What one's heartbeats say has changed in a way that others wait for. */
export function beatAtOnce(turn: Turn): void {
  turn.beat = "at-once";
}

/** The random wait after a failed attempt. */
export function jitter(turn: Turn): number {
  const { timers, rank } = turn.state.setup;
  const drawn = draw(turn.state.seed, timers.jitter + 1);
  turn.state.seed = drawn.seed;
  return drawn.value + rank * timers.jitterPerRank;
}

/** A timer that has just sent for the first time. */
export function startTimer(turn: Turn): ResendTimer {
  return { at: after(turn.moment.now, resendDelay(0)), resends: 0 };
}

/** A timer after one more resend. */
export function nextTimer(turn: Turn, timer: ResendTimer): ResendTimer {
  const resends = timer.resends + 1;
  return { at: after(turn.moment.now, resendDelay(resends)), resends };
}

export function peerOf(turn: Turn, node: NodeId): Peer | undefined {
  for (const peer of turn.state.peers) if (peer.node === node) return peer;
  return undefined;
}

export function replacePeer(turn: Turn, peer: Peer): void {
  turn.state.peers = turn.state.peers.map((old) => (old.node === peer.node ? peer : old));
}

/** Peers heard both ways, but for one that is about to be shot. Sorted by name. */
export function neighbours(turn: Turn): readonly Peer[] {
  const { setup, race, peers } = turn.state;
  const { now } = turn.moment;
  return peers.filter((peer) => isTwoWay(peer, now, setup.timers.deadtime) && peer.node !== race.out?.target);
}

/** [GRP-108] Neighbours that this node may propose a view with: not those of whom its own file alone knows, nobody has agreed to them. */
export function acquaintances(turn: Turn): readonly Peer[] {
  return neighbours(turn).filter((peer) => !isStranger(turn.state, peer.node));
}

/** [GRP-108] Of this node's own file alone, and without a vote. */
export function isStranger(state: Pick<GroupState, "setup" | "log" | "committed">, node: NodeId): boolean {
  return state.setup.strangers.includes(node) && !countedNodes(state).includes(node);
}

/** The own disk has not finished a write for so long that a view change would fail for it. */
export function isDiskStuck(turn: Turn): boolean {
  const since = turn.state.disk.writes[0]?.askedAt;
  return since !== undefined && turn.moment.now - since >= turn.state.setup.timers.ack;
}

/** Marks nodes as slow: proposals that can do without them leave them out for a while. */
export function markSlow(turn: Turn, nodes: readonly NodeId[]): void {
  const { slow } = turn.state.setup.timers;
  leaveOut(turn, nodes, () => slow);
}

/**
 * The same for joiners that were given up: for a deadtime at first, so that one stall of a disk does not keep a daemon that was restarted out
 * for longer than its services are kept for it.
 */
export function markLate(turn: Turn, nodes: readonly NodeId[]): void {
  const { deadtime, slow } = turn.state.setup.timers;
  leaveOut(turn, nodes, ({ slowUntil }) => (turn.moment.now < after(slowUntil, 2 * deadtime) ? slow : deadtime));
}

function leaveOut({ state, moment }: Turn, nodes: readonly NodeId[], spanOf: (peer: Peer) => number): void {
  state.peers = state.peers.map((peer) =>
    nodes.includes(peer.node) ? { ...peer, slowUntil: after(moment.now, spanOf(peer)) } : peer,
  );
}

/** What decides whether this node may go on without its fellow voter. */
export function standingOf(state: GroupState): Standing {
  const { setup, log, committed, isInstalledHere, viewMembers } = state;
  const { self, quorum, isRemoved } = setup;
  const { electorates } = log;
  return { self, quorum, isInstalledHere, members: viewMembers, electorates, committed, isRemoved };
}

/** [GRP-44] This node has seen the cluster begin: it may propose. */
export function mayFound({ setup, isInstalledHere, hasSeenAll }: GroupState): boolean {
  return hasBegun({ quorum: setup.quorum, hasBeenInView: isInstalledHere, hasSeenAll });
}

/** Lately too late, or known by its own word to have a disk that hangs. */
export function isSlow(turn: Turn, peer: Peer): boolean {
  return peer.slowUntil > turn.moment.now || (peer.beat?.diskLateMs ?? 0) >= turn.state.setup.timers.ack;
}
