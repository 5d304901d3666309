import type { ClusterConfig, NodeConfig, ServiceConfig } from "../../model/cluster-config.ts";
import type { ClusterEvent } from "../../model/cluster-event.ts";
import type { DeviceId, NodeId, ServiceId } from "../../model/ids.ts";
import { type WallMs, wallMs } from "../../model/units.ts";
import { type FenceRecord, noFence } from "../fencing/fence-record.ts";
import { type FrozenRecord, type NodeRecord, unseenNode } from "../fencing/node-record.ts";
import { historyMax, phaseText, type ServicePhase, type ServiceRecord, whereItMayRun } from "./service-record.ts";
import type { ScheduleRecord } from "./schedule-record.ts";
import { withElsewhere } from "./double-record.ts";

/**
 * The replicated state of the cluster: plain JSON, changed by entries in their order and by nothing else.
 *
 * No local time, no local fact is in it: whoever applied the same entries holds the same state, and sees the same plan in it.
 */
export interface ClusterState {
  /** Last entry applied; 0 when none. */
  readonly index: number;
  /** Its time: the only clock of every rule here. */
  readonly at: WallMs;
  /** In force; null before the first one was ordered. */
  readonly config: ConfigRecord | null;
  readonly nodes: Readonly<Record<NodeId, NodeRecord>>;
  readonly services: Readonly<Record<ServiceId, ServiceRecord>>;
  readonly fences: Readonly<Record<NodeId, FenceRecord>>;
  /** Nodes that were removed for ever. Absent: none was yet. */
  readonly removed?: Readonly<Record<NodeId, RemovedNode>>;
  /** Nothing is done with any service. Absent or null: there is none. */
  readonly maintenance?: FrozenRecord | null;
  /** What operators want at a time to come. Absent: nobody wanted anything yet. */
  readonly schedule?: ScheduleRecord;
  /** Fence devices that do not work, for whom. Absent in what a version wrote that did not ask them. */
  readonly brokenDevices?: BrokenDevices;
}

/**
 * A node that was removed for ever. Remembered until somebody readmits it: so a configuration file that still names it brings nothing
 * back, and a daemon that still runs there can be told.
 */
export interface RemovedNode {
  readonly node: NodeId;
  readonly at: WallMs;
  readonly author: string;
  /** Where it was, by the configuration of that time. */
  readonly addresses: NodeConfig["addresses"];
}

/** By device, by node that has told of it. */
export type BrokenDevices = Readonly<Record<DeviceId, Readonly<Record<NodeId, DeviceFault>>>>;

/** What is wrong with a fence device for one node. */
export interface DeviceFault {
  readonly reason: string;
  readonly since: WallMs;
}

/** A configuration with its place in the order. */
export interface ConfigRecord {
  readonly config: ClusterConfig;
  readonly digest: string;
  readonly entry: number;
  /** Absent in what an older version wrote. */
  readonly author?: string;
}

/** What decisions about services look at: a state, or a draft of one. */
export type DecisionView = Pick<ClusterState, "config" | "nodes" | "services" | "fences" | "at" | "maintenance">;

/** One line of what an entry changed; the daemon adds index and time. */
export type EntryEvent = Pick<ClusterEvent, "node" | "level" | "text"> & { readonly service?: ServiceId };

/** What applying an entry gives. `refusal`: an intent that the rules forbid; it changed nothing. */
export interface Applied {
  readonly state: ClusterState;
  readonly events: readonly EntryEvent[];
  readonly refusal: Refusal | null;
}

/** Why an intent was refused. `code` is one of docs/errors.md. */
export interface Refusal {
  readonly code: "NODE_UNKNOWN" | "SERVICE_UNKNOWN" | "NOT_ALLOWED";
  readonly text: string;
}

/** The rules forbid it now. */
export function notAllowed(text: string): Refusal {
  return { code: "NOT_ALLOWED", text };
}

/** Before any entry. */
export const emptyClusterState: ClusterState = {
  index: 0,
  at: wallMs(0),
  config: null,
  nodes: {},
  services: {},
  fences: {},
  brokenDevices: {},
};

/** A state that is being changed by one entry. The records in it are replaced, never changed. */
export interface Draft {
  readonly index: number;
  readonly at: WallMs;
  readonly origin: NodeId;
  config: ConfigRecord | null;
  readonly nodes: Record<NodeId, NodeRecord>;
  readonly services: Record<ServiceId, ServiceRecord>;
  readonly fences: Record<NodeId, FenceRecord>;
  readonly brokenDevices: Record<DeviceId, Readonly<Record<NodeId, DeviceFault>>>;
  removed?: Readonly<Record<NodeId, RemovedNode>>;
  maintenance?: FrozenRecord | null;
  schedule?: ScheduleRecord;
  readonly events: EntryEvent[];
}

