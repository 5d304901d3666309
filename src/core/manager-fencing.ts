import type { EntryBody } from "../model/entry.ts";
import type { NodeId } from "../model/ids.ts";
import type { Intent } from "../model/intent.ts";
import type { GroupFacts } from "../model/group-facts.ts";
import { after, type InstantMs, instantMs, never } from "../model/units.ts";
import {
  beginFence,
  confirmedJobs,
  dueJobs,
  type FenceStepResult,
  type FenceTask,
  type FenceVerdict,
  fenceWakeAt,
  forget,
  giveUp,
  goOn,
  switchOnAgain,
  switchOnFor,
} from "./fencing/fence-runner.ts";
import { disbelieved } from "./fencing/fence-record.ts";
import { isLive } from "./fencing/node-record.ts";
import { fenceKey } from "./manager-attempts.ts";
import { isOnlyToLeave } from "./manager-leaving.ts";
import { fenceDueAt, surelyResetAt } from "./manager-patience.ts";
import { spareMembers } from "./quorum/spare-members.ts";
import { type FenceProof, isSubmitted, managerConfig, patch, say, submit, wake, type Work } from "./manager-work.ts";
import { type FenceNeed, fenceNeeds, isForService, needReason, nextForService, offMembers } from "./services/plan.ts";

/** Takes up the attempts announced for this node, and the group's own fence. */
export function fenceAsTold(work: Work): void {
  const { cluster, self, incarnation } = work.state;
  for (const fence of Object.values(cluster.fences)) {
    const { inFlight, target, attempt } = fence;
    if (inFlight === null || inFlight.by !== self || inFlight.byIncarnation !== incarnation) continue;
    const begun = work.state.fenceBegun[target] ?? { own: 0, arbiter: 0 };
    if (begun.own >= attempt) continue;
    patch(work, { fenceBegun: { ...work.state.fenceBegun, [target]: { ...begun, own: attempt } } });
    begin(work, { target, attempt, isArbiter: false });
  }
  if (work.state.sworn !== null && answerArbiter(work)) return;
  const wanted = work.facts.arbiterFence;
  if (wanted === null) return;
  const begun = work.state.fenceBegun[wanted.target] ?? { own: 0, arbiter: 0 };
  if (begun.arbiter >= wanted.attempt) return;
  patch(work, { fenceBegun: { ...work.state.fenceBegun, [wanted.target]: { ...begun, arbiter: wanted.attempt } } });
  say(work, "warning", `fences ${wanted.target}, to go on alone (attempt ${wanted.attempt})`);
  begin(work, { ...wanted, isArbiter: true });
}

function begin(work: Work, what: FenceTask): void {
  const { cluster, fencer } = work.state;
  const fence = cluster.fences[what.target];
  const wrong = disbelieved(fence, fence?.inFlight?.incarnation ?? null);
  afterFencer(work, beginFence(fencer, managerConfig(work.state), what, work.moment.now, wrong));
}

/**
 * [FEN-2] Steps that are due begin, unless nobody waits for them any more: a node may have come back since. But for the group's own fence, only while the others
 * surely count on this node: whoever stood still, or is alone, may not know yet that they have given the attempt up.
 */
export function tendFencer(work: Work): void {
  const { moment, facts } = work;
  for (const job of dueJobs(work.state.fencer, moment.now)) {
    // The group's own fence is made to get a lease.
    const until = job.isArbiter ? never : countedOnUntil(facts);
    if (moment.now >= until) {
      // A longer lease is no news: nobody would wake this.
      wake(work, after(moment.now, lookAgainMs));
      continue;
    }
    const { fencer } = work.state;
    afterFencer(work, isWanted(work, job) ? goOn(fencer, job, until) : giveUp(fencer, job, "no longer wanted"));
  }
  for (const job of confirmedJobs(work.state.fencer)) {
    const { fencer } = work.state;
    if (isKnownOff(work, job)) afterFencer(work, switchOnAgain(fencer, job));
    else if (!isUntold(work, job)) patch(work, { fencer: forget(fencer, job) });
  }
  wake(work, fenceWakeAt(work.state.fencer, work.moment.now));
}

/** [FEN-10] Nothing is switched on before the others know that it was off: it would live before the fence counts, and be fenced again. */
function isKnownOff({ state }: Work, { target }: FenceTask): boolean {
  const record = state.cluster.nodes[target];
  return record !== undefined && record.off !== null;
}

