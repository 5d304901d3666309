import type { FenceOutcome } from "../model/operation.ts";
import { after, instantMs } from "../model/units.ts";
import { fenceBackOffMs } from "./fencing/fence-record.ts";
import { takeCall } from "./fencing/fence-runner.ts";
import { notUnfenced, unfenceSteps } from "./fencing/unfence.ts";
import { managerConfig, patch, say, submit, type Unfencing, wake, type Work } from "./manager-work.ts";
import { fenceNeeds } from "./services/plan.ts";

/** Nothing under way. */
export const notUnfencing: Unfencing = {
  stay: 0,
  awaitedUntil: instantMs(0),
  purpose: "",
  done: 0,
  call: 0,
  failures: 0,
  againAt: instantMs(0),
};

/** Longer than a device takes that works. Whoever joins keeps services waiting that may run on it. */
const awaitMs = 10_000;

/**
 * [FEN-18] Has this node switched on by the devices that cut off, and tells the others.
 *
 * Only while the lease runs: who is out of the view may have been cut off a moment ago, and must not undo that.
 */
export function unfence(work: Work): void {
  const { cluster, self, incarnation, shutdown } = work.state;
  const { facts, moment } = work;
  const here = cluster.nodes[self];
  if (here?.incarnation !== incarnation || !here.isMember || here.off !== null) return;
  if (work.state.unfencing.stay !== here.enteredAt) {
    forget(work);
    patch(work, { unfencing: { ...notUnfencing, stay: here.enteredAt, awaitedUntil: after(moment.now, awaitMs) } });
  }
  if (facts.view === null || !facts.isLeased || shutdown !== null) return;
  const { unfencing } = work.state;
  const config = managerConfig(work.state);
  const isToBeFenced = fenceNeeds(cluster).some(({ target }) => target === self);
  if (notUnfenced(config, here).length === 0 || isToBeFenced || cluster.fences[self]?.inFlight) return forget(work);
  const steps = unfenceSteps(config, self);
  const purpose = JSON.stringify([here.enteredAt, steps, cluster.fences[self]?.attempt ?? 0]);
  if (unfencing.purpose !== purpose) {
    forget(work);
    patch(work, { unfencing: { ...work.state.unfencing, purpose } });
    return unfence(work);
  }
  if (unfencing.call !== 0) return;
  if (moment.now < unfencing.againAt) return wake(work, unfencing.againAt);
  const next = steps[unfencing.done];
  if (next === undefined) {
    const devices = [...new Set(steps.map(({ device }) => device.id))];
    const body = { kind: "unfenced" as const, node: self, incarnation, since: here.enteredAt, devices };
    return submit(work, `unfenced:${here.enteredAt}`, body);
  }
  const { runner, call: id } = takeCall(work.state.fencer);
  patch(work, { fencer: runner, unfencing: { ...unfencing, call: id } });
  const { agent, parameters, timeoutMs } = next.device;
  const base = { id, agent, parameters, action: "on" as const, timeoutMs };
  const call = next.step.plug === undefined ? base : { ...base, plug: next.step.plug };
  work.effects.push({ kind: "fence", call, notAfter: facts.leaseUntil });
}

/**
 * True while the others must not be told what runs here, so that services wait for this node as they do for its report: else each would start on
 * whoever has its storage first, and move to the best node a moment later. Not of one that is about to leave: it is switched on no more.
 */
export function isUnfenceAwaited(work: Work): boolean {
  const { cluster, self, unfencing, shutdown } = work.state;
  const here = cluster.nodes[self];
  if (shutdown !== null || here === undefined || notUnfenced(managerConfig(work.state), here).length === 0)
    return false;
  if (unfencing.stay !== here.enteredAt || work.moment.now >= unfencing.awaitedUntil) return false;
  wake(work, unfencing.awaitedUntil);
  return true;
}

/** A device has answered. @returns false when the call is no such one */
export function takeUnfence(work: Work, call: number, { confirmed, reason }: FenceOutcome): boolean {
  const { unfencing } = work.state;
  if (unfencing.call !== call) return false;
  const failures = confirmed ? 0 : unfencing.failures + 1;
  const done = confirmed ? unfencing.done + 1 : unfencing.done;
  const againAt = after(work.moment.now, fenceBackOffMs(failures));
  const awaitedUntil = confirmed ? unfencing.awaitedUntil : work.moment.now;
  patch(work, { unfencing: { ...unfencing, call: 0, failures, done, againAt, awaitedUntil } });
  if (failures === 1) say(work, "error", `cannot be switched on, so nothing starts on it: ${reason}`);
  return true;
}

/** Whatever was asked for counts for nothing any more. */
function forget(work: Work): void {
  const { purpose, call, stay, awaitedUntil } = work.state.unfencing;
  if (purpose === "") return;
  if (call !== 0) work.effects.push({ kind: "cancel-fence", call });
  patch(work, { unfencing: { ...notUnfencing, stay, awaitedUntil } });
}