/** Changes fields of a node. */
export function patchNode(draft: Draft, node: NodeId, change: Partial<NodeRecord>): NodeRecord {
  const record = { ...(draft.nodes[node] ?? unseenNode(node, draft.at)), ...change };
  draft.nodes[node] = record;
  return record;
}

/** Changes fields of a service that exists. */
export function patchService(draft: Draft, record: ServiceRecord, change: Partial<ServiceRecord>): ServiceRecord {
  const changed = { ...(draft.services[record.service] ?? record), ...change };
  draft.services[record.service] = changed;
  return changed;
}

/** Changes fields of a node's fence. */
export function patchFence(draft: Draft, target: NodeId, change: Partial<FenceRecord>): FenceRecord {
  const record = { ...(draft.fences[target] ?? noFence(target)), ...change };
  draft.fences[target] = record;
  return record;
}

/** Puts a service into another phase, with an event and a line of history that say why. */
export function movePhase(draft: Draft, record: ServiceRecord, phase: ServicePhase, reason: string): ServiceRecord {
  const current = draft.services[record.service] ?? record;
  const text = `${phaseText(current.phase)} -> ${phaseText(phase)}: ${reason}`;
  const level = phase.kind === "blocked" || phase.kind === "failed" ? "error" : "info";
  const node = phase.kind === "stopped" || phase.kind === "failed" ? nodeOf(current, draft.origin) : phase.node;
  draft.events.push({ node, service: record.service, level, text });
  const { abandoned = [] } = current;
  const isAbandoned = phase.kind === "starting" && abandoned.length > 0;
  const isOrder = phase.kind === "starting" || phase.kind === "stopping";
  return patchService(draft, record, {
    phase,
    reason,
    since: draft.at,
    attempt: isOrder ? current.attempt + 1 : current.attempt,
    order: isOrder ? current.attempt + 1 : current.order,
    lastOwner: phase.kind === "started" || phase.kind === "starting" ? phase.node : current.lastOwner,
    ...(current.degraded ? { degraded: null } : {}),
    ...(isAbandoned ? { abandoned: withElsewhere(abandoned, phase.node, draft.at) } : {}),
    history: [...current.history, { entry: draft.index, at: draft.at, text }].slice(-historyMax),
  });
}

/** Nodes in file order, then those that are in no file any more, by name. */
export function nodesInOrder(state: Pick<ClusterState, "config" | "nodes">): readonly NodeRecord[] {
  const { nodes: configured } = indexOf(state.config);
  return inOrder(configured, state.nodes);
}

/** Services in file order, then removed ones that are not stopped yet, by name. */
export function servicesInOrder(state: Pick<ClusterState, "config" | "services">): readonly ServiceRecord[] {
  const { services: configured } = indexOf(state.config);
  return inOrder(configured, state.services);
}

/** [SVC-47] Something may run on the node: by what the entries tell, or because nobody can tell. */
export function mayRunAnything(state: Pick<ClusterState, "config" | "services">, node: NodeId): boolean {
  return servicesInOrder(state).some((record) => whereItMayRun(record).includes(node));
}

function inOrder<Id extends string, Value>(
  configured: ReadonlyMap<Id, unknown>,
  records: Readonly<Record<Id, Value>>,
): readonly Value[] {
  const found: Value[] = [];
  for (const id of configured.keys()) if (records[id] !== undefined) found.push(records[id]);
  const known = Object.keys(records) as Id[];
  if (found.length === known.length) return found;
  for (const id of known.filter((each) => !configured.has(each)).toSorted()) found.push(records[id]);
  return found;
}

/** What a configuration has by name, in file order. */
interface ConfigIndex {
  readonly nodes: ReadonlyMap<NodeId, NodeConfig>;
  readonly services: ReadonlyMap<ServiceId, ServiceConfig>;
}

const indexes = new WeakMap<ClusterConfig, ConfigIndex>();
const noIndex: ConfigIndex = { nodes: new Map(), services: new Map() };

/** Made once for each configuration: every decision asks it a thousand times. */
function indexOf(record: ConfigRecord | null): ConfigIndex {
  if (record === null) return noIndex;
  const { config } = record;
  let index = indexes.get(config);
  if (index === undefined) {
    const nodes = new Map(config.nodes.map((node) => [node.id, node]));
    index = { nodes, services: new Map(config.services.map((service) => [service.id, service])) };
    indexes.set(config, index);
  }
  return index;
}

/** True when the configuration in force has the node. */
export function isConfigured(state: Pick<ClusterState, "config">, node: NodeId): boolean {
  return indexOf(state.config).nodes.has(node);
}

/** The service as the configuration in force has it, or as it was last known. */
export function definitionOf(state: Pick<ClusterState, "config">, record: ServiceRecord): ServiceConfig {
  return indexOf(state.config).services.get(record.service) ?? record.definition;
}

function nodeOf(record: ServiceRecord, origin: NodeId): NodeId {
  const { phase } = record;
  return phase.kind === "stopped" || phase.kind === "failed" ? origin : phase.node;
}
