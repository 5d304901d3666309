import type { NodeId } from "../../model/ids.ts";
import { after, never } from "../../model/units.ts";
import { compareViewIds, sameViewId } from "../../model/view.ts";
import { isHeard, isTwoWay, type Peer } from "../membership/peer.ts";
import { hasLostWitness } from "./ask-witness.ts";
import type { Active } from "./group-state.ts";
import { isBest, looksQuorate, proposable } from "./judge-electing.ts";
import { changeElectorate, lateMembers, type Leading, nodesOf, resendEntries, leading } from "./order.ts";
import { toElecting } from "./phases.ts";
import { propose } from "./propose.ts";
import {
  acquaintances,
  isDeparting,
  isDiskStuck,
  isDue,
  isSlow,
  isStranger,
  jitter,
  markSlow,
  peerOf,
  type Turn,
} from "./turn.ts";

/**
 * Liveness inside a view is judged on the spokes only: the coordinator judges the members, the members judge the coordinator. Two
 * members that do not hear each other are nobody's business. That is what keeps a view still in a network that is not transitive.
 */

/** [GRP-24] The coordinator: proposes anew at once when a member is lost, slow or lives anew, and when a settled node may join. */
export function judgeCoordinator(turn: Turn, active: Leading): void {
  const { state } = turn;
  if (isDeparting(state)) return resendEntries(turn, active);
  const late = lateMembers(turn, active);
  if (late.includes(state.setup.self)) return toElecting(turn, jitter(turn));
  if (late.length > 0) markSlow(turn, late);
  const near = acquaintances(turn);
  const isLost = active.view.members.some(
    ({ node }) => node !== state.setup.self && isMemberLost(turn, active, near, node),
  );
  if (isLost || late.length > 0) return proposeAnew(turn, active, near);
  if (hasLostWitness(turn, active)) return toElecting(turn, jitter(turn), active.view.id);
  const joiners = near.filter((peer) => mayJoin(turn, active, peer));
  if (joiners.length > 0) return proposeAnew(turn, active, near);
  changeElectorate(turn, active);
  const present = leading(turn);
  if (present !== null) resendEntries(turn, present);
}

function isMemberLost(turn: Turn, active: Leading, near: readonly Peer[], node: NodeId): boolean {
  const peer = near.find((candidate) => candidate.node === node);
  const member = active.view.members.find((candidate) => candidate.node === node);
  if (peer === undefined || peer.incarnation !== member?.incarnation) return true;
  wakeAtDeath(turn, peer);
  if (peer.beat === null || compareViewIds(peer.beat.promised, active.view.id) <= 0) return false;
  // Somebody may be proposing a larger set, and then the proposal is about to come here too: ours would only collide with it.
  return peer.changingSince === never || isDue(turn, after(peer.changingSince, 2 * turn.state.setup.timers.keepalive));
}

/** [GRP-25] Heard both ways for `settle`, not slow lately, not a member yet. */
function mayJoin(turn: Turn, active: Leading, peer: Peer): boolean {
  if (active.view.members.some(({ node }) => node === peer.node) || isSlow(turn, peer)) return false;
  return peer.twoWaySince !== never && isDue(turn, after(peer.twoWaySince, turn.state.setup.timers.settle));
}

function proposeAnew(turn: Turn, active: Leading, near: readonly Peer[]): void {
  const isSettled = (peer: Peer): boolean => mayJoin(turn, active, peer) || nodesOf(active).includes(peer.node);
  const settled = near.filter((peer) => isSettled(peer) && !isSlow(turn, peer));
  const members = looksQuorate(turn, settled)
    ? [turn.state.setup.self, ...settled.map(({ node }) => node)]
    : proposable(turn, near);
  if (members === null) toElecting(turn, 0, active.view.id);
  else propose(turn, members);
}

/** A member that is no coordinator: leaves a coordinator that is dead, deaf or no longer active, or for a better centre. */
export function judgeMember(turn: Turn, active: Active): void {
  const { state } = turn;
  const { timers } = state.setup;
  if (isDeparting(state)) return;
  const coordinator = peerOf(turn, active.view.coordinator);
  const isAlive = coordinator !== undefined && isHeard(coordinator, turn.moment.now, timers.deadtime);
  // [GRP-27] Its death is the only reason to propose at once: nobody else will.
  if (!isAlive || coordinator.incarnation !== active.view.id.incarnation) return toElecting(turn, 0, active.view.id);
  wakeAtDeath(turn, coordinator);
  if (coordinator.deafSince !== never && isDue(turn, after(coordinator.deafSince, timers.deadtime)))
    return toElecting(turn, jitter(turn));
  const noted = noteMarks(turn, active, coordinator);
  // [GRP-28] A coordinator that beats but has left the view would keep its members waiting for ever.
  const patience = saysThatItLeft(coordinator, active) ? timers.deadtime : timers.idle;
  if (noted.idleSince !== never && isDue(turn, after(noted.idleSince, patience))) return toElecting(turn, jitter(turn));
  if (noted.wideSince !== never && isDue(turn, after(noted.wideSince, timers.centre))) {
    const members = proposable(turn, acquaintances(turn));
    // Several members may be better centres: the best of them first, the others only if it does not.
    const isTurn =
      isBest(turn) ||
      isDue(turn, after(noted.wideSince, 2 * timers.centre + state.setup.rank * timers.fallbackPerRank));
    if (members !== null && isTurn && !isDiskStuck(turn)) propose(turn, members);
  }
}

/** It will be in no view but a new one. It may be about to propose that: who stood still for a moment is. */
function saysThatItLeft({ beat }: Peer, active: Active): boolean {
  return beat?.status === "electing" && sameViewId(beat.view, active.view.id);
}

/** Brings the two marks of a member up to date. */
function noteMarks(turn: Turn, active: Active, coordinator: Peer): Active {
  const { now } = turn.moment;
  const { beat } = coordinator;
  const isIdle = beat === null || beat.status !== "active" || !sameViewId(beat.view, active.view.id);
  const idleSince = isIdle ? (active.idleSince === never ? now : active.idleSince) : never;
  const isWide = hearsMoreThan(turn, active);
  const wideSince = isWide ? (active.wideSince === never ? now : active.wideSince) : never;
  if (idleSince === active.idleSince && wideSince === active.wideSince) return active;
  const noted: Active = { ...active, idleSince, wideSince };
  turn.state.phase = noted;
  return noted;
}

/** [GRP-29] This node hears every member and somebody else as well: it is a better centre than the coordinator. */
function hearsMoreThan(turn: Turn, active: Active): boolean {
  const { peers, setup } = turn.state;
  let others = 0;
  for (const peer of peers) {
    const isMember = active.view.members.some(({ node }) => node === peer.node);
    const isNear = isTwoWay(peer, turn.moment.now, setup.timers.deadtime);
    if (isMember && !isNear) return false;
    if (!isMember && isNear && !isSlow(turn, peer) && !isStranger(turn.state, peer.node)) others += 1;
  }
  return others > 0;
}

/** The step that declares a neighbour dead must come at its deadtime, not at the next tick. */
function wakeAtDeath(turn: Turn, peer: Peer): void {
  isDue(turn, after(peer.heardAt, turn.state.setup.timers.deadtime));
}
