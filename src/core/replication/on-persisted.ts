import { sameViewId } from "../../model/view.ts";
import { finished } from "./durability.ts";
import { acknowledge } from "./follow.ts";
import { confirmInstalled, onInstalled } from "./install.ts";
import { leading, onAcknowledged } from "./order.ts";
import { onPromiseDurable } from "./promise.ts";
import { onProposalDurable } from "./propose.ts";
import type { Turn } from "./turn.ts";

/** Writes are done: what had to wait for the disk is said now. */
export function onPersisted(turn: Turn, write: number): void {
  const { state } = turn;
  const before = state.disk.durable;
  state.disk = finished(state.disk, write);
  const { durable } = state.disk;
  const { phase, setup } = state;
  switch (phase.kind) {
    case "electing":
      return;
    case "proposing":
      if (!sameViewId(durable.promised, phase.view)) return;
      if (sameViewId(durable.logView, phase.view)) return onInstalled(turn, phase, setup.self, setup.incarnation);
      return onProposalDurable(turn, phase);
    case "promised":
      onPromiseDurable(turn, phase);
      if (phase.isInstalled && sameViewId(durable.logView, phase.view) && !sameViewId(before.logView, phase.view))
        confirmInstalled(turn);
      return;
    case "active": {
      if (!sameViewId(durable.logView, phase.view.id) || durable.length === before.length) return;
      const active = leading(turn);
      if (active !== null) onAcknowledged(turn, active, setup.self, durable.length);
      else acknowledge(turn, phase);
      return;
    }
  }
}
