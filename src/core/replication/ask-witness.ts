import type { NodeId } from "../../model/ids.ts";
import { isWitness } from "../../model/ids.ts";
import type { WitnessAsk } from "../../model/message.ts";
import { after } from "../../model/units.ts";
import { compareViewIds, noView, type ViewId } from "../../model/view.ts";
import { hasWitness, isWitnessHeard } from "../quorum/known-witness.ts";
import { countedElectorates, isQuorate } from "../quorum/votes.ts";
import type { Active, GroupState, Proposing } from "./group-state.ts";
import { isDue, type Turn } from "./turn.ts";

/**
 * [GRP-107] There is a witness to ask: by the configuration, or because its vote counts. A view that needs it must not lose it to a
 * configuration that came into force while too few nodes were there to take its vote away.
 */
export function isWitnessAsked({ setup, log, committed }: Pick<GroupState, "setup" | "log" | "committed">): boolean {
  if (hasWitness(setup.quorum)) return true;
  return countedElectorates(log.electorates, committed).some(({ voters }) => voters.some(isWitness));
}

/** [GRP-84] Each keepalive, in a view or not: that it answers is what keeps the lease where its vote is needed. */
export function askToBeHeard(turn: Turn): void {
  const { state, moment } = turn;
  if (!isWitnessAsked(state) || !isDue(turn, state.witness.askAt)) return;
  state.witness = { ...state.witness, askAt: after(moment.now, state.setup.timers.keepalive) };
  isDue(turn, state.witness.askAt);
  ask(turn, "hear", noView, noView);
}

/** Asks for what the present stage of a proposal needs of the witness; again when it does not answer. */
export function askForStage(turn: Turn, { view, stage }: Proposing): void {
  if (stage.kind === "granting") ask(turn, "promise", view, stage.chosen.position.logView);
  // [GRP-83] Only when the members have it: a witness must not hold a view that no disk has.
  if (stage.kind === "installing" && stage.witness !== null && stage.installed.length === stage.members.length)
    ask(turn, "install", view, noView);
}

function ask(turn: Turn, step: WitnessAsk["step"], view: ViewId, basis: ViewId): void {
  turn.effects.push({ kind: "ask-witness", message: { kind: "ask", step, sentAt: turn.moment.now, view, basis } });
}

/** The witness whose vote a view of these logs may get, as far as is known; null when it is silent or would refuse. */
export function helpfulWitness(turn: Turn, logView: ViewId): NodeId | null {
  const { state, moment } = turn;
  const { witness, setup } = state;
  if (!isWitnessAsked(state) || !isWitnessHeard(witness, moment.now, setup.timers.deadtime)) return null;
  return compareViewIds(logView, witness.logView) < 0 ? null : witness.id;
}

/** [GRP-87] The view needs the witness's vote, and has it no more: silent, another disk, or its vote given to a later view. */
export function hasLostWitness(turn: Turn, active: Active): boolean {
  const { state } = turn;
  const { setup, witness, log, committed } = state;
  const present = active.view.members.map(({ node }) => node);
  if (log.electorates.at(-1)?.voters.some(isWitness) !== true) return false;
  const votes = { self: setup.self, grant: null };
  if (isQuorate(log.electorates, committed, { ...votes, present })) return false;
  if (witness.id === null || compareViewIds(witness.promised, active.view.id) > 0) return true;
  if (isDue(turn, after(witness.heardAt, setup.timers.deadtime))) return true;
  return !isQuorate(log.electorates, committed, { ...votes, present: [...present, witness.id] });
}
