import type { NodeId } from "../../model/ids.ts";
import type { Electorate } from "../../model/message.ts";
import { after } from "../../model/units.ts";
import { compareViewIds, sameViewId, type ViewId } from "../../model/view.ts";
import { isBestCandidate } from "../membership/best-candidate.ts";
import { isHeard, type Peer } from "../membership/peer.ts";
import { fenceDueAt, rivalOf } from "../quorum/fencing-race.ts";
import { missingHosts, reachlistOf } from "../quorum/reach.ts";
import { hasVotes } from "../quorum/votes.ts";
import { helpfulWitness } from "./ask-witness.ts";
import type { Electing } from "./group-state.ts";
import { onPropose } from "./promise.ts";
import { grantFor, propose } from "./propose.ts";
import {
  acquaintances,
  isDeparting,
  isDiskStuck,
  isDue,
  isSlow,
  mayFound,
  neighbours,
  peerOf,
  persist,
  standingOf,
  type Turn,
  wakeBy,
} from "./turn.ts";

/**
 * What a node without a view does: waits to be taken in where a view is alive, else proposes when it is the best to do so and a quorum
 * is there, else asks the arbiter.
 *
 * A node whose coordinator has just died does not wait at all when it is the best candidate (see membership/best-candidate.ts). Every
 * later attempt waits a random time, because then somebody got in its way.
 */
export function judgeElecting(turn: Turn, electing: Electing): void {
  const { state } = turn;
  if (state.isBlank || state.bootAbove !== null || state.refusal !== null || isDeparting(state)) return;
  if (takeHeldProposal(turn)) return;
  const near = neighbours(turn);
  for (const peer of near) wakeBy(turn, after(peer.heardAt, state.setup.timers.deadtime));
  const isElsewhere = near.some((peer) => isElsewhereActive(turn, peer, electing.lostView));
  const calm =
    isElsewhere || near.some(({ beat }) => beat?.status === "proposing") ? noteUnrest(turn, electing) : electing;
  if (isElsewhere) return;
  if (near.some((peer) => isProposing(turn, peer))) return;
  if (isDiskStuck(turn) || !mayFound(state)) return;
  const isEveryoneHere = near.length === state.peers.length && electing.since === state.setup.startedAt;
  if (!isEveryoneHere && !isDue(turn, electing.notBefore)) return;
  const members = proposable(turn, acquaintances(turn));
  if (members === null) return judgeRace(turn);
  if (isBest(turn) || isFallbackDue(turn, calm)) propose(turn, members);
}

/** [GRP-23] A proposal that came while the view was alive for us is answered now that it is not: its proposer need not send it again. */
function takeHeldProposal(turn: Turn): boolean {
  const { held, setup } = turn.state;
  if (held === null) return false;
  turn.state.held = null;
  const proposer = peerOf(turn, held.from);
  const isFresh = turn.moment.now - held.at < setup.timers.attempt && proposer?.incarnation === held.incarnation;
  if (!isFresh || !isHeard(proposer, turn.moment.now, setup.timers.deadtime)) return false;
  onPropose(turn, held, held.incarnation);
  return turn.state.phase.kind === "promised";
}

/**
 * [GRP-20] Active in a view that will take this node in. Not one whose coordinator this node has just seen die, nor one that this node
 * coordinated itself and has left: nobody is there to take anyone in.
 */
function isElsewhereActive(turn: Turn, peer: Peer, lostView: ViewId | null): boolean {
  if (peer.beat?.status !== "active") return false;
  const { view } = peer.beat;
  const { self, incarnation } = turn.state.setup;
  if (view.proposer === self && view.incarnation === incarnation) return false;
  return lostView === null || !sameViewId(view, lostView);
}

/** This node and its neighbours, without the slow ones when it goes without them; null when no quorum is in sight. */
export function proposable(turn: Turn, near: readonly Peer[]): readonly NodeId[] | null {
  const { self } = turn.state.setup;
  const quick = near.filter((peer) => !isSlow(turn, peer));
  for (const peers of quick.length < near.length ? [quick, near] : [near]) {
    if (looksQuorate(turn, peers)) return [self, ...peers.map(({ node }) => node)];
  }
  return null;
}

/** Its proposal is about to come here, or to be given up: one of ours would only collide with it. */
function isProposing(turn: Turn, peer: Peer): boolean {
  if (peer.beat?.status !== "proposing") return false;
  return !isDue(turn, after(peer.changingSince, 2 * turn.state.setup.timers.keepalive));
}