/** The confirmation is on its way to the others. */
function isUntold({ state }: Work, { target, attempt, isArbiter }: FenceTask): boolean {
  if (isArbiter) return state.arbiterProof?.target === target;
  const fence = state.cluster.fences[target];
  return fence !== undefined && fence.inFlight !== null && fence.attempt === attempt;
}

/** [FEN-2] Not of a node that is off, or back, for all that the others know: as it lives anew, or is a member that nobody needs to be sure of. */
function isWanted({ state, facts }: Work, { target, attempt, isArbiter }: FenceTask): boolean {
  if (isArbiter) return facts.arbiterFence?.target === target && facts.arbiterFence.attempt === attempt;
  const { inFlight, attempt: announced } = state.cluster.fences[target] ?? {};
  if (inFlight?.by !== state.self || announced !== attempt) return false;
  return (
    state.cluster.nodes[target]?.incarnation === inFlight.incarnation && needReason(state.cluster, target) !== null
  );
}

/** Takes over what a step of the runner has given. */
export function afterFencer(work: Work, step: FenceStepResult): void {
  patch(work, { fencer: step.runner });
  work.effects.push(...step.effects);
  for (const verdict of step.verdicts) onVerdict(work, verdict);
  for (const target of step.switchedOn ?? []) tellSwitchedOn(work, target);
}

/** While a step waits for that. */
const lookAgainMs = 100;

/** A quorum has heard it within the last deadtime: half of the lease is over only when it may have been counted as dead. */
function countedOnUntil({ leaseUntil, leaseMs }: GroupFacts): InstantMs {
  return instantMs(leaseUntil - leaseMs / 2);
}

function tellSwitchedOn(work: Work, target: NodeId): void {
  const { cluster, self } = work.state;
  const owed = cluster.fences[target]?.owed;
  if (!owed) return;
  const { incarnation } = owed;
  submit(work, switchedOnKey(target), { kind: "switched-on", target, incarnation, by: self });
}

function switchedOnKey(target: NodeId): string {
  return `switched-on:${target}`;
}

/** [FEN-10] The coordinator switches on what a daemon has switched off that is gone before it said that it is on again. */
export function switchOnForTheGone(work: Work): void {
  const { cluster, self, fencer } = work.state;
  if (work.facts.view?.coordinator !== self || !work.facts.isLeased || cluster.maintenance) return;
  for (const { target, attempt, owed } of Object.values(cluster.fences)) {
    if (!owed || cluster.nodes[target]?.isMember === true) continue;
    const by = cluster.nodes[owed.by];
    if (isLive(by) && by?.incarnation === owed.byIncarnation) continue;
    if (isSubmitted(work, switchedOnKey(target)) || fencer.jobs.some((job) => job.target === target)) continue;
    say(work, "info", `switches ${target} on: ${owed.by}, which has switched it off, is gone`);
    const what = { target, attempt, isArbiter: false };
    afterFencer(work, switchOnFor(work.state.fencer, managerConfig(work.state), what, owed.devices));
  }
}

/** The devices have answered: an entry for the cluster, or the group's verdict. */
function onVerdict(work: Work, verdict: FenceVerdict): void {
  const { target, attempt, confirmed, devices, reason, isArbiter } = verdict;
  const { self, cluster } = work.state;
  if (isArbiter) {
    if (!confirmed) say(work, "error", `could not fence ${target}: ${reason}`);
    else patch(work, { arbiterProof: { target, incarnation: cluster.nodes[target]?.incarnation ?? null, verdict } });
    work.toGroup.push({ kind: "fence-verdict", target, attempt, confirmed });
    return;
  }
  const incarnation = cluster.fences[target]?.inFlight?.incarnation ?? null;
  const body: EntryBody = { kind: "fence-result", target, incarnation, by: self, attempt, confirmed, devices, reason };
  submit(work, `fenced:${target}:${attempt}`, body);
}

