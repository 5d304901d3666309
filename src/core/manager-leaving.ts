import type { Effect } from "../model/effect.ts";
import { after } from "../model/units.ts";
import { managerConfig, type ManagerState, patch, say, submit, wake, type Work } from "./manager-work.ts";
import { isFencing } from "./manager-attempts.ts";
import { watchdogAtExit } from "./manager-watchdog.ts";
import { mayRunAnything } from "./services/cluster-state.ts";
import { endingTogether, isAllStopped } from "./services/cluster-stop.ts";
import { mayStayBehind } from "./services/frozen.ts";
import { isQuiet } from "./services/runner-state.ts";

/** The group has this long to order the leave before the daemon goes without proof, in deadtimes. */
const leaveDeadtimes = 6;

/** [SVC-40] An operator wants this life to end: as if its daemon had been told to stop. */
export function heedShutdown(work: Work): void {
  const { cluster, self, incarnation, shutdown } = work.state;
  const here = cluster.nodes[self];
  if (shutdown !== null || here?.incarnation !== incarnation || !here.shutdown) return;
  patch(work, { shutdown: { leaveAskedAt: null, isTold: false, isDone: false } });
}

/** This daemon was told to end: it does so by itself, also when it was to end with the whole cluster. */
export function takeShutdown(work: Work): void {
  const { shutdown } = work.state;
  if (shutdown === null) say(work, "info", "asked to stop: gives up its services, then leaves");
  patch(work, { shutdown: { ...(shutdown ?? { leaveAskedAt: null, isDone: false }), isTold: true } });
}

/** A clean stop: services are given up, then the group is left, then the daemon ends. */
export function shutDown(work: Work): void {
  const { shutdown, cluster, self, incarnation, runner } = work.state;
  if (shutdown === null || shutdown.isDone) return;
  const { facts, moment } = work;
  if (shutdown.leaveAskedAt === null && cluster.nodes[self]?.isLeaving !== true && mayStayBehind(cluster, self)) {
    // [SVC-30] Without a word to the group: a leave would be the proof that nothing runs here.
    if (!isFencing(work)) exit(work);
    return;
  }
  const isIn = facts.view !== null || facts.isLeased;
  const here = cluster.nodes[self];
  const isMember = here?.incarnation === incarnation && here.isMember && here.off === null;
  if (isIn && isMember && !here.isLeaving) {
    submit(work, "leaving", { kind: "leaving", node: self, incarnation });
    return;
  }
  if (isIn && endsWithAll(work.state)) {
    haltWithAll(work);
    return;
  }
  // [SVC-47] Also what it has not told of yet.
  if (!isQuiet(runner) || (isIn && isMember && mayRunAnything(cluster, self)) || isFencing(work)) return;
  if (!isIn || here === undefined) {
    exit(work);
    return;
  }
  if (shutdown.leaveAskedAt === null) {
    work.toGroup.push({ kind: "leave" });
    patch(work, { shutdown: { ...shutdown, leaveAskedAt: moment.now } });
    return;
  }
  const giveUpAt = after(shutdown.leaveAskedAt, leaveDeadtimes * managerConfig(work.state).heartbeat.deadtimeMs);
  if (moment.now < giveUpAt) wake(work, giveUpAt);
  else exit(work);
}

/** [FEN-26] Told to end by itself, with nothing left to give up: the next attempt on a node is for others. */
export function isOnlyToLeave({ state }: Work): boolean {
  const { shutdown, cluster, self, runner } = state;
  return shutdown !== null && !endsWithAll(state) && isQuiet(runner) && !mayRunAnything(cluster, self);
}

function endsWithAll({ shutdown, cluster, self, incarnation }: ManagerState): boolean {
  const here = cluster.nodes[self];
  return shutdown?.isTold !== true && here?.incarnation === incarnation && here.shutdown?.withAll === true;
}

/** [SVC-46] With the whole cluster: once nothing runs anywhere any more, one of those who leave says so of all. The group does the rest. */
function haltWithAll(work: Work): void {
  const { cluster, self, runner } = work.state;
  const members = endingTogether(cluster);
  const isFenced = Object.values(cluster.fences).some(({ inFlight }) => inFlight !== null);
  if (members[0]?.node !== self || !isQuiet(runner) || !isAllStopped(cluster) || isFenced) return;
  submit(work, "halted", { kind: "halted", members });
}

function exit(work: Work): void {
  patch(work, { shutdown: { leaveAskedAt: work.moment.now, isTold: false, isDone: true } });
  work.effects.push(...watchdogAtExit(work.state), { kind: "exit" });
}

/**
 * [GRP-104] This node was removed: it ends. What this life was given it stops, which it does without a lease in any case; what a daemon
 * finds that comes back after its removal is not the cluster's any more.
 */
export function endRemoved(work: Work): void {
  const { state, facts } = work;
  if (facts.removedBy === null || state.shutdown?.isDone === true) return;
  if (state.hadLease && !isQuiet(state.runner)) return;
  patch(work, { shutdown: { leaveAskedAt: work.moment.now, isTold: false, isDone: true } });
  const advice = `disable haled here; to take it in again, there: hale node readmit ${state.self}, and start it again`;
  const removed = `this node was removed from the cluster, says ${facts.removedBy}; what runs here is left as it is; ${advice}`;
  work.effects.push(...watchdogAtExit(state), { kind: "exit", removed });
}

/** The group has left cleanly: nothing remains but to end. */
export function finishShutdown(state: ManagerState): {
  readonly state: ManagerState;
  readonly effects: readonly Effect[];
} {
  if (state.shutdown === null || state.shutdown.isDone) return { state, effects: [] };
  return {
    state: { ...state, shutdown: { ...state.shutdown, isDone: true } },
    effects: [...watchdogAtExit(state), { kind: "exit" }],
  };
}
