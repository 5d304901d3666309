import type { Checkpoint } from "../model/checkpoint.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import type { Effect } from "../model/effect.ts";
import type { Entry, SubmitId } from "../model/entry.ts";
import type { GroupFacts } from "../model/group-facts.ts";
import type { NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Input, Moment } from "../model/input.ts";
import { type InstantMs, never } from "../model/units.ts";
import { unreachable } from "../model/unreachable.ts";
import { idleFenceRunner, onFenceOutcome } from "./fencing/fence-runner.ts";
import { deliver } from "./manager-entries.ts";
import { openFailbackWindows } from "./manager-failback.ts";
import { keepAddressesAway, onForeignAddress } from "./manager-foreign.ts";
import { freeDevices, takeDeviceCheck, watchDevices } from "./manager-devices.ts";
import {
  afterFencer,
  fenceAsTold,
  probePorts,
  seeToFences,
  switchOnForTheGone,
  tendFencer,
} from "./manager-fencing.ts";
import { mandate, watchLease, watchWitness } from "./manager-lease.ts";
import { endRemoved, heedShutdown, shutDown, takeShutdown } from "./manager-leaving.ts";
import { noteClosed, noteHearings } from "./manager-patience.ts";
import { answerRequests, takeConfig, takeIntent } from "./manager-requests.ts";
import { restore } from "./manager-restore.ts";
import { groupRosterOf, tendRoster, watchIntruders } from "./manager-roster.ts";
import {
  afterRunner,
  onDeathHint,
  proposeConfig,
  report,
  retryFailed,
  runServices,
  tellDegraded,
} from "./manager-services.ts";
import { tellInstances } from "./manager-notices.ts";
import { sayWhatIsDue } from "./manager-schedule.ts";
import { askScores, tellScores } from "./manager-scores.ts";
import { type ManagerState, patch, type ToGroup, type Work } from "./manager-work.ts";
import { notUnfencing, takeUnfence, unfence } from "./manager-unfence.ts";
import { idleWatchdog, onWatchdogOutcome, tendWatchdog } from "./manager-watchdog.ts";
import { emptyClusterState } from "./services/cluster-state.ts";
import { onOperationOutcome } from "./services/runner.ts";
import { idleRunner } from "./services/runner-state.ts";
import { isActive } from "./services/runtime.ts";
import { endQuarantines } from "./manager-quarantine.ts";

/** One step. The caller submits the state's outbox. */
export interface ManagerStep {
  readonly state: ManagerState;
  readonly effects: readonly Effect[];
  readonly toGroup: readonly ToGroup[];
  readonly wakeAt: InstantMs;
  /** Beside taking the input and the entries, nothing was changed, asked for or told: the same moment once more would change nothing either. */
  readonly isSettled: boolean;
}

/** What a manager starts from. */
export interface ManagerBoot {
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly config: ClusterConfig;
  readonly configDigest: string;
}

/** Entries in their order. `isReplay`: history from before this start, from which nothing local follows. */
export interface Delivered {
  /** Comes before the entries, and takes the place of all up to its index. Default: nothing does. */
  readonly restored?: Checkpoint | null;
  readonly entries: readonly Entry[];
  readonly isReplay: boolean;
}

/** Inputs that are the manager's. */
export type ManagerInput = Exclude<Input, { kind: "tick" | "packet" | "persisted" | "reach-counted" }>;

/** A manager before its first entry. */
export function startManager(boot: ManagerBoot, moment: Moment): ManagerState {
  const roster = { nodes: boot.config.nodes.map(({ id, addresses }) => ({ id, addresses })), removed: [] };
  return {
    self: boot.self,
    incarnation: boot.incarnation,
    fileConfig: boot.config,
    fileDigest: boot.configDigest,
    startedAt: moment.now,
    cluster: emptyClusterState,
    runner: idleRunner,
    fencer: idleFenceRunner,
    deviceWatches: {},
    watchedConfig: null,
    unfencing: notUnfencing,
    pending: {},
    outbox: [],
    reporting: [],
    reportDueSince: null,
    requests: [],
    lostSince: {},
    fenceFailedAt: {},
    failedSince: {},
    scoresAsked: {},
    portProbedAt: {},
    crashedAt: {},
    hearings: {},
    seenOnDiskAt: {},
    closedUntil: {},
    fenceBegun: {},
    arbiterProof: null,
    sworn: null,
    outsideSince: {},
    keptAway: { cluster: null, runner: null, isActing: false, addresses: [] },
    watchdog: idleWatchdog,
    hadLease: false,
    isStopping: false,
    isFrozen: false,
    isWitnessHeard: null,
    shutdown: null,
    roster,
    groupRoster: groupRosterOf(roster.nodes, [], boot.config),
    rosterBasis: { config: null, removed: undefined, isStart: true, voting: [] },
    intruders: [],
  };
}

