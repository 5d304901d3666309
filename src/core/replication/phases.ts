import type { Message } from "../../model/message.ts";
import { after, instantMs, never } from "../../model/units.ts";
import type { View, ViewId } from "../../model/view.ts";
import type { Active, Lead, Proposing } from "./group-state.ts";
import { lastElectorates } from "./log.ts";
import { beatAtOnce, jitter, send, sendToAll, type Turn } from "./turn.ts";

/** No view from here on; a proposal of one's own not before `waitMs`. */
export function toElecting(turn: Turn, waitMs: number, lostView: ViewId | null = null): void {
  const { now } = turn.moment;
  turn.state.phase = { kind: "electing", since: now, notBefore: after(now, waitMs), calmSince: now, lostView };
  beatAtOnce(turn);
}

/**
 * Gives the own proposal up. [GRP-16] Those who promised it learn at once, or they would sit in their promise and the only node whose
 * proposal can succeed would wait for them. The promise itself stays.
 */
export function abortProposal(turn: Turn, proposing: Proposing): void {
  sendToAll(turn, proposing.members, { kind: "abort", view: proposing.view });
}

/** Gives up and waits a random time: two proposers that got in each other's way must not do so again. */
export function failProposal(turn: Turn, proposing: Proposing): void {
  abortProposal(turn, proposing);
  toElecting(turn, jitter(turn));
}

/** Active in `view`. Echoes into another view say nothing about this one. */
export function toActive(turn: Turn, view: View, lead: Lead | null): Active {
  const { state, moment } = turn;
  const active: Active = {
    kind: "active",
    view,
    enteredAt: moment.now,
    idleSince: moment.now,
    wideSince: never,
    early: [],
    lead,
  };
  state.phase = active;
  state.held = null;
  state.backoffMs = state.setup.timers.backoffMin;
  state.race = { ...state.race, grant: null };
  state.peers = state.peers.map((peer) => ({ ...peer, echo: instantMs(0) }));
  state.submitTimer = { at: moment.now, resends: 0 };
  beatAtOnce(turn);
  return active;
}

/** Answers with the position of the own log, which must not change from here to the installation. */
export function sendPromise(turn: Turn, view: ViewId): void {
  const message: Message = { kind: "promise", view, ...logPosition(turn) };
  send(turn, view.proposer, message);
}

/** Where the own log stands. Only called with nothing but finished appends before the promise, so the length is durable. */
export function logPosition(turn: Turn): Omit<Extract<Message, { kind: "promise" }>, "kind" | "view"> {
  const { state } = turn;
  return {
    logView: state.logView,
    length: state.log.length,
    committed: state.committed,
    electorates: lastElectorates(state.log),
    isBlank: state.isBlank,
  };
}
