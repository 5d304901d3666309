import type { NodeId } from "../model/ids.ts";
import { after, earliest, type InstantMs, never } from "../model/units.ts";
import { watchdogBoundMs } from "./fencing/watchdog-bound.ts";
import { fenceBackOffMs } from "./fencing/fence-record.ts";
import { groupTimers } from "./membership/timers.ts";
import { type Hearing, managerConfig, patch, type Work } from "./manager-work.ts";
import type { FenceNeed } from "./services/plan.ts";

/** How long a daemon keeps what it found running at its start, in deadtimes: long enough to get into a view. Others give it as long. */
export const adoptionDeadtimes = 4;

/** A daemon that crashes again and again without being taken in has this many graces in one absence, no more. */
const gracesMax = 4;

/**
 * When the node may be fenced, or taken as off, at the earliest. `never`: not by this means.
 *
 * [FEN-6] Silence gives no patience, but for `initdead`; signs of life do. Who is heard is about to be taken in, and has as long for
 * that as its daemon keeps what it found. A kernel without a daemon runs services that the next daemon adopts: its grace begins anew
 * with the end of each life that was heard, since that one shows that somebody starts daemons there.
 */
export function fenceDueAt(work: Work, need: FenceNeed): InstantMs {
  const { state, facts } = work;
  const { heartbeat, fencing } = managerConfig(state);
  const { target } = need;
  if (need.means === "none") return never;
  if (need.means === "watchdog") return need.isAbsent ? surelyResetAt(work, target) : never;
  const failedAt = state.fenceFailedAt[target];
  const againAt = failedAt === undefined ? (0 as InstantMs) : after(failedAt, fenceBackOffMs(need.failures));
  if (!need.isAbsent) return againAt;
  const lostAt = state.lostSince[target];
  const from = lostAt ?? state.startedAt;
  const dues = [againAt, after(from, lostAt === undefined ? heartbeat.initdeadMs : 0)];
  const isClosed = facts.closed.includes(target);
  const hearing = state.hearings[target];
  const takenInAt = after(hearing?.since ?? from, adoptionDeadtimes * heartbeat.deadtimeMs);
  if (hearing?.until === null) dues.push(takenInAt);
  if (need.means === "time") {
    const closedUntil = state.closedUntil[target];
    if (isClosed || closedUntil === null) return never;
    const assumeOffAfterMs = fencing.kind === "none" ? fencing.assumeOffAfterMs : 0;
    // [FEN-7] Its daemon may still run with the lease of an earlier file, as this one does.
    const longerLeaseMs = Math.max(0, facts.leaseMs - groupTimers(heartbeat).lease);
    dues.push(after(from, assumeOffAfterMs + longerLeaseMs));
    // [FEN-7] Heard anew: a daemon that may keep what it finds running until it knows that it is not taken in.
    if (hearing !== undefined && hearing.since > from) dues.push(after(takenInAt, assumeOffAfterMs));
    // [FEN-7] Alive when it should be off: a daemon without a link, which may have found services when it was started.
    const seenAt = state.seenOnDiskAt[target];
    if (seenAt !== undefined && seenAt > from)
      dues.push(after(seenAt, adoptionDeadtimes * heartbeat.deadtimeMs + assumeOffAfterMs));
    // [FEN-7] Until then nobody was there to stop its services. A daemon that was started at that moment keeps them as long.
    if (closedUntil !== undefined)
      dues.push(after(closedUntil, adoptionDeadtimes * heartbeat.deadtimeMs + assumeOffAfterMs));
  } else if (isClosed || state.crashedAt[target] !== undefined) {
    const lastSign = hearing === undefined ? from : (hearing.until ?? state.crashedAt[target] ?? hearing.since);
    const enoughAt = after(hearing?.firstAt ?? from, gracesMax * heartbeat.daemonGraceMs);
    dues.push(earliest(after(lastSign, heartbeat.daemonGraceMs), enoughAt));
  }
  return Math.max(...dues) as InstantMs;
}

/** [FEN-11] The bound, from when this node knew that a view without the other is in force. */
function surelyResetAt({ state }: Work, target: NodeId): InstantMs {
  const { heartbeat, fencing } = managerConfig(state);
  const outsideSince = state.outsideSince[target];
  const watchdog = state.cluster.nodes[target]?.watchdog;
  if (outsideSince === undefined || watchdog === null || watchdog === undefined || fencing.kind !== "watchdog")
    return never;
  // It may have taken a longer one from a configuration that is in force since, and could not say so any more.
  const timeoutMs = Math.max(watchdog.timeoutMs, fencing.timeoutMs);
  return after(outsideSince, watchdogBoundMs(heartbeat, timeoutMs, watchdog.leaseMs));
}

/** Notes since when nodes outside the view are heard, and until when they were. */
export function noteHearings(work: Work): void {
  const { now } = work.moment;
  const { heard } = work.facts;
  const hearings = upToDate(work, work.state.hearings, (node, known) => hearingNow(known, heard.includes(node), now));
  if (hearings !== work.state.hearings) patch(work, { hearings });
}

/** Notes until when the ports of nodes outside the view say "closed". */
export function noteClosed(work: Work): void {
  const { now } = work.moment;
  const { closed } = work.facts;
  const closedUntil = upToDate(work, work.state.closedUntil, (node, known) => {
    if (closed.includes(node)) return null;
    return known === null ? now : known;
  });
  if (closedUntil !== work.state.closedUntil) patch(work, { closedUntil });
}

/** What is noted of nodes outside the view, brought up to date: the very same when nothing is new. Of members nothing is kept. */
function upToDate<Note>(
  { state }: Work,
  notes: Readonly<Record<NodeId, Note>>,
  noteOf: (node: NodeId, known: Note | undefined) => Note | undefined,
): Readonly<Record<NodeId, Note>> {
  let changed: Record<NodeId, Note> | null = null;
  for (const { node, isMember } of Object.values(state.cluster.nodes)) {
    const known = notes[node];
    const note = isMember || node === state.self ? undefined : noteOf(node, known);
    if (note === known) continue;
    changed ??= { ...notes };
    if (note === undefined) delete changed[node];
    else changed[node] = note;
  }
  return changed ?? notes;
}

function hearingNow(known: Hearing | undefined, isHeard: boolean, now: InstantMs): Hearing | undefined {
  if (isHeard && known === undefined) return { firstAt: now, since: now, until: null };
  if (known === undefined || isHeard === (known.until === null)) return known;
  return isHeard ? { ...known, since: now, until: null } : { ...known, until: now };
}
