import type { Entry, EntryBody, SubmitId } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { after } from "../../model/units.ts";
import {
  isChangePending,
  type ElectorateSituation,
  type VoteChange,
  nextVoteChange,
  withoutLeaver,
  withWitness,
  witnessOf,
} from "../quorum/electorate-change.ts";
import { compareViewIds } from "../../model/view.ts";
import { hasWitness, isWitnessHeard, witnessName } from "../quorum/known-witness.ts";
import { votesOf } from "../quorum/votes.ts";
import { commitIndex } from "./commit-index.ts";
import { commitUpTo } from "./follow.ts";
import { type Active, type Lead, type MemberProgress, type Pending, wantedVotes } from "./group-state.ts";
import { appendEntries, entriesBetween } from "./log.ts";
import { nextStamp } from "./stamp.ts";
import { placeOf, withSubmission } from "./submissions.ts";
import { committedRecord, isDue, nextTimer, peerOf, persist, send, sendToAll, startTimer, type Turn } from "./turn.ts";

/** Entries that may wait for acknowledgements at once, and their size as JSON. */
export const windowEntriesMax = 256;
export const windowBytesMax = 1024 * 1024;
/** Submissions kept while one before them is missing. */
const earlySubmissionsMax = 64;
/** Entries sent again to one member at once. */
const resendEntriesMax = 16;

/** A coordinator's phase. */
export type Leading = Active & { readonly lead: Lead };

/** The phase when this node coordinates its view. */
export function leading(turn: Turn): Leading | null {
  const { phase } = turn.state;
  return phase.kind === "active" && phase.lead !== null ? (phase as Leading) : null;
}

/**
 * Takes a submission of a member or of this node.
 *
 * @returns false when the window is full: try again later
 */
export function orderSubmission(turn: Turn, active: Leading, id: SubmitId, body: EntryBody): boolean {
  if (body.kind === "view" || body.kind === "electorate") return true;
  const place = placeOf(id, active.lead.lastOrdered);
  if (place === "early") keepEarly(turn, active, { id, body });
  if (place !== "next") return true;
  if (active.lead.open.length >= windowEntriesMax || active.lead.openBytes >= windowBytesMax) return false;
  if (body.kind !== "left") {
    order(turn, active, id, body);
    return true;
  }
  const situation = electorateSituation(turn, active);
  if (isChangePending(situation)) return true;
  order(turn, active, id, { ...body, voters: withoutLeaver(body.node, situation) });
  return true;
}

/** Orders what waited for the submission that has just been ordered. */
export function orderEarly(turn: Turn): void {
  for (;;) {
    const active = leading(turn);
    const next = active?.lead.early.find(({ id }) => placeOf(id, active.lead.lastOrdered) === "next");
    if (active === null || next === undefined) return;
    const early = active.lead.early.filter(
      (kept) => placeOf(kept.id, active.lead.lastOrdered) !== "old" && kept !== next,
    );
    const rest: Leading = { ...active, lead: { ...active.lead, early } };
    turn.state.phase = rest;
    if (!orderSubmission(turn, rest, next.id, next.body)) return;
  }
}

function keepEarly(turn: Turn, active: Leading, submission: Pending): void {
  const { early } = active.lead;
  const isKept = early.some(({ id }) => id.origin === submission.id.origin && id.sequence === submission.id.sequence);
  if (isKept || early.length >= earlySubmissionsMax) return;
  turn.state.phase = { ...active, lead: { ...active.lead, early: [...early, submission] } };
}

/** Own submissions are ordered at once, as far as the window lets them. */
export function orderOwn(turn: Turn): void {
  for (const { id, body } of turn.state.pending) {
    const active = leading(turn);
    if (active === null || !orderSubmission(turn, active, id, body)) return;
  }
}

/**
 * [GRP-39] The first act of a lone view that a fence made quorate is to take the loser's vote away; otherwise nodes get
 * the votes that they are to have, one node at a time.
 */
