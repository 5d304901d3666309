import type { Checkpoint } from "../model/checkpoint.ts";
import { type ClusterConfig, unusualVotes } from "../model/cluster-config.ts";
import type { Stepped } from "../model/core-step.ts";
import type { DiskRecord, DiskState } from "../model/disk.ts";
import type { Effect } from "../model/effect.ts";
import type { Entry } from "../model/entry.ts";
import type { GroupFacts } from "../model/group-facts.ts";
import { isWitness, type NodeId, type ServiceId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Input, Moment } from "../model/input.ts";
import type { Preview, Wish } from "../model/preview.ts";
import type { CoreSnapshot, Decision, FenceReport, Why } from "../model/snapshot.ts";
import type { Roster } from "../model/roster.ts";
import { earliest, type InstantMs, never } from "../model/units.ts";
import { type GroupStep, groupFacts, hasLeft, startGroup, stepGroup } from "./group.ts";
import type { GroupInput } from "./group-input.ts";
import { type Delivered, type ManagerInput, noteSubmitted, startManager, stepManager } from "./manager.ts";
import { hasNews } from "./manager-facts.ts";
import { finishShutdown } from "./manager-leaving.ts";
import { managerConfig, type ManagerState } from "./manager-work.ts";
import { differentVoters } from "./quorum/votes.ts";
import { diskStateOf } from "./replication/disk-state.ts";
import type { LogLimits } from "./replication/log-limits.ts";
import type { GroupState } from "./replication/group-state.ts";
import { replayDisk } from "./replication/replay-disk.ts";
import { clusterMachine } from "./services/cluster-machine.ts";
import { decisionsBetween } from "./services/decisions.ts";
import { explainFences } from "./services/explain-fences.ts";
import { explainService } from "./services/explain.ts";
import { previewOf as previewCluster } from "./services/preview.ts";
import { takeSnapshot } from "./snapshot.ts";

/**
 * The whole core of a node: the group, which puts what happens into one order, and the manager, which acts on it.
 *
 * A step gives the input to whichever of the two it is for, then passes entries up and submissions down until neither has anything
 * for the other. So one step takes an entry from the packet that commits it to the operation that it causes: between two nodes
 * there is a network, inside a node there is no waiting.
 */
export interface CoreState extends Due {
  readonly group: GroupState;
  readonly manager: ManagerState;
  readonly version: string;
  readonly bootAbove: number | null;
  /** As the manager was last told, or as good. */
  readonly facts: GroupFacts;
}

/** When each of the two is to be asked again. */
interface Due {
  /** It stays so while only the manager steps. */
  readonly groupWakeAt: InstantMs;
  readonly managerWakeAt: InstantMs;
  /** Asked once more, the manager would do nothing. */
  readonly isManagerSettled: boolean;
}

/** What a core starts from. */
export interface CoreBoot {
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  /** From this node's file; the replicated one takes its place as soon as there is one. */
  readonly config: ClusterConfig;
  readonly configDigest: string;
  readonly disk: DiskState;
  /** Default: `logLimits`. */
  readonly limits?: LogLimits;
  readonly seed: number;
  readonly version: string;
}

/** One step of the core. */
export interface CoreStep extends Stepped<CoreState> {}

/**
 * What the records of a journal add up to.
 *
 * @throws RangeError when they contradict each other, or hold what is no state of a cluster: the journal is damaged then
 */
export function replayCoreDisk(records: readonly DiskRecord[]): DiskState {
  const disk = replayDisk(records);
  const { checkpoint } = disk;
  if (checkpoint !== null && !clusterMachine.accepts(checkpoint.state, checkpoint.index))
    throw new RangeError(`Cannot replay the checkpoint of entry ${checkpoint.index}: its state is none of a cluster`);
  return disk;
}

/** Starts from the disk: what was committed is applied again, and gives its events again, but nothing else. */
export function startCore(boot: CoreBoot, moment: Moment): CoreStep {
  const { self, incarnation, config, disk, seed } = boot;
  const { heartbeat, quorum } = config;
  const nodes = config.nodes.map((node) => node.id);
  const votes = unusualVotes(config.nodes);
  const more =
    boot.limits === undefined ? { machine: clusterMachine } : { machine: clusterMachine, limits: boot.limits };
  const group = startGroup({ self, incarnation, nodes, votes, heartbeat, quorum, disk, seed, ...more }, moment);
  const manager = startManager({ self, incarnation, config, configDigest: boot.configDigest }, moment);
  const due: Due = { groupWakeAt: group.wakeAt, managerWakeAt: never, isManagerSettled: false };
  const work = beginWork(group.state, manager, due);
  takeGroupStep(work, { ...group, delivered: [], restored: null });
  runManager(work, null, { restored: group.restored, entries: group.delivered, isReplay: true }, moment);
  settle(work, moment);
  return endWork(work, boot.version, moment);
}

