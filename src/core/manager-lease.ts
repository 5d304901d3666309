import type { ServiceId } from "../model/ids.ts";
import { after } from "../model/units.ts";
import { adoptionDeadtimes } from "./manager-spans.ts";
import { abandonRequests } from "./manager-requests.ts";
import { managerConfig, patch, say, wake, type Work } from "./manager-work.ts";
import type { RunnerMandate } from "./services/runner-work.ts";
import { frozenServices, isQuiet } from "./services/runner-state.ts";

/** Judges whether this node may act, keeps what runs, or must stop it all. The first thing of every step after the input. */
export function watchLease(work: Work): void {
  const { facts, moment, state } = work;
  const { isLeased } = facts;
  const isChanging = facts.view === null && facts.status !== "electing";
  // Whoever was frozen for longer than its lease enters the view without one: the first echoes bring it a moment later.
  const isLeaseAwaited = facts.view !== null && !isLeased;
  const isFrozen = facts.isFrozen || (state.isFrozen && (isChanging || isLeaseAwaited));
  if (isFrozen !== state.isFrozen) {
    patch(work, { isFrozen });
    if (isFrozen) say(work, "warning", "frozen: keeps what runs, starts nothing, until it is decided who goes on");
    else say(work, "info", "no longer frozen");
  }
  const graceUntil = after(state.startedAt, adoptionDeadtimes * managerConfig(state).heartbeat.deadtimeMs);
  const isPatient = !state.hadLease && moment.now < graceUntil;
  if (!isLeased && isPatient) wake(work, graceUntil);
  const isHelpless = !isLeased && !isFrozen && !isPatient;
  const isEnding = state.shutdown !== null || (facts.removedBy !== null && state.hadLease);
  const isAbandoned = isEnding && facts.view === null && !isLeased;
  const isStopping = isHelpless || isAbandoned;
  if (isStopping && !state.isStopping) tellOfStopping(work);
  if (isHelpless && !state.isStopping) abandonRequests(work);
  const hadLease = state.hadLease || isLeased;
  if (isStopping !== state.isStopping || hadLease !== state.hadLease) patch(work, { isStopping, hadLease });
}

function tellOfStopping(work: Work): void {
  const { runner, shutdown } = work.state;
  const frozen = shutdown === null ? frozenServices(runner) : [];
  const text = "no quorum, and the lease has run out";
  for (const service of frozen) say(work, "error", `${text}: it is frozen, and goes on here`, service);
  const others = Object.entries(runner.runtimes).filter(([service]) => !frozen.includes(service as ServiceId));
  if (!isQuiet({ ...runner, runtimes: Object.fromEntries(others) })) say(work, "error", `${text}: stops its services`);
}

/** Tells when the witness falls silent and when it is back: nothing else shows that the next loss will be one too many. */
export function watchWitness(work: Work): void {
  const { facts, state } = work;
  const isHeard = facts.witness?.isHeard ?? null;
  // Before its first answer it is not lost.
  if (isHeard === state.isWitnessHeard || (state.isWitnessHeard === null && isHeard === false)) return;
  const name = facts.witness?.name ?? "the witness";
  if (isHeard === false) say(work, "warning", `${name} is not heard any more`);
  else if (isHeard === true) say(work, "info", `${name} is heard`);
  patch(work, { isWitnessHeard: isHeard });
}

/** What the runner may do at this instant. */
export function mandate(work: Work): RunnerMandate {
  const { facts, state } = work;
  return {
    mayStart: facts.isLeased && !facts.isFrozen && !state.isFrozen && !state.isStopping,
    leaseUntil: facts.leaseUntil,
    mustStop: !state.isStopping ? "nothing" : state.shutdown === null ? "lease" : "all",
  };
}
