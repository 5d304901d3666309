import type { NodeId } from "../../model/ids.ts";
import { after } from "../../model/units.ts";
import { compareViewIds, sameViewId } from "../../model/view.ts";
import { isHeard } from "../membership/peer.ts";
import type { Promised, Proposing } from "./group-state.ts";
import { looksQuorate } from "./judge-electing.ts";
import { isLeased } from "./own-lease.ts";
import { abortProposal, failProposal, toElecting } from "./phases.ts";
import { boundLife, propose, resendStage, unanswered } from "./propose.ts";
import { isDue, jitter, markLate, markSlow, neighbours, peerOf, type Turn } from "./turn.ts";

/**
 * A proposer: begins anew at once without a member that died under it (a rack that loses power loses its nodes a few ms apart), gives
 * up when somebody has promised higher or time is over.
 */
export function judgeProposing(turn: Turn, proposing: Proposing): void {
  const { state } = turn;
  const { self, timers } = state.setup;
  const near = neighbours(turn);
  const isLost = (node: NodeId): boolean => {
    const peer = near.find((candidate) => candidate.node === node);
    if (peer === undefined) return true;
    isDue(turn, after(peer.heardAt, timers.deadtime));
    const bound = boundLife(proposing, node);
    return bound !== null && bound !== peer.incarnation;
  };
  const others = proposing.members.filter((node) => node !== self);
  if (others.some((node) => isLost(node)))
    return proposeWithout(
      turn,
      proposing,
      near.filter(({ node }) => others.includes(node)),
    );
  const overtaken = others.some(
    (node) => compareViewIds(peerOf(turn, node)?.beat?.promised ?? proposing.view, proposing.view) > 0,
  );
  if (overtaken) return failProposal(turn, proposing);
  const late = lateJoiners(turn, proposing);
  if (late.length > 0) {
    const rest = near.filter(({ node }) => others.includes(node) && !late.includes(node));
    if (looksQuorate(turn, rest)) {
      markLate(turn, late);
      return proposeWithout(turn, proposing, rest);
    }
  }
  if (isDue(turn, proposing.deadline)) {
    markSlow(
      turn,
      unanswered(proposing).filter((node) => !keepsItsView(turn, node)),
    );
    return failProposal(turn, proposing);
  }
  if (isDue(turn, proposing.timer.at)) {
    resendStage(turn, proposing);
    const { phase } = turn.state;
    if (phase.kind === "proposing") isDue(turn, phase.timer.at);
  }
}

/**
 * [GRP-49] Who alone is still asked for a promise, of those that the view went on without until now, when it is clear that its disk would
 * cost the others their lease: the installation will take it as long again. Later it is not given up any more: its place in the log would
 * make it a member that is lost.
 */
function lateJoiners(turn: Turn, proposing: Proposing): readonly NodeId[] {
  const { leaseUntil } = turn.state;
  const { stage, joiners, askedAt } = proposing;
  if (stage.kind !== "asking" || !isLeased(turn)) return [];
  const missing = unanswered(proposing);
  const isOnlyJoiners = missing.every((node) => joiners.includes(node) && !keepsItsView(turn, node));
  return isOnlyJoiners && isDue(turn, after(askedAt, ((leaseUntil - askedAt) * 2) / 5)) ? missing : [];
}

/** It does not answer because its view is alive, not because it is slow. */
function keepsItsView(turn: Turn, node: NodeId): boolean {
  return peerOf(turn, node)?.beat?.status === "active";
}

/** [GRP-18] Without the lost ones, if the rest will do; at most once per node without a wait, so that a flickering link cannot spin it. */
function proposeWithout(turn: Turn, proposing: Proposing, rest: ReturnType<typeof neighbours>): void {
  const mayRestart = proposing.restarts < turn.state.setup.nodes.length;
  if (!mayRestart || !looksQuorate(turn, rest)) return failProposal(turn, proposing);
  abortProposal(turn, proposing);
  propose(turn, [turn.state.setup.self, ...rest.map(({ node }) => node)], proposing.restarts + 1);
}

/** [GRP-19] A member that promised: waits for the next step, but not for a proposer that died, rebooted or gave up. */
export function judgePromised(turn: Turn, promised: Promised): void {
  const { timers } = turn.state.setup;
  const proposer = peerOf(turn, promised.view.proposer);
  const isAlive = proposer !== undefined && isHeard(proposer, turn.moment.now, timers.deadtime);
  if (!isAlive || proposer.incarnation !== promised.view.incarnation) return toElecting(turn, 0, turn.state.logView);
  isDue(turn, after(proposer.heardAt, timers.deadtime));
  const { beat } = proposer;
  const hasGivenUp = beat !== null && beat.status === "electing" && sameViewId(beat.promised, promised.view);
  if (hasGivenUp || isDue(turn, promised.deadline)) toElecting(turn, jitter(turn));
}
