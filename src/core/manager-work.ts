import type { AddressResource, ClusterConfig } from "../model/cluster-config.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { Effect } from "../model/effect.ts";
import type { EntryBody } from "../model/entry.ts";
import type { GroupFacts } from "../model/group-facts.ts";
import type { NodeId, ServiceId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Moment } from "../model/input.ts";
import type { Intent } from "../model/intent.ts";
import type { Roster } from "../model/roster.ts";
import { type DurationMs, earliest, type InstantMs } from "../model/units.ts";
import type { DeviceWatches } from "./fencing/device-watch.ts";
import type { FenceRunner, FenceVerdict } from "./fencing/fence-runner.ts";
import type { GroupRoster } from "./replication/follow-roster.ts";
import type { ClusterState } from "./services/cluster-state.ts";
import type { Goal } from "./services/goals.ts";
import type { RunnerState } from "./services/runner-state.ts";

/**
 * The manager on one node: the replicated state of the cluster, and this node's part in what follows from it.
 *
 * Deciding is all in `services/apply-entry.ts`, from entries alone. What is here is local: carrying out this node's orders,
 * reporting what came of them, and the waiting that only a clock can do (patience with absent nodes, back-off), which ends in an
 * entry and is decided there like everything else.
 */
export interface ManagerState {
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly fileConfig: ClusterConfig;
  readonly fileDigest: string;
  readonly startedAt: InstantMs;
  readonly cluster: ClusterState;
  readonly runner: RunnerState;
  readonly fencer: FenceRunner;
  /** Fence devices that this node may have to use, and how it last found them. */
  readonly deviceWatches: DeviceWatches;
  /** The configuration that they are of. */
  readonly watchedConfig: ClusterConfig | null;
  readonly unfencing: Unfencing;
  /** Submitted and not yet delivered, by purpose: the submission's sequence. */
  readonly pending: Readonly<Record<string, number>>;
  /** To be submitted. */
  readonly outbox: readonly Submission[];
  /** Services named in the report that is under way. */
  readonly reporting: readonly ServiceId[];
  readonly reportDueSince: InstantMs | null;
  readonly requests: readonly Request[];
  /** When this daemon saw a member go. Absent: it never saw it as a member. */
  readonly lostSince: Readonly<Record<NodeId, InstantMs>>;
  readonly fenceFailedAt: Readonly<Record<NodeId, InstantMs>>;
  readonly failedSince: Readonly<Record<ServiceId, { readonly rounds: number; readonly at: InstantMs }>>;
  /** By instance of a promotable clone, what its agent was asked last. */
  readonly scoresAsked: Readonly<Record<ServiceId, ScoreQuestion>>;
  readonly portProbedAt: Readonly<Record<NodeId, InstantMs>>;
  /** When the port of a lost node last said "closed": a crashed daemon, whose services go on and which may come back to adopt them. */
  readonly crashedAt: Readonly<Record<NodeId, InstantMs>>;
  /** Nodes outside the view that were heard since they are outside. */
  readonly hearings: Readonly<Record<NodeId, Hearing>>;
  /** When this daemon last saw the node write to the arbiter disk. */
  readonly seenOnDiskAt: Readonly<Record<NodeId, InstantMs>>;
  /** Until when the port of a node outside the view said "closed", in this absence; null: it still does. */
  readonly closedUntil: Readonly<Record<NodeId, InstantMs | null>>;
  /** Attempts of this node that were begun, by target: an entry delivered once more must not begin it again. */
  readonly fenceBegun: Readonly<Record<NodeId, { readonly own: number; readonly arbiter: number }>>;
  /** The group's own fence was confirmed; to be told once there is a view. */
  readonly arbiterProof: FenceProof | null;
  /** An operator swore that this node is off while nothing could be ordered: the answer to the group's next wish to fence it. */
  readonly sworn: { readonly target: NodeId; readonly author: string } | null;
  /** Since when nodes are outside the view for all that this daemon was told, by view entries delivered in this life. */
  readonly outsideSince: Readonly<Record<NodeId, InstantMs>>;
  /** Addresses that are kept away from this node, and what that was worked out from. */
  readonly keptAway: KeptAway;
  readonly watchdog: WatchdogState;
  readonly hadLease: boolean;
  readonly isStopping: boolean;
  /** As the group says, and on until there is a view or none is being made: a race that was won has no lease yet. */
  readonly isFrozen: boolean;
  /** As the group said last; null before the witness was heard, or without one. */
  readonly isWitnessHeard: boolean | null;
  readonly shutdown: Shutdown | null;
  /** Whom this node has to do with. */
  readonly roster: Roster;
  /** What the group was told of it. */
  readonly groupRoster: GroupRoster;
  readonly rosterBasis: RosterBasis;
  /** As the group said last. */
  readonly intruders: readonly NodeId[];
}

/** For which choice an instance is asked for its score, as it was started by which order; operations from that number on are an answer. */
export interface ScoreQuestion {
  readonly round: number;
  readonly order: number;
  readonly fromOperation: number;
}

/** It is worked out anew when one of these is another. */
export interface KeptAway {
  readonly cluster: ClusterState | null;
  readonly runner: RunnerState | null;
  /** This node may act by its lease, and nothing else keeps its hands off. */
  readonly isActing: boolean;
  readonly addresses: readonly AddressResource[];
}

