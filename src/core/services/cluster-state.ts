import type { ClusterConfig, NodeConfig, ServiceConfig } from "../../model/cluster-config.ts";
import type { ClusterEvent } from "../../model/cluster-event.ts";
import type { DeviceId, NodeId, ServiceId } from "../../model/ids.ts";
import { type WallMs, wallMs } from "../../model/units.ts";
import type { FenceRecord } from "../fencing/fence-record.ts";
import type { FrozenRecord, NodeRecord } from "../fencing/node-record.ts";
import { type ServiceRecord, whereItMayRun } from "./service-record.ts";
import type { ScheduleRecord } from "./schedule-record.ts";

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
