import type { NodeId } from "../model/ids.ts";
import { after, earliest, type InstantMs, never } from "../model/units.ts";
import { longestTimeoutMs } from "./fencing/node-record.ts";
import { watchdogBoundMs } from "./fencing/watchdog-bound.ts";
import { fenceBackOffMs } from "./fencing/fence-record.ts";
import { type Hearing, managerConfig, patch, type Work } from "./manager-work.ts";
import { adoptionMsOf, leaseInForce, leaseOf } from "./manager-spans.ts";
import type { FenceNeed } from "./services/plan.ts";

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
  if (need.means === "none" || need.means === "watchdog") return never;
  const failedAt = state.fenceFailedAt[target];
  const againAt = failedAt === undefined ? (0 as InstantMs) : after(failedAt, fenceBackOffMs(need.failures));
  if (!need.isAbsent) return againAt;
  const lostAt = state.lostSince[target];
  const from = lostAt ?? state.startedAt;
  const dues = [againAt, after(from, lostAt === undefined ? heartbeat.initdeadMs : 0)];
  const isClosed = facts.closed.includes(target);
  const hearing = state.hearings[target];
  const adoptionMs = adoptionMsOf(work, target);
  if (hearing?.until === null) dues.push(after(hearing.since, adoptionMs));
  if (need.means === "time") {
    const closedUntil = state.closedUntil[target];
    if (isClosed || closedUntil === null) return never;
    const assumeOffAfterMs = fencing.kind === "none" ? fencing.assumeOffAfterMs : 0;
    // [FEN-7] It acts on with the lease of an earlier file while its daemon was not restarted, or has not heard of a change.
    dues.push(after(from, assumeOffAfterMs + leaseOf(work, target) - leaseInForce(state)));
    for (const sign of signsSince(work, target, from)) dues.push(after(sign, adoptionMs + assumeOffAfterMs));
  } else if (isClosed || state.crashedAt[target] !== undefined) {
    const lastSign = hearing === undefined ? from : (hearing.until ?? state.crashedAt[target] ?? hearing.since);
    const enoughAt = after(hearing?.firstAt ?? from, gracesMax * heartbeat.daemonGraceMs);
    dues.push(earliest(after(lastSign, heartbeat.daemonGraceMs), enoughAt));
  }
  return Math.max(...dues) as InstantMs;
}

/** [FEN-7] When the node, or its kernel, was alive after it was lost: a daemon that was started then keeps what it finds for a while. */
function signsSince({ state }: Work, target: NodeId, from: InstantMs): readonly InstantMs[] {
  // Heard anew: it keeps what it finds until it knows that it is not taken in. Seen on the disk: a daemon without a link.
  const lives = [state.hearings[target]?.since, state.seenOnDiskAt[target]];
  // Until then nobody was there to stop its services.
  const closedUntil = state.closedUntil[target];
  return [...lives.filter((at) => at !== undefined && at > from), closedUntil].flatMap((at) => at ?? []);
}

/** [FEN-11] The bound, from when this node knew that a view without the other is in force. */
export function surelyResetAt(work: Work, target: NodeId): InstantMs {
  const { state } = work;
  const outsideSince = state.outsideSince[target];
  const watchdog = state.cluster.nodes[target]?.watchdog;
  if (outsideSince === undefined || watchdog === null || watchdog === undefined) return never;
  return after(outsideSince, watchdogBoundMs(longestTimeoutMs(watchdog), leaseOf(work, target)));
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