/** One input, and everything that follows from it on this node. */
export function stepCore(core: CoreState, input: Input, moment: Moment): CoreStep {
  const work = beginWork(core.group, core.manager, core);
  if (isForGroup(input)) {
    runGroup(work, input, moment);
    if (concernsManager(work, core.facts, moment)) settle(work, moment);
  } else {
    const told = factsOf(work, moment);
    runManager(work, input, { entries: [], isReplay: false }, moment);
    if (work.manager.outbox.length > 0 || concernsManager(work, told, moment)) settle(work, moment);
  }
  return endWork(work, core.version, moment);
}

type ForGroup = Extract<Input, { kind: "tick" | "packet" | "persisted" | "reach-counted" }>;

/** Tells the manager nothing by itself. */
function isForGroup(input: Input): input is ForGroup {
  return ["tick", "packet", "persisted", "reach-counted"].includes(input.kind);
}

/** Read-only state for the API; the daemon adds what only it knows. */
export function snapshotOf(core: CoreState, moment: Moment): CoreSnapshot {
  return takeSnapshot(core.manager, groupFacts(core.group, moment), core.version, moment);
}

/** What this node's disk holds when everything asked for is written: what a restart in place begins with. */
export function diskOf(core: CoreState): DiskState {
  return diskStateOf(core.group);
}

/** Why a service is where it is; null when there is no such service. */
export function whyOf(core: CoreState, service: ServiceId, moment: Moment): Why | null {
  const why = explainService(core.manager.cluster, service);
  const facts = groupFacts(core.group, moment);
  if (why === null || facts.view !== null || facts.isLeased) return why;
  const voters = differentVoters(facts.electorate.voters);
  const away = voters.filter((voter) => !isWitness(voter) && !facts.heard.includes(voter));
  const missing = [...away, ...(facts.witness?.isHeard === false ? [facts.witness.name] : [])];
  const unheard = missing.length === 0 ? "" : `, not heard: ${missing.join(", ")}`;
  return { ...why, summary: `no quorum here${unheard}; as last known: ${why.summary}` };
}

/** What was decided about services between two steps, with each node's case by then. */
export function decisionsOf(before: CoreState, after: CoreState): readonly Decision[] {
  return decisionsBetween(before.manager.cluster, after.manager.cluster);
}

/** What would follow from a wish; nothing is done. */
export function previewOf(core: CoreState, wish: Wish, author: string, moment: Moment): Preview {
  const facts = groupFacts(core.group, moment);
  if (facts.view === null && !facts.isLeased)
    return {
      ok: false,
      code: "NO_QUORUM",
      text: "Cannot foretell it: this node has no quorum; ask where there is one",
    };
  return previewCluster(core.manager.cluster, wish, author, core.manager.self);
}

/** What was done, and is being done, to make nodes known to be off. Newest first. */
export function fencesOf(core: CoreState): readonly FenceReport[] {
  return explainFences(core.manager.cluster);
}

/** The configuration in force, or this node's file while none was agreed on. */
export function configOf(core: CoreState): ClusterConfig {
  return managerConfig(core.manager);
}

/** Whom this node has to do with; the same value as long as it stays so. */
export function rosterOf(core: CoreState): Roster {
  return core.manager.roster;
}

/** The boot counter that the group remembers of this node when it is above the present one: the daemon must start anew above it. */
export function bootAboveOf(core: CoreState): number | null {
  return core.bootAbove;
}

interface Work {
  group: GroupState;
  manager: ManagerState;
  groupWakeAt: InstantMs;
  managerWakeAt: InstantMs;
  isManagerSettled: boolean;
  readonly effects: Effect[];
  delivered: Entry[];
  restored: Checkpoint | null;
  /** What was last worked out, and of which state. */
  told: { readonly group: GroupState; readonly facts: GroupFacts } | null;
}

