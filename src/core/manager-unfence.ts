import type { FenceOutcome } from "../model/operation.ts";
import { after, instantMs } from "../model/units.ts";
import { fenceBackOffMs } from "./fencing/fence-record.ts";
import { takeCall } from "./fencing/fence-runner.ts";
import { notUnfenced, unfenceSteps } from "./fencing/unfence.ts";
import { managerConfig, patch, say, submit, type Unfencing, wake, type Work } from "./manager-work.ts";
import { fenceNeeds } from "./services/plan.ts";

/** Nothing under way. */
export const notUnfencing: Unfencing = { purpose: "", done: 0, call: 0, failures: 0, againAt: instantMs(0) };

/**
 * [FEN-18] Has this node switched on by the devices that cut off, and tells the others.
 *
 * Only while the lease runs: who is out of the view may have been cut off a moment ago, and must not undo that.
 */
export function unfence(work: Work): void {
  const { cluster, self, incarnation, unfencing, shutdown } = work.state;
  const { facts, moment } = work;
  const here = cluster.nodes[self];
  const isIn = facts.view !== null && moment.now < facts.leaseUntil && shutdown === null;
  if (!isIn || here?.incarnation !== incarnation || !here.isMember || here.off !== null) return;
  const config = managerConfig(work.state);
  const isToBeFenced = fenceNeeds(cluster).some(({ target }) => target === self);
  if (notUnfenced(config, here).length === 0 || isToBeFenced || cluster.fences[self]?.inFlight) return forget(work);
  const steps = unfenceSteps(config, self);
  const purpose = JSON.stringify([here.enteredAt, steps, cluster.fences[self]?.attempt ?? 0]);
  if (unfencing.purpose !== purpose) {
    forget(work);
    patch(work, { unfencing: { ...notUnfencing, purpose } });
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

/** A device has answered. @returns false when the call is no such one */
export function takeUnfence(work: Work, call: number, { confirmed, reason }: FenceOutcome): boolean {
  const { unfencing } = work.state;
  if (unfencing.call !== call) return false;
  const failures = confirmed ? 0 : unfencing.failures + 1;
  const done = confirmed ? unfencing.done + 1 : unfencing.done;
  const againAt = after(work.moment.now, fenceBackOffMs(failures));
  patch(work, { unfencing: { ...unfencing, call: 0, failures, done, againAt } });
  if (failures === 1) say(work, "error", `cannot be switched on, so nothing starts on it: ${reason}`);
  return true;
}

/** Whatever was asked for counts for nothing any more. */
function forget(work: Work): void {
  const { unfencing } = work.state;
  if (unfencing === notUnfencing) return;
  if (unfencing.call !== 0) work.effects.push({ kind: "cancel-fence", call: unfencing.call });
  patch(work, { unfencing: notUnfencing });
}
