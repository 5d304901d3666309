import type { EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { isLive } from "../fencing/node-record.ts";
import { domainPlace, failbackTarget } from "../placement/choose-owner.ts";
import { type ClusterState, type DecisionView, definitionOf, servicesInOrder } from "./cluster-state.ts";
import { type Draft, movePhase } from "./draft.ts";
import { frozenText } from "./frozen.ts";
import type { ServiceRecord } from "./service-record.ts";
import { waitsForWord } from "./unsure.ts";
import { activeOthers, groupQuestion, leadsGroup } from "./together.ts";

/** The better node to which a started service should return, at whatever time; of a group, by the domain of the first that runs, and only where all may run. */
export function failbackPlace(state: DecisionView, record: ServiceRecord): NodeId | null {
  const { phase, doubts, strays } = record;
  if (frozenText(state, record) !== null) return null;
  if (phase.kind !== "started" || !definitionOf(state, record).domain.failback || !record.isEnabled) return null;
  if (!isLive(state.nodes[phase.node]) || doubts.length > 0 || strays.length > 0 || !leadsGroup(state, record))
    return null;
  if (!mayHaveNews(state, record, phase.node)) return null;
  if ([record, ...activeOthers(state, record)].some((member) => waitsForWord(state, member))) return null;
  return failbackTarget(groupQuestion(state, record, { owner: phase.node }), phase.node);
}

/** A better node of the domain is here, and became available since: asked first, since most of the time there is none. */
function mayHaveNews(state: DecisionView, record: ServiceRecord, owner: NodeId): boolean {
  const { domain } = definitionOf(state, record);
  const place = domainPlace(domain, owner);
  return domain.nodes.some((node) => {
    const known = state.nodes[node];
    return isLive(known) && (known?.eligibleSince ?? 0) > record.placedAt && domainPlace(domain, node) < place;
  });
}

/** Services that wait for the time of day to return, with the window. */
export function waitingForWindow(state: ClusterState): readonly ServiceRecord[] {
  return servicesInOrder(state).filter(
    (record) =>
      definitionOf(state, record).domain.failbackBetween !== undefined && failbackPlace(state, record) !== null,
  );
}

/** [PLC-11] One node has looked at its clock; where the service is now, it returns. */
export function applyFailback(draft: Draft, body: Extract<EntryBody, { kind: "failback" }>): void {
  const record = draft.services[body.service];
  if (record === undefined || record.order !== body.attempt || record.phase.kind !== "started") return;
  const next = failbackPlace(draft, record);
  if (next === null) return;
  const reason = `failback to ${next}, at the time of day for it`;
  movePhase(draft, record, { kind: "stopping", node: record.phase.node, next }, reason);
}