/** Sees to every node that must be known off, when it is this node's turn and patience is over. */
export function seeToFences(work: Work): void {
  const { cluster, self, arbiterProof } = work.state;
  if (arbiterProof !== null && tellProof(work, arbiterProof)) return;
  if (isOnlyToLeave(work)) return;
  if (work.facts.view === null || cluster.nodes[self]?.incarnation !== work.state.incarnation) return;
  const needs = fenceNeeds(cluster);
  const next = needs.some(isForService)
    ? nextForService(needs, spareMembers(work.facts, managerConfig(work.state).quorum.kind, offMembers(cluster)))
    : undefined;
  for (const need of needs) {
    if (need.by !== self || cluster.fences[need.target]?.inFlight) continue;
    if (isForService(need) && need !== next) continue;
    if (need.isResetting && need.isAbsent && isReset(work, need)) continue;
    const dueAt = fenceDueAt(work, need);
    if (dueAt === never) continue;
    if (work.moment.now < dueAt) {
      wake(work, dueAt);
      continue;
    }
    const { target, incarnation, attempt, reason } = need;
    if (need.means === "time") {
      submit(work, `assumed:${target}`, {
        kind: "assumed-off",
        target,
        incarnation,
        by: self,
        reason: "its time to stop has passed",
      });
    } else {
      submit(work, fenceKey(target, attempt), {
        kind: "fence-begun",
        target,
        incarnation,
        by: self,
        attempt,
        reason,
      });
    }
  }
}

/** [FEN-11] Tells that its watchdog has surely reset it, once it has. @returns true when it has */
function isReset(work: Work, { target, incarnation }: FenceNeed): boolean {
  const resetAt = surelyResetAt(work, target);
  if (resetAt === never) return false;
  if (work.moment.now < resetAt) {
    wake(work, resetAt);
    return false;
  }
  const { self: by, cluster } = work.state;
  const since = cluster.nodes[target]?.enteredAt ?? 0;
  const reason = "its watchdog has reset it";
  submit(work, `self-fenced:${target}:${since}`, { kind: "self-fenced", target, incarnation, by, since, reason });
  return true;
}

/** Tells the cluster of the fence that made it. @returns true while that is under way */
function tellProof(work: Work, proof: FenceProof): boolean {
  const record = work.state.cluster.nodes[proof.target];
  const isUsed = record === undefined || record.off !== null || record.incarnation !== proof.incarnation;
  if (isUsed) {
    patch(work, { arbiterProof: null });
    return false;
  }
  if (work.facts.view === null || record.isMember) return true;
  const { target, incarnation, verdict } = proof;
  const { devices, reason } = verdict;
  const body: EntryBody = {
    kind: "fence-result",
    target,
    incarnation,
    by: work.state.self,
    attempt: 0,
    confirmed: true,
    devices,
    reason,
  };
  submit(work, `proof:${target}`, body);
  return true;
}

/** Asks the ports of silent nodes that matter: "closed" is a crashed daemon on a living kernel. */
export function probePorts(work: Work): void {
  const { cluster, self, portProbedAt } = work.state;
  const { keepaliveMs } = managerConfig(work.state).heartbeat;
  const needed = fenceNeeds(cluster).map((need) => need.target);
  for (const record of Object.values(cluster.nodes)) {
    const { node } = record;
    if (node === self || record.off !== null || work.facts.heard.includes(node)) continue;
    if (!record.isMember && !needed.includes(node)) continue;
    const dueAt = after(portProbedAt[node] ?? (0 as InstantMs), keepaliveMs);
    if (portProbedAt[node] !== undefined && work.moment.now < dueAt) {
      wake(work, dueAt);
      continue;
    }
    patch(work, { portProbedAt: { ...work.state.portProbedAt, [node]: work.moment.now } });
    work.effects.push({ kind: "probe-port", node });
    wake(work, after(work.moment.now, keepaliveMs));
  }
}

/** Two nodes, one dead, and its device fails: the operator's word decides the race, for no entry can be ordered before. */
export function confirmForArbiter(work: Work, intent: Intent, author: string): boolean {
  if (intent.kind !== "confirm-off-node" || work.facts.view !== null || !work.state.isFrozen) return false;
  patch(work, { sworn: { target: intent.node, author } });
  answerArbiter(work);
  return true;
}

/** Answers the group's wish to fence with an operator's word. @returns true when it was answered so */
function answerArbiter(work: Work): boolean {
  const wanted = work.facts.arbiterFence;
  const { sworn, fenceBegun } = work.state;
  if (sworn === null) return false;
  if (work.facts.view !== null || work.facts.heard.includes(sworn.target)) patch(work, { sworn: null });
  else if (wanted !== null && wanted.target === sworn.target) {
    const begun = fenceBegun[wanted.target] ?? { own: 0, arbiter: 0 };
    patch(work, { sworn: null, fenceBegun: { ...fenceBegun, [wanted.target]: { ...begun, arbiter: wanted.attempt } } });
    const { target, attempt } = wanted;
    onVerdict(work, {
      target,
      attempt,
      isArbiter: true,
      confirmed: true,
      devices: [],
      reason: `confirmed off by ${sworn.author}`,
    });
    return true;
  }
  return false;
}