/**
 * One step: entries in their order, then the input, then whatever this node has to do now.
 *
 * @param delivered entries the group delivered since the last step
 */
export function stepManager(
  state: ManagerState,
  input: ManagerInput | null,
  delivered: Delivered,
  facts: GroupFacts,
  moment: Moment,
): ManagerStep {
  const work: Work = { state, effects: [], toGroup: [], wakeAt: never, facts, moment };
  if (delivered.restored) restore(work, delivered.restored, delivered.isReplay);
  for (const entry of delivered.entries) deliver(work, entry, delivered.isReplay);
  if (input !== null) take(work, input);
  const taken = { state: work.state, effects: work.effects.length, toGroup: work.toGroup.length };
  tendRoster(work);
  watchIntruders(work);
  noteHearings(work);
  noteClosed(work);
  watchLease(work);
  watchWitness(work);
  freeDevices(work);
  fenceAsTold(work);
  tendFencer(work);
  switchOnForTheGone(work);
  watchDevices(work);
  proposeConfig(work);
  askScores(work);
  tellInstances(work);
  runServices(work);
  // Before the report: who is told what runs here knows about the watchdog and the storage then.
  tendWatchdog(work);
  unfence(work);
  report(work);
  tellDegraded(work);
  tellScores(work);
  seeToFences(work);
  probePorts(work);
  retryFailed(work);
  endQuarantines(work);
  openFailbackWindows(work);
  sayWhatIsDue(work);
  answerRequests(work);
  heedShutdown(work);
  shutDown(work);
  endRemoved(work);
  const { state: told, effects, toGroup } = work;
  const isSettled = told === taken.state && effects.length === taken.effects && toGroup.length === taken.toGroup;
  // Nothing else goes by this.
  keepAddressesAway(work);
  return { state: work.state, effects, toGroup, wakeAt: work.wakeAt, isSettled };
}

/** A submission was taken by the group, under `id`; null: it was refused for now and stays in the outbox. */
export function noteSubmitted(state: ManagerState, key: string, id: SubmitId | null): ManagerState {
  if (id === null) return state;
  const outbox = state.outbox.filter((submission) => submission.key !== key);
  return { ...state, outbox, pending: { ...state.pending, [key]: id.sequence } };
}

function take(work: Work, input: ManagerInput): void {
  switch (input.kind) {
    case "intent":
      takeIntent(work, input);
      return;
    case "config":
      takeConfig(work, input);
      return;
    case "operation-result": {
      const step = onOperationOutcome(work.state.runner, input.operation, input.outcome, mandate(work), work.moment);
      afterRunner(work, step);
      return;
    }
    case "death-hint":
      onDeathHint(work, input.hint);
      return;
    case "foreign-address":
      onForeignAddress(work, input.resource, input.what);
      return;
    case "fence-result": {
      if (!takeDeviceCheck(work, input.call, input.outcome) && !takeUnfence(work, input.call, input.outcome))
        afterFencer(work, onFenceOutcome(work.state.fencer, input.call, input.outcome, work.moment.now));
      return;
    }
    case "port-state":
      work.toGroup.push(input);
      notePort(work, input.node, input.state);
      return;
    case "seen-on-disk":
      patch(work, { seenOnDiskAt: { ...work.state.seenOnDiskAt, [input.node]: work.moment.now } });
      return;
    case "watchdog-result":
      onWatchdogOutcome(work, input.call, input.outcome);
      return;
    case "shutdown":
      takeShutdown(work);
      return;
    default:
      unreachable(input);
  }
}

/** "closed": the kernel lives without its daemon. "silent": so it does no more, and nobody is coming back. */
function notePort(work: Work, node: NodeId, answer: "open" | "closed" | "silent"): void {
  const { [node]: _, ...others } = work.state.crashedAt;
  if (answer === "closed") patch(work, { crashedAt: { ...others, [node]: work.moment.now } });
  else if (answer === "silent") patch(work, { crashedAt: others });
}

/** True while something of this node's services runs: for the snapshot's warnings. */
export function runsAnything(state: ManagerState): boolean {
  return Object.values(state.runner.runtimes).some(isActive);
}
