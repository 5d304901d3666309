import { type InstantMs, instantMs } from "../../model/units.ts";
import { witnessEcho } from "../quorum/known-witness.ts";
import { leaseEnd } from "../quorum/lease.ts";
import { countedElectorates } from "../quorum/votes.ts";
import { peerOf, type Turn } from "./turn.ts";
import type { NodeId } from "../../model/ids.ts";

/** This node may act by itself. */
export function isLeased({ state, moment }: Turn): boolean {
  return moment.now < state.leaseUntil;
}

/** [GRP-41] Extends the lease by what has been echoed, while active; it never gets shorter, and outlives the view by its rest. */
export function extendLease(turn: Turn): void {
  const { state, moment } = turn;
  const { phase, setup } = state;
  if (phase.kind !== "active") return;
  const electorates = countedElectorates(state.log.electorates, state.committed);
  const echoOf = (voter: NodeId): InstantMs => {
    if (voter === setup.self) return moment.now;
    if (voter === state.witness.id) return witnessEcho(state.witness, phase.view.id);
    return peerOf(turn, voter)?.echo ?? instantMs(0);
  };
  const until = leaseEnd(electorates, echoOf, setup.timers.lease);
  if (until > state.leaseUntil) state.leaseUntil = until;
}