/** How a node outside the view is heard. */
export interface Hearing {
  readonly firstAt: InstantMs;
  /** Since when, the last time. */
  readonly since: InstantMs;
  /** null: it still is. */
  readonly until: InstantMs | null;
}

/** This node's own watchdog. */
export interface WatchdogState {
  /** Times that it was to be armed; an answer to an older call is ignored. */
  readonly call: number;
  /** What the last call asked for, while it is not answered. */
  readonly asked: WatchdogWish | null;
  /** It runs: this was asked for, and this is what it took. */
  readonly armed: { readonly wish: WatchdogWish; readonly timeoutMs: number; readonly detail: string } | null;
  /** Why the last call came to nothing. */
  readonly problem: { readonly wish: WatchdogWish; readonly reason: string; readonly at: InstantMs } | null;
  /** When it was last asked to be fed. */
  readonly fedAt: InstantMs;
  readonly isStarving: boolean;
}

/** This node has itself switched on by the devices that cut off. */
export interface Unfencing {
  /** The stay that it is for: the index of its view entry. */
  readonly stay: number;
  /** The others are not told what runs here before it is switched on, has failed to be, or this instant has come. */
  readonly awaitedUntil: InstantMs;
  /** What it is for: the stay, what is to be switched on, and the fences of this node so far, each of which may have cut it off anew. */
  readonly purpose: string;
  /** Steps done. */
  readonly done: number;
  /** The outstanding call; 0: none. */
  readonly call: number;
  /** In a row. */
  readonly failures: number;
  readonly againAt: InstantMs;
}

/** Which watchdog, and how long it waits. */
export interface WatchdogWish {
  readonly device: string;
  readonly timeoutMs: DurationMs;
}

/** What a roster was made of: it is made again when one of these is another. */
export interface RosterBasis {
  readonly config: ClusterConfig | null;
  readonly removed: ClusterState["removed"];
  /** No view was seen in this life. */
  readonly isStart: boolean;
  /** Removed nodes whose votes count. */
  readonly voting: readonly NodeId[];
}

/** An entry to be submitted. */
export interface Submission {
  readonly key: string;
  readonly body: EntryBody;
}

/** What the manager tells the group. */
export type ToGroup =
  | { readonly kind: "fence-verdict"; readonly target: NodeId; readonly attempt: number; readonly confirmed: boolean }
  | { readonly kind: "port-state"; readonly node: NodeId; readonly state: "open" | "closed" | "silent" }
  | ({ readonly kind: "roster" } & GroupRoster)
  | { readonly kind: "leave" };

/** The group's own fence, confirmed. */
export interface FenceProof {
  readonly target: NodeId;
  readonly incarnation: Incarnation | null;
  readonly verdict: FenceVerdict;
}

/** A request of an operator that is not answered yet. `goal`: it was accepted. */
export interface Request {
  readonly request: number;
  readonly key: string;
  readonly intent: Intent | null;
  readonly goal: Goal | null;
}

interface Shutdown {
  readonly leaveAskedAt: InstantMs | null;
  /** This very daemon was told to end, and does not wait for others who are to end with it. */
  readonly isTold: boolean;
  readonly isDone: boolean;
}

/** A step in the making: the state is replaced as it goes, and is returned at its end. */
export interface Work {
  state: ManagerState;
  readonly effects: Effect[];
  readonly toGroup: ToGroup[];
  wakeAt: InstantMs;
  readonly facts: GroupFacts;
  readonly moment: Moment;
}

/** The configuration in force, or the file's while there is none. */
export function managerConfig(state: ManagerState): ClusterConfig {
  return state.cluster.config?.config ?? state.fileConfig;
}

/** Changes fields of the manager's state. */
export function patch(work: Work, change: Partial<ManagerState>): void {
  work.state = { ...work.state, ...change };
}

/** Asks to be woken at this instant, if not earlier. */
export function wake(work: Work, at: InstantMs): void {
  work.wakeAt = earliest(work.wakeAt, at);
}

/** An entry for this purpose waits in the outbox, or is on its way. */
export function isSubmitted({ state }: Work, key: string): boolean {
  return state.pending[key] !== undefined || state.outbox.some((submission) => submission.key === key);
}

/** Puts an entry into the outbox, once per purpose until it is delivered. */
export function submit(work: Work, key: string, body: EntryBody): void {
  const { outbox, pending } = work.state;
  if (pending[key] !== undefined) return;
  patch(work, { outbox: [...outbox.filter((submission) => submission.key !== key), { key, body }] });
}

/** An event of this node alone, without an entry. */
export function say(work: Work, level: ClusterEvent["level"], text: string, service?: ServiceId): void {
  const base = { at: work.moment.wall, node: work.state.self, level, text };
  work.effects.push({ kind: "event", event: service === undefined ? base : { ...base, service } });
}

/** True where an intent may be taken: in a view, or between two of them with the lease still running. */
export function isQuorate(work: Work): boolean {
  const { view, isLeased } = work.facts;
  return view !== null || (isLeased && !work.state.isFrozen);
}