/** [GRP-22] By the newest electorate seen in heartbeats; the promises decide. Spares the others proposals that must fail. */
export function looksQuorate(turn: Turn, peers: readonly Peer[]): boolean {
  const { state } = turn;
  const { self } = state.setup;
  const present = peers.filter(({ beat }) => beat?.isBlank === false).map(({ node }) => node);
  if (!state.isBlank) present.push(self);
  const grant = grantFor(turn, (node) => peers.some((peer) => peer.node === node && peer.beat?.isBlank === true));
  const { electorate: newest, logView } = newestLog(turn, peers);
  const witness = helpfulWitness(turn, logView);
  if (witness !== null) present.push(witness);
  return newest !== null && hasVotes(newest.voters, { present, self, grant });
}

/** The log, by its last view and electorate, that a proposal to these peers would choose, as far as heartbeats tell. */
function newestLog(
  turn: Turn,
  peers: readonly Peer[],
): { readonly electorate: Electorate | null; readonly logView: ViewId } {
  const { state } = turn;
  let newest = state.isBlank ? null : (state.log.electorates.at(-1) ?? null);
  let logView = state.logView;
  for (const { beat } of peers) {
    if (beat === null || beat.isBlank) continue;
    const order = compareViewIds(beat.view, logView);
    if (order < 0 || (order === 0 && newest !== null && beat.electorate.index <= newest.index)) continue;
    newest = beat.electorate;
    logView = beat.view;
  }
  return { electorate: newest, logView };
}

/** [GRP-21] Nobody near is better placed to propose. */
export function isBest(turn: Turn): boolean {
  const { setup, peers, race } = turn.state;
  return isBestCandidate({
    self: setup.self,
    rank: setup.rank,
    peers,
    now: turn.moment.now,
    deadtimeMs: setup.timers.deadtime,
    keepaliveMs: setup.timers.keepalive,
    isExcluded: (peer) => isSlow(turn, peer) || peer.beat?.isBlank !== false || peer.node === race.out?.target,
  });
}

function noteUnrest(turn: Turn, electing: Electing): Electing {
  if (electing.calmSince === turn.moment.now) return electing;
  const noted: Electing = { ...electing, calmSince: turn.moment.now };
  turn.state.phase = noted;
  return noted;
}

/** [GRP-21] The best candidate may be unable to propose: after a while without unrest the others try in the order of their names. */
function isFallbackDue(turn: Turn, electing: Electing): boolean {
  const { timers, rank } = turn.state.setup;
  return isDue(turn, after(electing.calmSince, timers.promise + rank * timers.fallbackPerRank));
}

/** Two nodes, and the other is dead: ask for its fence when that is allowed and due. */
function judgeRace(turn: Turn): void {
  const { state } = turn;
  const { self, quorum, timers } = state.setup;
  if (state.race.out !== null || state.race.grant !== null) return;
  const rival = rivalOf(standingOf(state));
  const peer = rival === null ? undefined : peerOf(turn, rival);
  if (peer === undefined || isHeard(peer, turn.moment.now, timers.deadtime)) return;
  if (!hasWritten(turn, peer)) return;
  const missing = missingHosts(state.reach, reachlistOf(quorum).length, peer.heardAt);
  const silence = { heardAt: peer.heardAt, isClosed: peer.port === "closed", missingHosts: missing };
  const dueAt = fenceDueAt(self, quorum, silence, timers);
  if (!isDue(turn, dueAt) || !isDue(turn, state.race.notBefore)) return;
  state.race = { ...state.race, attempt: state.race.attempt + 1, out: { target: peer.node, logView: state.logView } };
}

/** As much as the view and the entries of a takeover take. Less could fit into the last block of a full disk, and they would not. */
const proofPadding = " ".repeat(64 * 1024);

/**
 * [GRP-47] Who wins must have the next view on disk. One whose disk is full or broken would shoot its peer, and then end itself: so its promise is written once more
 * before, at the size of what follows, which says nothing new.
 */
function hasWritten(turn: Turn, { heardAt }: Peer): boolean {
  const { state } = turn;
  const { proof } = state.race;
  if (proof?.heardAt === heardAt) return !state.disk.writes.some(({ write }) => write === proof.write);
  state.race = { ...state.race, proof: { heardAt, write: state.disk.next } };
  persist(turn, [{ kind: "promise", promised: state.promised, padding: proofPadding }]);
  return false;
}
