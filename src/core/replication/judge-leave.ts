import type { Leave } from "./group-state.ts";
import { toElecting } from "./phases.ts";
import { after, earliest, type InstantMs, never } from "../../model/units.ts";
import { isHeard } from "../membership/peer.ts";
import { entriesBetween } from "./log.ts";
import { submit } from "./submit.ts";
import { isDue, peerOf, sendToAll, type Turn } from "./turn.ts";

/**
 * A clean leave: the `left` entry is ordered and delivered here, then the others are given time to learn that it is committed (the
 * last two nodes could not tell otherwise whose vote counts), then goodbye.
 */
export function onLeave(turn: Turn): void {
  const { state } = turn;
  if (state.leave !== null) return;
  const { self, incarnation } = state.setup;
  state.leave = { since: turn.moment.now, delivered: null, together: false, isDone: false };
  submit(turn, { kind: "left", node: self, incarnation, voters: [] });
}

/**
 * When to go without having delivered the entry. Long after the wish while it may still be ordered; soon when the others have gone on
 * without this node: the entry is in its log, or everyone in a view says that it does not hear this node any more. Either they know that
 * the entry was committed and count this node as gone, or they hold it for dead; nobody will tell it more.
 */
function giveUpAt(turn: Turn, leave: Leave): InstantMs {
  const { phase, log, delivered, setup } = turn.state;
  const atLast = after(leave.since, setup.timers.leave);
  if (phase.kind !== "electing") return atLast;
  const isOrdered = entriesBetween(log, delivered + 1, log.length).some(
    ({ body }) => body.kind === "left" && body.node === setup.self,
  );
  return isOrdered || isGivenUp(turn) ? earliest(atLast, after(phase.since, setup.timers.promise)) : atLast;
}

function isGivenUp(turn: Turn): boolean {
  const { peers, setup } = turn.state;
  const active = peers.filter(
    (peer) => peer.beat?.status === "active" && isHeard(peer, turn.moment.now, setup.timers.deadtime),
  );
  return (
    active.length > 0 &&
    active.every(({ deafSince }) => deafSince !== never && isDue(turn, after(deafSince, setup.timers.promise)))
  );
}

/** [GRP-70] [GRP-72] Done when all other members know of the entry, or one deadtime after its delivery; without a view, after a bound. */
export function judgeLeave(turn: Turn, leave: Leave): void {
  const { state, moment } = turn;
  const { timers, nodes } = state.setup;
  if (leave.isDone) return;
  if (leave.delivered === null) {
    if (!isDue(turn, giveUpAt(turn, leave))) return;
  } else {
    const { index, at } = leave.delivered;
    const isKnown = state.viewMembers.every(({ node }) => {
      const peer = peerOf(turn, node);
      if (peer === undefined || !isHeard(peer, moment.now, timers.deadtime)) return true;
      return (peer.beat?.delivered ?? 0) >= index;
    });
    // [GRP-48] Those who leave together are not heard any more, but may still have to be told that it is committed.
    if ((!isKnown || leave.together) && !isDue(turn, after(at, timers.deadtime))) return;
  }
  state.leave = { ...leave, isDone: true };
  sendToAll(turn, nodes, { kind: "goodbye", at: moment.wall });
  toElecting(turn, 0);
}
