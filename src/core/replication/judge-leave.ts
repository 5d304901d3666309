import type { Leave } from "./group-state.ts";
import { toElecting } from "./phases.ts";
import { after } from "../../model/units.ts";
import { isHeard } from "../membership/peer.ts";
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
  state.leave = { since: turn.moment.now, delivered: null, isDone: false };
  submit(turn, { kind: "left", node: self, incarnation, voters: [] });
}

/** [GRP-70] [GRP-72] Done when all other members know of the entry, or one deadtime after its delivery; without a view, after a bound. */
export function judgeLeave(turn: Turn, leave: Leave): void {
  const { state, moment } = turn;
  const { timers, nodes } = state.setup;
  if (leave.isDone) return;
  if (leave.delivered === null) {
    if (!isDue(turn, after(leave.since, timers.leave))) return;
  } else {
    const { index, at } = leave.delivered;
    const isKnown = state.viewMembers.every(({ node }) => {
      const peer = peerOf(turn, node);
      if (peer === undefined || !isHeard(peer, moment.now, timers.deadtime)) return true;
      return (peer.beat?.delivered ?? 0) >= index;
    });
    if (!isKnown && !isDue(turn, after(at, timers.deadtime))) return;
  }
  state.leave = { ...leave, isDone: true };
  sendToAll(turn, nodes, { kind: "goodbye", at: moment.wall });
  toElecting(turn, 0);
}
