import type { Hearing, HeartbeatBody } from "../../model/message.ts";
import { isHeard } from "../membership/peer.ts";
import { reachlistOf } from "../quorum/reach.ts";
import { waitingSince } from "./durability.ts";
import type { GroupState } from "./group-state.ts";
import type { InstantMs } from "../../model/units.ts";
import { never } from "../../model/units.ts";

/** Everything this node says of itself until it is told anew. */
export function beatBody(state: GroupState, now: InstantMs): HeartbeatBody {
  const { phase, setup, log } = state;
  const stuckSince = waitingSince(state.disk);
  const waitedMs = stuckSince === never ? 0 : Math.max(0, Math.round(now - stuckSince));
  return {
    status: phase.kind,
    promised: state.promised,
    view: state.logView,
    coordinator: state.logView.counter === 0 ? null : state.logView.proposer,
    members: state.viewMembers.map(({ node }) => node),
    hears: hearings(state, now, setup.timers.deadtime),
    delivered: state.delivered,
    committed: state.committed,
    electorate: log.electorates.at(-1) ?? { index: 0, voters: [] },
    isBlank: state.isBlank,
    loopLateMs: state.loopLateMs,
    // Who cannot take the group's state up is left out of proposals like one whose disk hangs, or each of them would wait for it.
    ...ownReach(state),
    diskLateMs: Math.max(waitedMs, state.refusal === null ? 0 : setup.timers.ack),
  };
}

/** [GRP-45] What this node says of its reachlist. */
export function ownReach({ setup, reach }: GroupState): Pick<HeartbeatBody, "reach"> {
  const of = reachlistOf(setup.quorum).length;
  return of === 0 || reach.counted === null ? {} : { reach: { reached: Math.min(reach.counted.reached, of), of } };
}

function hearings(state: GroupState, now: InstantMs, deadtimeMs: number): readonly Hearing[] {
  const hears: Hearing[] = [];
  for (const peer of state.peers) {
    if (peer.incarnation === null) continue;
    hears.push({
      node: peer.node,
      incarnation: peer.incarnation,
      isHeard: isHeard(peer, now, deadtimeMs),
      echo: peer.sentAt,
    });
  }
  return hears;
}
