import { after, type InstantMs, never } from "../../model/units.ts";
import { forgivePause } from "../membership/attention.ts";
import { isWitnessHeard } from "../quorum/known-witness.ts";
import type { Phase } from "./group-state.ts";
import type { Turn } from "./turn.ts";

/** [GRP-4] The time in which this node itself did not run counts against nobody: neither the others' lives nor their answers. */
export function forgiveOwnPause(turn: Turn): void {
  const { state, moment } = turn;
  const { deadtime } = state.setup.timers;
  const gap = moment.now - state.steppedAt;
  if (gap <= deadtime / 2) return;
  state.peers = forgivePause(state.peers, state.steppedAt, moment.now, deadtime);
  if (isWitnessHeard(state.witness, state.steppedAt, deadtime))
    state.witness = { ...state.witness, heardAt: moment.now };
  state.phase = shifted(state.phase, gap, moment.now);
  state.race = { ...state.race, notBefore: afterReading(state.race.notBefore, turn) };
}

/** No fence is asked for before what waited is read: a peer that was dead before the pause may have been back for long. */
function afterReading(notBefore: InstantMs, { state, moment }: Turn): InstantMs {
  const read = after(moment.now, state.setup.timers.keepalive);
  return read > notBefore ? read : notBefore;
}

function shifted(phase: Phase, gap: number, now: InstantMs): Phase {
  switch (phase.kind) {
    case "electing":
      return phase;
    case "proposing":
    case "promised":
      return { ...phase, deadline: after(phase.deadline, gap) };
    case "active": {
      const idleSince = phase.idleSince === never ? never : now;
      if (phase.lead === null) return { ...phase, idleSince };
      const open = phase.lead.open.map((entry) => ({ ...entry, orderedAt: after(entry.orderedAt, gap) }));
      return { ...phase, idleSince, lead: { ...phase.lead, open } };
    }
  }
}
