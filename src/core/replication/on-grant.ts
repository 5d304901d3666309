import { isWitness, type NodeId } from "../../model/ids.ts";
import type { Message } from "../../model/message.ts";
import type { InstantMs } from "../../model/units.ts";
import { sameViewId } from "../../model/view.ts";
import { hearWitness } from "../quorum/known-witness.ts";
import { isWitnessAsked } from "./ask-witness.ts";
import { activate } from "./install.ts";
import { failProposal } from "./phases.ts";
import { fetchChosen, notQuorate } from "./propose.ts";
import type { Turn } from "./turn.ts";

type Grant = Extract<Message, { kind: "grant" }>;

/** An answer of the witness whose disk is called `id`. */
export function onGrant(turn: Turn, id: NodeId, grant: Grant, arrivedAt: InstantMs): void {
  const { state } = turn;
  const { setup, phase } = state;
  if (!isWitnessAsked(state) || !isWitness(id) || grant.asker !== setup.incarnation) return;
  state.witness = hearWitness(state.witness, id, grant, arrivedAt);
  // [GRP-86] The answer to another attempt is none to this one, however it went.
  if (phase.kind !== "proposing" || !sameViewId(grant.view, phase.view)) return;
  const { stage } = phase;
  if (stage.kind === "granting" && grant.step === "promise" && stage.witness === id) {
    if (grant.isGranted) return fetchChosen(turn, phase, stage);
    state.refusedCounter = Math.max(state.refusedCounter, grant.promised.counter);
    return notQuorate(turn, phase);
  }
  if (stage.kind !== "installing" || grant.step !== "install" || stage.witness !== id) return;
  if (stage.installed.length < stage.members.length) return;
  if (grant.isGranted) activate(turn, phase, stage);
  else failProposal(turn, phase);
}