function beginWork(group: GroupState, manager: ManagerState, due: Due): Work {
  const { groupWakeAt, managerWakeAt, isManagerSettled } = due;
  const nothing = { effects: [], delivered: [], restored: null, told: null };
  return { group, manager, groupWakeAt, managerWakeAt, isManagerSettled, ...nothing };
}

/** The facts of this step's moment. */
function factsOf(work: Work, moment: Moment): GroupFacts {
  const { group } = work;
  if (work.told?.group !== group) work.told = { group, facts: groupFacts(group, moment) };
  return work.told.facts;
}

/**
 * Most packets are heartbeats, and most ticks those of a quiet cluster: the manager is asked only when there are entries, when it was not done the last time,
 * when what it goes by has changed since it was `told`, or when its time has come.
 */
function concernsManager(work: Work, told: GroupFacts, moment: Moment): boolean {
  const hasEntries = work.delivered.length > 0 || work.restored !== null;
  if (hasEntries || !work.isManagerSettled || moment.now >= work.managerWakeAt || hasLeft(work.group)) return true;
  return hasNews(told, factsOf(work, moment));
}

function endWork(work: Work, version: string, moment: Moment): CoreStep {
  const { group, manager, effects, groupWakeAt, managerWakeAt, isManagerSettled } = work;
  const facts = factsOf(work, moment);
  const due: Due = { groupWakeAt, managerWakeAt, isManagerSettled };
  const leaseEndsAt = facts.isLeased ? facts.leaseUntil : never;
  return {
    state: { group, manager, version, bootAbove: facts.bootAbove, facts, ...due },
    effects,
    wakeAt: earliest(groupWakeAt, managerWakeAt, leaseEndsAt),
  };
}

/** More rounds than this between group and manager within one step is a loop, and a broken promise. */
const roundsMax = 100;

/** Passes entries up and submissions down until both are quiet. */
function settle(work: Work, moment: Moment): void {
  for (let round = 0; round < roundsMax; round += 1) {
    runManager(work, null, takeDelivered(work), moment);
    const isSent = sendOutbox(work, moment);
    if (!isSent && work.delivered.length === 0 && work.restored === null) {
      if (hasLeft(work.group)) finish(work);
      return;
    }
  }
  throw new RangeError(`Cannot settle a step: ${roundsMax} rounds between group and manager`);
}

function finish(work: Work): void {
  const end = finishShutdown(work.manager);
  work.manager = end.state;
  work.effects.push(...end.effects);
}

function runGroup(work: Work, input: GroupInput, moment: Moment): GroupStep {
  const step = stepGroup(work.group, input, moment);
  takeGroupStep(work, step);
  return step;
}

function takeGroupStep(work: Work, step: GroupStep): void {
  work.group = step.state;
  work.groupWakeAt = step.wakeAt;
  work.effects.push(...step.effects);
  if (step.restored !== null) {
    work.restored = step.restored;
    work.delivered = [];
  }
  work.delivered.push(...step.delivered);
}

function takeDelivered(work: Work): Delivered {
  const { delivered, restored } = work;
  work.delivered = [];
  work.restored = null;
  return { restored, entries: delivered, isReplay: false };
}

function runManager(work: Work, input: ManagerInput | null, delivered: Delivered, moment: Moment): void {
  const facts = factsOf(work, moment);
  const step = stepManager(work.manager, input, delivered, facts, moment);
  work.manager = step.state;
  work.managerWakeAt = step.wakeAt;
  work.isManagerSettled = step.isSettled;
  work.effects.push(...step.effects);
  for (const toGroup of step.toGroup) runGroup(work, toGroup, moment);
}

/** @returns true when the group took something */
function sendOutbox(work: Work, moment: Moment): boolean {
  let isSent = false;
  for (const { key, body } of work.manager.outbox) {
    const { submitted } = runGroup(work, { kind: "submit", body }, moment);
    work.manager = noteSubmitted(work.manager, key, submitted ?? null);
    isSent ||= submitted !== undefined;
  }
  if (work.manager.outbox.length > 0)
    work.managerWakeAt = earliest(work.managerWakeAt, (moment.now + resubmitMs) as InstantMs);
  return isSent;
}

/** Wait before a submission that the group refused (its window is full) is offered again. */
const resubmitMs = 50;
