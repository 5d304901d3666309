import type { NodeId } from "../../model/ids.ts";
import { relationsOf } from "../placement/relations.ts";
import { missingFor } from "./after.ts";
import { type DecisionView, definitionOf, servicesInOrder } from "./cluster-state.ts";
import { type Draft, movePhase, patchService } from "./draft.ts";
import { isFirstRound } from "./failure-memory.ts";
import { phaseNode, phaseText, type ServiceRecord } from "./service-record.ts";
import { activeOthers, bindGroup, mayRunOn, placeElsewhere, placementOf, placementOfGroup } from "./together.ts";

/** Why a service must stop where it is for the sake of others, and where it goes on. */
export interface RelationMove {
  readonly next: NodeId | null;
  readonly reason: string;
}

/** What others ask of a service that runs on `node`; null: nothing that is not so. */
export function relationMove(state: DecisionView, record: ServiceRecord, node: NodeId): RelationMove | null {
  if (state.config === null || relationsOf(state.config.config).isNone) return null;
  const elsewhere = placeElsewhere(state, record, node);
  const missing = missingFor(state, record);
  if (missing !== undefined) {
    const reason = `it depends on ${missing.service}, which is ${phaseText(missing.phase)}`;
    return { next: elsewhere?.node ?? node, reason };
  }
  const near = tooNear(state, record, node);
  if (near !== null) return near;
  if (elsewhere === null) return null;
  const next = mayRunOn(state, record, elsewhere.node) ? elsewhere.node : null;
  return { next, reason: `kept with ${elsewhere.by}, which ${elsewhere.how} ${elsewhere.node}` };
}

/**
 * [REL-4] Two that must not meet, on one node: the later in the file goes, unless it has nowhere to go and the earlier one has. That can come
 * only of a new configuration, or of what was found running.
 */
function tooNear(state: DecisionView, record: ServiceRecord, node: NodeId): RelationMove | null {
  if (state.config === null) return null;
  const rivals = relationsOf(state.config.config).rivals(record.service);
  for (const other of rivals.flatMap((rival) => state.services[rival] ?? [])) {
    const { kind } = other.phase;
    if (phaseNode(other.phase) !== node || (kind !== "started" && kind !== "starting")) continue;
    const own = placementOf(state, record, { leave: node }).chosen;
    const others = placementOf(state, other, { leave: node }).chosen;
    const isOursToGo = isBefore(state, record, other)
      ? own !== null && others === null
      : own !== null || others === null;
    if (isOursToGo) return { next: own, reason: `kept apart from ${other.service}, which runs on ${node}` };
  }
  return null;
}

function isBefore(state: DecisionView, record: ServiceRecord, other: ServiceRecord): boolean {
  const services = servicesInOrder(state);
  return services.indexOf(record) < services.indexOf(other);
}

/**
 * [REL-5] A member that cannot be where its group is takes the whole group along to a node where all of them may run. Only once: while it
 * fails everywhere, round after round, the others have their peace.
 *
 * @returns true when they go
 */
export function takeGroupAlong(draft: Draft, record: ServiceRecord): boolean {
  const others = activeOthers(draft, record);
  if (others.length === 0 || others.some(({ phase }) => phase.kind !== "started") || !mayTakeAlong(draft, record))
    return false;
  const { chosen } = placementOfGroup(draft, record);
  if (chosen === null || others.every(({ phase }) => phaseNode(phase) === chosen)) return false;
  for (const other of others) {
    const node = phaseNode(other.phase);
    if (node === null || node === chosen) continue;
    const reason = `to ${chosen}, where ${record.service}, which is kept with it, may run, too`;
    movePhase(draft, other, { kind: "stopping", node, next: chosen }, reason);
  }
  bindGroup(draft, record, chosen);
  if (record.phase.kind === "stopped") patchService(draft, record, { phase: { ...record.phase, next: chosen } });
  return true;
}

/** Where a service that failed on `node` goes on, with those that are kept with it; null: nowhere. */
export function recoveryPlace(draft: Draft, record: ServiceRecord): NodeId | null {
  if (activeOthers(draft, record).length === 0) return placementOf(draft, record).chosen;
  return mayTakeAlong(draft, record) ? placementOfGroup(draft, record).chosen : null;
}

function mayTakeAlong(draft: Draft, record: ServiceRecord): boolean {
  return record.rounds === 0 || isFirstRound(record, definitionOf(draft, record).recovery, draft.at);
}