export function changeElectorate(turn: Turn, active: Leading): void {
  const { state } = turn;
  const situation = electorateSituation(turn, active);
  const { grantedPeer } = active.lead;
  const present = state.log.electorates.at(-1)?.voters ?? [];
  if (grantedPeer !== null && present.includes(grantedPeer)) {
    const voters = present.filter((voter) => voter !== grantedPeer);
    if (!isChangePending(situation)) orderElectorate(turn, active, voters, `${grantedPeer} was fenced`);
    return;
  }
  // [GRP-102] What was delivered in this very step may be another roster, which is told in the next.
  if (turn.delivered.length > 0 || turn.restored !== null) return;
  const change = nextVoteChange((node) => wantedVotes(state.setup, node, votesOf(present, node)), situation);
  if (change === null) return changeWitness(turn, active, situation);
  const isRemoved = state.setup.removed.includes(change.node);
  const text = isRemoved ? `${change.node} was removed` : changeText(change, votesOf(present, change.node));
  const hasCome = witnessOf(present) === null && witnessOf(change.voters) !== null;
  orderElectorate(turn, active, change.voters, hasCome ? `${text}, and ${witnessName(state.setup.quorum)}` : text);
}

/** What an operator reads of it: most nodes have one vote, and get it or have lost it. */
function changeText({ node, votes }: VoteChange, before: number): string {
  if (before === 0) return votes === 1 ? `${node} gets its vote` : `${node} gets its ${votes} votes`;
  return `${node} has ${votes === 1 ? "1 vote" : `${votes} votes`} instead of ${before}`;
}

/** Counts the witness's vote, or no longer. */
function changeWitness(turn: Turn, active: Leading, situation: ElectorateSituation): void {
  const voters = withWitness(situation);
  if (voters === null) return;
  const name = witnessName(turn.state.setup.quorum);
  const reason = witnessOf(voters) === null ? `${name} has no vote any more` : `${name} gets its vote`;
  orderElectorate(turn, active, voters, reason);
}

/**
 * The witness that is to have a vote: the configured one, once it has answered for a while. Another disk is another voter: what the lost one
 * had promised, it does not know.
 */
function wantedWitness(turn: Turn, { view }: Leading): NodeId | null {
  const { setup, witness, log } = turn.state;
  if (!hasWitness(setup.quorum)) return null;
  const isSettled = witness.id !== null && isDue(turn, after(witness.knownSince, setup.timers.settle));
  // One that has promised above this view would refuse its log: of an earlier cluster of this name, until a later view is above it.
  const isUseful = compareViewIds(witness.promised, view.id) <= 0;
  const isHeard = isSettled && isUseful && isWitnessHeard(witness, turn.moment.now, setup.timers.deadtime);
  return isHeard ? witness.id : witnessOf(log.electorates.at(-1)?.voters ?? []);
}

/** The coordinator's book at the start of a view: everybody has exactly its log. */
export function openLead(
  turn: Turn,
  base: number,
  members: Active["view"]["members"],
  grantedPeer: NodeId | null,
): Lead {
  const timer = startTimer(turn);
  const progress = members.map((member): MemberProgress => ({ ...member, acknowledged: base, timer }));
  return { progress, open: [], openBytes: 0, lastOrdered: turn.state.lastDelivered, early: [], grantedPeer };
}

/** A member (or this node's own disk) holds the log up to `length`. */
export function onAcknowledged(turn: Turn, active: Leading, node: NodeId, length: number): void {
  const known = active.lead.progress.find((member) => member.node === node);
  if (known === undefined || length <= known.acknowledged) return;
  const timer = startTimer(turn);
  const progress = active.lead.progress.map((member) =>
    member === known ? { ...member, acknowledged: length, timer } : member,
  );
  const committed = commitIndex(progress.map(({ acknowledged }) => acknowledged));
  const open = active.lead.open.filter(({ index }) => index > committed);
  const openBytes = open.reduce((sum, { bytes }) => sum + bytes, 0);
  turn.state.phase = { ...active, lead: { ...active.lead, progress, open, openBytes } };
  if (committed <= turn.state.committed) return;
  commitUpTo(turn, committed);
  sendToAll(turn, nodesOf(active), { kind: "commit", view: active.view.id, committed });
}

