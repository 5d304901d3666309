import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId, ResourceId, ServiceId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { OperationAction, OperationOutcome } from "../../model/operation.ts";
import type { WallMs } from "../../model/units.ts";
import type { FrozenRecord } from "../fencing/node-record.ts";
import type { Abandoned, Double } from "./double-record.ts";

/**
 * What the entries say of one service. Replicated, plain JSON.
 *
 * | phase | means | leaves it by |
 * | --- | --- | --- |
 * | stopped | runs nowhere, but see `doubts` and `strays` | starting, when enabled, free of doubt, and a node may run it |
 * | starting | its node was told to start it | started; stopped (failed, the node cleaned up); stopping (wish changed); blocked |
 * | started | its node runs it | stopping; stopped (its node is known to be off, or reports that it does not run) |
 * | stopping | its node was told to stop it | stopped; blocked (the stop failed) |
 * | failed | every node that may run it has failed | stopped, by a retry, a new node or an operator |
 * | blocked | a stop failed: its node may still run parts of it | stopped, when its node is known to be off; stopping, by an operator |
 *
 * A phase is never believed of a node that has been away: while its node is outside the view, or has not reported since it came
 * back (`doubts`), the service's state is shown as unknown, and nothing is done with it.
 *
 * Invariant: a service is told to start only when it may be active nowhere: the phase is stopped or failed, and `doubts` and
 * `strays` are empty (SAFE-1, SAFE-2).
 */
export interface ServiceRecord {
  readonly service: ServiceId;
  /** As it was when the running instance was started, so that what was started is what is stopped. */
  readonly definition: ServiceConfig;
  /** Gone from the configuration: forgotten once it is stopped. */
  readonly isRemoved: boolean;
  /** The operator's wish. */
  readonly isEnabled: boolean;
  /** Stopped by an operator until somebody starts it, or a node comes or goes. Absent: no. */
  readonly isStopped?: boolean;
  /** Stopped with its node, that life of it, by an operator who shut it down so: it starts when that node is back. Absent: no. */
  readonly awaits?: { readonly node: NodeId; readonly incarnation: Incarnation; readonly by: string } | null;
  /** An operator has frozen it. Absent: nobody has. */
  readonly frozen?: FrozenRecord | null;
  /** Number of the last order given to any node; it only grows. */
  readonly attempt: number;
  /** Number of the order that the phase stands for: only an answer to this one counts. */
  readonly order: number;
  readonly phase: ServicePhase;
  /** Nodes that may run it for all the entries tell: they have not reported in this stay, or were absent at a cold start. */
  readonly doubts: readonly NodeId[];
  /** Nodes beside the phase's that run parts of it, which they were told to stop. */
  readonly strays: readonly Stray[];
  /** Nodes whose agents say that they can never run it, by node. */
  readonly unable: Readonly<Record<NodeId, string>>;
  readonly lastOwner: NodeId | null;
  /** Index of the entry that last placed it: failback looks at what came later. */
  readonly placedAt: number;
  readonly since: WallMs;
  /** Why it is where it is, one line. */
  readonly reason: string;
  /** Newest last, at most `failuresMax`. */
  readonly failures: readonly FailureRecord[];
  /** Rounds in a row in which all nodes failed, for the back-off. */
  readonly rounds: number;
  /** Nodes that were taken as off while they might have run it, and were not met again. Absent: none. */
  readonly abandoned?: readonly Abandoned[];
  /** Nodes that may still freeze it, though it is to freeze no more. Absent: none. */
  readonly thawing?: readonly Thawing[];
  /** Newest last. Absent: none. */
  readonly doubles?: readonly Double[];
  /** What an operator last wanted of it. Absent: nobody wanted anything. */
  readonly asked?: { readonly entry: number; readonly at: WallMs; readonly text: string };
  /** Of an instance of a promotable clone: what it last said of its data. Absent: nothing. */
  readonly score?: PromotionScore;
  /** Of a clone with notify: what its last order was announced to, see `notices.ts`. Absent: to nobody. */
  readonly notice?: OrderNotice | null;
  /** How long its last start and stop took that ended well. Absent: none did. */
  readonly measured?: MeasuredRecord;
  /** What of it does not run while the rest goes on, by its node's word under this order. Absent: nothing. */
  readonly degraded?: DegradedRecord | null;
  /** The entries that decided, newest last, at most `historyMax`. */
  readonly history: readonly HistoryRecord[];
}

