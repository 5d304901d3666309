import type { DeviceId, NodeId, ServiceId } from "../../model/ids.ts";
import type { WallMs } from "../../model/units.ts";
import { type FenceRecord, noFence } from "../fencing/fence-record.ts";
import { type FrozenRecord, type NodeRecord, unseenNode } from "../fencing/node-record.ts";
import type { ConfigRecord, DeviceFault, EntryEvent, RemovedNode } from "./cluster-state.ts";
import { withElsewhere } from "./double-record.ts";
import { followOutdated } from "./outdated.ts";
import type { ScheduleRecord } from "./schedule-record.ts";
import { historyMax, phaseText, type ServicePhase, type ServiceRecord } from "./service-record.ts";

/** A state that is being changed by one entry. The records in it are replaced, never changed. */
export interface Draft {
  readonly index: number;
  readonly at: WallMs;
  readonly origin: NodeId;
  config: ConfigRecord | null;
  readonly nodes: Record<NodeId, NodeRecord>;
  readonly services: Readonly<Record<ServiceId, ServiceRecord>>;
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
  putService(draft, changed);
  return changed;
}

/** Puts a service's record in place of the one before, or beside the others. */
export function putService(draft: Draft, record: ServiceRecord): void {
  // Only here and below, so that what is known of all records stays true.
  const services = draft.services as Record<ServiceId, ServiceRecord>;
  services[record.service] = record;
  followOutdated(draft, record.service);
}

/** Forgets a service. */
export function dropService(draft: Draft, service: ServiceId): void {
  const services = draft.services as Record<ServiceId, ServiceRecord>;
  delete services[service];
  followOutdated(draft, service);
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

function nodeOf(record: ServiceRecord, origin: NodeId): NodeId {
  const { phase } = record;
  return phase.kind === "stopped" || phase.kind === "failed" ? origin : phase.node;
}