/** [GRP-63] Sends again from what a member has acknowledged on. */
export function resendEntries(turn: Turn, active: Leading): void {
  const { state } = turn;
  const behind = (member: MemberProgress): boolean =>
    member.acknowledged < state.log.length && member.node !== state.setup.self;
  if (!active.lead.progress.some((member) => behind(member) && isDue(turn, member.timer.at))) return;
  const progress = active.lead.progress.map((member) => {
    if (!behind(member) || member.timer.at > turn.moment.now) return member;
    const from = member.acknowledged + 1;
    for (const entry of entriesBetween(state.log, from, from + resendEntriesMax - 1))
      sendEntry(turn, active, member.node, entry);
    const timer = nextTimer(turn, member.timer);
    isDue(turn, timer.at);
    return { ...member, timer };
  });
  state.phase = { ...active, lead: { ...active.lead, progress } };
}

/** [GRP-26] Members that have not acknowledged an entry for too long, this node included. */
export function lateMembers(turn: Turn, active: Leading): readonly NodeId[] {
  const { ack } = turn.state.setup.timers;
  const late: NodeId[] = [];
  for (const member of active.lead.progress) {
    const oldest = active.lead.open.find(({ index }) => index > member.acknowledged);
    if (oldest !== undefined && isDue(turn, after(oldest.orderedAt, ack))) late.push(member.node);
  }
  return late;
}

export function nodesOf(active: Active): readonly NodeId[] {
  return active.view.members.map(({ node }) => node);
}

function orderElectorate(turn: Turn, active: Leading, voters: readonly NodeId[], reason: string): void {
  const { self, incarnation } = turn.state.setup;
  // Sequence 0: nobody submitted it, so nobody submits it again when the view is lost. What was right then may be wrong later.
  order(turn, active, { origin: self, incarnation, sequence: 0 }, { kind: "electorate", voters, reason });
}

/** Appends, writes, sends to all; the own acknowledgement waits for the own disk like everybody's. */
function order(turn: Turn, active: Leading, id: SubmitId, body: EntryBody): void {
  const { state, moment } = turn;
  const entry: Entry = {
    index: state.log.length + 1,
    view: active.view.id,
    id,
    at: nextStamp(state.stamped, state.log, moment),
    body,
  };
  const bytes = JSON.stringify(body).length;
  const wasIdle = (member: MemberProgress): boolean => member.acknowledged === state.log.length;
  const progress = active.lead.progress.map((member) =>
    wasIdle(member) ? { ...member, timer: startTimer(turn) } : member,
  );
  state.log = appendEntries(state.log, [entry]);
  const lead: Lead = {
    ...active.lead,
    progress,
    open: [...active.lead.open, { index: entry.index, orderedAt: moment.now, bytes }],
    openBytes: active.lead.openBytes + bytes,
    lastOrdered: withSubmission(active.lead.lastOrdered, id),
  };
  state.phase = { ...active, lead };
  persist(turn, [{ kind: "append", entries: [entry] }, ...committedRecord(turn)]);
  for (const { node } of active.view.members) if (node !== state.setup.self) sendEntry(turn, active, node, entry);
}

function sendEntry(turn: Turn, active: Active, to: NodeId, entry: Entry): void {
  send(turn, to, { kind: "entry", view: active.view.id, entry, committed: turn.state.committed });
}

function electorateSituation(turn: Turn, active: Leading): ElectorateSituation {
  const { state } = turn;
  const members = nodesOf(active);
  const voters = state.log.electorates.at(-1)?.voters ?? [];
  const isBlank = (node: NodeId): boolean => peerOf(turn, node)?.beat?.isBlank === true;
  const hasBlankVoter = members.some((node) => voters.includes(node) && isBlank(node));
  const witness = wantedWitness(turn, active);
  return { electorates: state.log.electorates, committed: state.committed, members, hasBlankVoter, witness };
}
