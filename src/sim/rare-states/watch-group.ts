import { isWitnessHeard } from "../../core/quorum/known-witness.ts";
import type { Active, GroupState } from "../../core/replication/group-state.ts";
import { compareViewIds, sameViewId } from "../../model/view.ts";
import { type InstantMs, never } from "../../model/units.ts";
import type { RareStates } from "./rare-states.ts";

/** Notes the rare states of the group that one step of one node has led to. Cheap where nothing has changed: it is asked after every step. */
export function watchGroup(rareStates: RareStates, before: GroupState, after: GroupState, now: InstantMs): void {
  if (before.phase !== after.phase) watchPhase(rareStates, before, after, now);
  if (before.race !== after.race && after.race.out !== null && before.race.out === null) rareStates.add("race-asked");
  if (after.race.out !== null && before.peers !== after.peers) watchTarget(rareStates, before, after);
  if (after.held !== null) rareStates.add("held-proposal");
  if (after.bootAbove !== null) rareStates.add("life-not-new");
  if (
    after.phase.kind === "active" &&
    before.phase.kind === "active" &&
    after.leaseUntil > 0 &&
    after.leaseUntil <= now
  )
    rareStates.add("lease-out-in-a-view");
}

/** A life has begun, with others in the middle of a view change or not. */
export function watchStart(rareStates: RareStates, others: Iterable<GroupState | null>): void {
  for (const other of others) {
    if (other?.phase.kind === "promised" || other?.phase.kind === "proposing")
      rareStates.add("start-during-view-change");
  }
}

/** A node's power is cut by a fence device. `state` is what it was in; null when none. */
export function watchShot(rareStates: RareStates, state: GroupState | null): void {
  if (state !== null && state.race.out !== null) rareStates.add("race-lost");
}

function watchPhase(rareStates: RareStates, before: GroupState, after: GroupState, now: InstantMs): void {
  const [from, to] = [before.phase, after.phase];
  if (isSworn(before) && isSworn(after) && compareViewIds(before.promised, after.promised) < 0)
    rareStates.add("nested-view-change");
  if (to.kind === "proposing") {
    if (to.restarts > 0) rareStates.add("proposal-made-anew");
    if (to.stage.kind === "installing" && to.stage.witness !== null) rareStates.add("witness-votes");
    if (to.stage.kind === "fetching" && to.stage.transfer !== null) rareStates.add("joiner-installs-checkpoint");
    const last = after.log.electorates.at(-1);
    if (last !== undefined && last.index > after.committed) rareStates.add("electorate-in-flight");
  }
  if (to.kind === "promised") {
    if (after.isBlank) rareStates.add("blank-promises");
    if (to.incoming !== null) rareStates.add("parts-of-an-installation");
    if (to.incoming?.checkpoint !== undefined && to.incoming.checkpoint !== null)
      rareStates.add("joiner-installs-checkpoint");
  }
  if (from.kind === "proposing" && to.kind === "electing") {
    rareStates.add("view-given-up");
    if (after.backoffMs > before.backoffMs) rareStates.add("no-quorum");
  }
  if (before.logView !== after.logView && hasLost(before, after)) rareStates.add("tail-dropped");
  if (from.kind !== "active" && to.kind === "active") {
    if (to.view.members.length === 1) rareStates.add("lone-view");
    if (from.kind === "electing" && sameViewId(before.logView, to.view.id)) rareStates.add("view-entered-again");
    // What its proposer did not know to be committed, beside the view's own entry.
    if (to.lead !== null && before.logView.counter > 0 && before.committed < after.base - 1)
      rareStates.add("tail-adopted");
  }
  if (from.kind === "active" && to.kind !== "active") watchLeaver(rareStates, from, after, now);
}

/** A node is active no more. */
function watchLeaver(
  rareStates: RareStates,
  from: Active,
  { setup, phase, witness }: GroupState,
  now: InstantMs,
): void {
  if (setup.quorum.kind === "witness" && !isWitnessHeard(witness, now, setup.timers.deadtime))
    rareStates.add("witness-is-lost");
  if (from.lead !== null) return;
  if (from.idleSince !== never && now >= from.idleSince + setup.timers.idle) rareStates.add("coordinator-left");
  const isWide = from.wideSince !== never && now >= from.wideSince + setup.timers.centre;
  if (phase.kind === "proposing" && isWide) rareStates.add("better-centre");
}

/** The last entry of the log before is not in the log after. */
function hasLost(before: GroupState, after: GroupState): boolean {
  const last = before.log.entries[before.log.length - before.log.trimmed - 1];
  if (last === undefined || last.index <= after.log.trimmed) return false;
  if (last.index > after.log.length) return true;
  const now = after.log.entries[last.index - after.log.trimmed - 1];
  return now !== undefined && !sameViewId(now.view, last.view);
}

function watchTarget(rareStates: RareStates, before: GroupState, after: GroupState): void {
  const target = after.race.out?.target;
  const was = before.peers.find(({ node }) => node === target);
  const is = after.peers.find(({ node }) => node === target);
  if (was?.incarnation !== is?.incarnation && is?.incarnation !== null) rareStates.add("peer-returns-under-fence");
}

function isSworn({ phase }: GroupState): boolean {
  return phase.kind === "promised" || phase.kind === "proposing";
}
