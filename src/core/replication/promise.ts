import type { Incarnation } from "../../model/incarnation.ts";
import { after } from "../../model/units.ts";
import { sameViewId, type ViewId } from "../../model/view.ts";
import { isHeard } from "../membership/peer.ts";
import { answerProposal, type Answerer, type Proposal } from "./answer-proposal.ts";
import type { Promised } from "./group-state.ts";
import { nodesOf } from "./order.ts";
import { abortProposal, sendPromise, toElecting } from "./phases.ts";
import { beatAtOnce, isDeparting, jitter, peerOf, persist, send, type Turn } from "./turn.ts";

/** A proposal came in, or one that was held is looked at again. */
export function onPropose(turn: Turn, proposal: Proposal, incarnation: Incarnation): void {
  const { state } = turn;
  if (isDeparting(state) || state.bootAbove !== null || state.refusal !== null) return;
  if (proposal.view.proposer !== proposal.from || proposal.view.incarnation !== incarnation) return;
  switch (answerProposal(proposal, answererOf(turn))) {
    case "ignore":
      return;
    case "refuse":
      send(turn, proposal.from, { kind: "nack", view: proposal.view, promised: state.promised });
      return;
    case "repeat":
      if (state.phase.kind === "promised" && sameViewId(state.disk.durable.promised, proposal.view))
        sendPromise(turn, proposal.view);
      return;
    case "hold":
      state.held = { ...proposal, incarnation, at: turn.moment.now };
      return;
    case "promise":
      return makePromise(turn, proposal);
  }
}

/**
 * Swears to answer nothing lower from here on. The present view is left at once, before the promise is on disk: no acknowledgement,
 * commit or submission of it goes out any more, or the new view's log could lack what the old one is still delivering.
 */
function makePromise(turn: Turn, proposal: Proposal): void {
  const { state } = turn;
  if (state.phase.kind === "proposing") abortProposal(turn, state.phase);
  state.promised = proposal.view;
  state.held = null;
  state.phase = {
    kind: "promised",
    view: proposal.view,
    members: proposal.members,
    isAnswered: false,
    incoming: null,
    isInstalled: false,
    deadline: after(turn.moment.now, state.setup.timers.promise),
  };
  persist(turn, [{ kind: "promise", promised: proposal.view }]);
  beatAtOnce(turn);
}

/** [GRP-15] The promise is on disk: now it may be said. */
export function onPromiseDurable(turn: Turn, promised: Promised): void {
  if (promised.isAnswered || !sameViewId(turn.state.disk.durable.promised, promised.view)) return;
  turn.state.phase = { ...promised, isAnswered: true };
  sendPromise(turn, promised.view);
}

/** The proposer gave up. What was promised stays promised. */
export function onAbort(turn: Turn, view: ViewId): void {
  const { phase } = turn.state;
  if (phase.kind === "promised" && sameViewId(phase.view, view)) toElecting(turn, jitter(turn));
  const { held } = turn.state;
  if (held !== null && sameViewId(held.view, view)) turn.state.held = null;
}

function answererOf(turn: Turn): Answerer {
  const { phase, promised, logView, race, setup } = turn.state;
  const fenceOut = race.out?.target ?? null;
  const isInstalled = sameViewId(promised, logView);
  const base = { self: setup.self, promised, isInstalled, fenceOut };
  if (phase.kind !== "active") return { ...base, liveView: null };
  const { coordinator } = phase.view;
  const peer = peerOf(turn, coordinator);
  const isAlive = peer === undefined || isHeard(peer, turn.moment.now, setup.timers.deadtime);
  return { ...base, liveView: isAlive ? { coordinator, members: nodesOf(phase) } : null };
}
