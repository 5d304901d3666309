import { type Action, enabledActions } from "./actions.ts";
import type { Broken } from "./history.ts";
import { perform } from "./perform.ts";
import { isOld, type SmallWorld } from "./small-world.ts";

/** Nothing is under way, and all nodes that may be there are in one view, with every vote and every entry. */
export function isSettled(world: SmallWorld): boolean {
  const { seats, flights, round } = world;
  if (!flights.every((flight) => flight.isHeld && isOld(world, flight))) return false;
  const present = seats.filter(({ state, mayReturn }) => state !== null || mayReturn);
  const first = present[0]?.state?.phase;
  if (first?.kind !== "active" || first.view.members.length !== present.length) return false;
  return present.every(({ state, writes, clock }) => {
    if (state === null || writes.length > 0 || clock !== round) return false;
    const { phase, log, delivered, pending } = state;
    if (phase.kind !== "active" || phase.view.id.counter !== first.view.id.counter) return false;
    const voters = log.electorates.at(-1)?.voters.length ?? 0;
    return delivered === log.length && pending.length === 0 && voters >= present.length;
  });
}

/** The world some rounds on, with no more faults and everything in turn; ends early when `until` holds or a promise is broken. */
export function runFairly(world: SmallWorld, rounds: number, until: (world: SmallWorld) => boolean): SmallWorld {
  let present: SmallWorld = { ...world, faultsLeft: 0 };
  const end = world.round + rounds;
  while (present.broken === null && !until(present) && present.round < end) {
    const action = mostUrgent(enabledActions(present));
    if (action === undefined) break;
    present = perform(present, action);
  }
  return present;
}

const urgency: readonly Action["kind"][] = ["restart", "persist", "deliver", "advance"];

function mostUrgent(actions: readonly Action[]): Action | undefined {
  for (const kind of urgency) {
    const action = actions.find((candidate) => candidate.kind === kind);
    if (action !== undefined) return action;
  }
  return undefined;
}

/** A view may take so many rounds after the last fault: V6. */
const settleRounds = 60;
/** It counts once it has stayed for so long. */
const stayRounds = 8;

/** V6: from here on, without faults, all are in one view before long, and stay in it. */
export function brokenLiveness(world: SmallWorld): Broken | null {
  let present = world;
  const end = world.round + settleRounds;
  while (present.round < end) {
    present = runFairly(present, end - present.round, isSettled);
    if (present.broken !== null) return present.broken;
    if (!isSettled(present)) break;
    const views = present.history.views.length;
    present = runFairly(present, stayRounds, () => false);
    if (present.broken !== null) return present.broken;
    if (isSettled(present) && present.history.views.length === views) return null;
  }
  const where = present.seats.map(({ node, state }) => `${node} ${state?.phase.kind ?? "off"}`).join(", ");
  return { rule: "V6", text: `not one view that stays, ${settleRounds} rounds later: ${where}` };
}
