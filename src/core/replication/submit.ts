import type { EntryBody, SubmitId } from "../../model/entry.ts";
import { after } from "../../model/units.ts";
import { leading, orderOwn } from "./order.ts";
import { isDue, nextTimer, send, type Turn } from "./turn.ts";

/** Own submissions on their way to the coordinator at once; the next ones wait. */
const submitsInFlightMax = 32;
/** Wait after the coordinator said that its window is full. */
const busyWaitMs = 100;

/** Takes a submission of this node. [GRP-65] It is sent until it is delivered here, through any number of views; at most once ordered. */
export function submit(turn: Turn, body: EntryBody): SubmitId {
  const { state } = turn;
  state.submitted += 1;
  const id: SubmitId = { origin: state.setup.self, incarnation: state.setup.incarnation, sequence: state.submitted };
  state.pending = [...state.pending, { id, body }];
  const { phase } = state;
  if (leading(turn) !== null) orderOwn(turn);
  else if (phase.kind === "active" && state.pending.length <= submitsInFlightMax) {
    send(turn, phase.view.coordinator, { kind: "submit", id, body });
    if (state.pending.length === 1) state.submitTimer = nextTimer(turn, { at: turn.moment.now, resends: -1 });
  }
  return id;
}

/** Sends again what is not delivered; what the coordinator could not order yet is tried again here too. */
export function resendSubmissions(turn: Turn): void {
  const { state } = turn;
  const { phase } = state;
  if (phase.kind !== "active" || state.pending.length === 0 || !isDue(turn, state.submitTimer.at)) return;
  if (phase.lead !== null) orderOwn(turn);
  else {
    for (const { id, body } of state.pending.slice(0, submitsInFlightMax))
      send(turn, phase.view.coordinator, { kind: "submit", id, body });
  }
  state.submitTimer = nextTimer(turn, state.submitTimer);
  isDue(turn, state.submitTimer.at);
}

/** The coordinator's window is full. */
export function onBusy(turn: Turn): void {
  turn.state.submitTimer = { at: after(turn.moment.now, busyWaitMs), resends: turn.state.submitTimer.resends + 1 };
}
