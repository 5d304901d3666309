import type { NodeId, ServiceId } from "../../model/ids.ts";
import { isLive } from "../fencing/node-record.ts";
import { relationsOf } from "../placement/relations.ts";
import { besideInstance, instancesOf } from "./clones.ts";
import { type DecisionView, definitionOf } from "./cluster-state.ts";
import { phaseNode, type ServiceRecord } from "./service-record.ts";

/*
 * [REL-8] A member that had no lease may have stopped what it ran, and was in the view all the time: nobody doubts it. Until it has said that it has told all,
 * nothing is begun upon what it was given before; what runs goes on. See ADR 0077.
 */

/** Its node was given it before a time without a lease, and has not said yet that it still runs, or is still to be started. */
export function isUnsure(state: DecisionView, { phase, placedAt }: ServiceRecord): boolean {
  if (phase.kind !== "started" && phase.kind !== "starting") return false;
  const { unsureSince } = state.nodes[phase.node] ?? {};
  return Boolean(unsureSince) && placedAt < (unsureSince ?? 0) && isLive(state.nodes[phase.node]);
}

/** What a service comes after, or must be beside, is unsure: as long as it is, the service is neither started nor moved to a better place. */
export function waitsForWord(state: DecisionView, record: ServiceRecord): boolean {
  if (state.config === null) return false;
  const after = relationsOf(state.config.config).after(record.service);
  const { beside = [] } = definitionOf(state, record);
  return after.some(({ service }) => isUnsureOf(state, service)) || beside.some((clone) => isCloneUnsure(state, clone));
}

/** Of a clone no instance is known to run, and of one it is unsure. */
export function isCloneUnsure(state: DecisionView, clone: ServiceId): boolean {
  const started = instancesOf(state, clone).filter(
    ({ phase }) => phase.kind === "started" && isLive(state.nodes[phase.node]),
  );
  return started.length > 0 && started.every((instance) => isUnsure(state, instance));
}

/** What the node is to speak of: it was given that before. */
export function unsureOn(state: DecisionView, node: NodeId): readonly ServiceRecord[] {
  return Object.values(state.services).filter((record) => phaseNode(record.phase) === node && isUnsure(state, record));
}

/** Something is started after it, or beside it. */
export function comesFirst(state: DecisionView, record: ServiceRecord): boolean {
  if (state.config === null) return false;
  const relations = relationsOf(state.config.config);
  return relations.before(record.service).length > 0 || besideInstance(state, record).length > 0;
}

function isUnsureOf(state: DecisionView, service: ServiceId): boolean {
  const first = state.services[service];
  return first !== undefined && isUnsure(state, first);
}