/** See {@link ServiceRecord}. `next`: where to start it afterwards, when that node may. */
export type ServicePhase =
  | { readonly kind: "stopped"; readonly next: NodeId | null }
  | { readonly kind: "starting"; readonly node: NodeId }
  | { readonly kind: "started"; readonly node: NodeId }
  | { readonly kind: "stopping"; readonly node: NodeId; readonly next: NodeId | null }
  | { readonly kind: "failed" }
  | { readonly kind: "blocked"; readonly node: NodeId; readonly next: NodeId | null };

/** What an instance last said of its data. Higher is newer; below zero: it must not be promoted. */
export interface PromotionScore {
  readonly value: number;
  /** The round in which it was asked; see `roundOf`. */
  readonly round: number;
  /** The instance's order then: one that was started again since has to be asked again. */
  readonly order: number;
}

/** Agents that are told of an order before it is carried out. */
export interface OrderNotice {
  readonly order: number;
  /** That gave the order. */
  readonly entry: number;
  /** Nodes that have not told their instance yet. */
  readonly toTell: readonly NodeId[];
}

/** How long operations took, the last time that they ended well; a dry run foretells by it. */
export interface MeasuredRecord {
  readonly startMs?: number;
  readonly stopMs?: number;
  /** The same of each resource, where there are several. Absent: nobody has told. */
  readonly parts?: Readonly<Record<ResourceId, { readonly startMs?: number; readonly stopMs?: number }>>;
}

/** A node that runs what it should not. */
export interface Stray {
  readonly node: NodeId;
  /** The order to stop. */
  readonly attempt: number;
  /** The stop failed. */
  readonly isBlocked: boolean;
}

/** Parts of a started service that its node could not bring up, and tries again. */
export interface DegradedRecord {
  /** In start order. */
  readonly resources: readonly ResourceId[];
  readonly reason: string;
  readonly at: WallMs;
}

/** A node that may freeze the service until it names this attempt in a report, or is known to be off. */
export interface Thawing {
  readonly node: NodeId;
  readonly attempt: number;
}

/** A failed operation, kept. */
export interface FailureRecord {
  readonly node: NodeId;
  readonly entry: number;
  readonly at: WallMs;
  readonly resource: ResourceId;
  readonly action: OperationAction;
  readonly outcome: OperationOutcome;
  /** Forgiven: it no longer speaks against the node. */
  readonly isCleared: boolean;
}

/** An entry that changed the service. */
export interface HistoryRecord {
  readonly entry: number;
  readonly at: WallMs;
  readonly text: string;
}

/** Failures kept per service. */
export const failuresMax = 20;
/** History kept per service. */
export const historyMax = 20;
/** Characters of an agent's output kept with a failure: it is replicated state. */
export const outputCharactersMax = 400;

/** Wanted at all: enabled, not stopped for the time being, and still in the configuration. */
export function isWanted(record: ServiceRecord): boolean {
  return record.isEnabled && record.isStopped !== true && !record.isRemoved;
}

/** Where it is to be started after this phase, if that is said. */
export function nextNode(phase: ServicePhase): NodeId | null {
  return phase.kind === "stopped" || phase.kind === "stopping" ? phase.next : null;
}

/** The node of the phase, if it has one. */
export function phaseNode(phase: ServicePhase): NodeId | null {
  return phase.kind === "stopped" || phase.kind === "failed" ? null : phase.node;
}

/** Every node where the service may be active by what the entries tell, doubts not counted. */
export function placesOf(record: ServiceRecord): readonly NodeId[] {
  const node = phaseNode(record.phase);
  const strays = record.strays.map((stray) => stray.node);
  return node === null ? strays : [node, ...strays];
}

/** Every node where the service may be active: by what the entries tell, or because nobody can tell. Each once. */
export function whereItMayRun(record: ServiceRecord): readonly NodeId[] {
  const places = placesOf(record);
  return record.doubts.length === 0 && places.length < 2 ? places : [...new Set([...places, ...record.doubts])];
}

/** The same, and where it is bound for while it is wanted. */
export function whereItMayRunNext(record: ServiceRecord): readonly NodeId[] {
  const next = nextNode(record.phase);
  const nodes = whereItMayRun(record);
  return next === null || !isWanted(record) || nodes.includes(next) ? nodes : [...nodes, next];
}

/** `started on n1`. */
export function phaseText(phase: ServicePhase): string {
  const node = phaseNode(phase);
  return node === null ? phase.kind : `${phase.kind} on ${node}`;
}
