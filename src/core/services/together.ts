import type { NodeId, ServiceId } from "../../model/ids.ts";
import { isLive } from "../fencing/node-record.ts";
import { chooseOwner, isInside, type PlacementAnswer, type PlacementQuestion } from "../placement/choose-owner.ts";
import { relationsOf } from "../placement/relations.ts";
import { type DecisionView, definitionOf, nodesInOrder } from "./cluster-state.ts";
import { type Draft, patchService } from "./draft.ts";
import { frozenText } from "./frozen.ts";
import { caseAgainstNodes, type PlacementOptions, placementQuestion } from "./eligibility.ts";
import { nodeAgainst } from "./node-against.ts";
import { isWanted, nextNode, phaseNode, type ServiceRecord } from "./service-record.ts";

/*
 * Services that are kept on one node (hard `with`) are placed as one. Where the group is follows from its members, in file order: the
 * place that one of them is bound for, else the node that one of them has, else the best node of the first one where as many as can be
 * may run. Who cannot be there waits, and takes the others along only when that is no worse for them.
 */

/** Where a group is, or is bound for, and the member that says so. */
export interface GroupPlace {
  readonly node: NodeId;
  readonly by: ServiceId;
  readonly how: "is bound for" | "is on" | "goes to";
}

/** Asks placement. `asIf` changes the question: an operator's choice, a node to leave. */
export function placementOf(
  state: DecisionView,
  record: ServiceRecord,
  asIf: Partial<PlacementOptions> = {},
): PlacementAnswer {
  const question = placementQuestion(state, record, asIf);
  const members = groupOf(state, record);
  if (members.length < 2) return chooseOwner(question);
  const place = groupPlace(state, members) ?? bestPlace(state, members);
  if (place === null) return chooseOwner(question);
  const others = members.filter(({ service }) => service !== record.service).map(({ service }) => service);
  const text =
    place.by === record.service
      ? `kept together with ${others.join(", ")} on ${place.node}`
      : `kept with ${place.by}, which ${place.how} ${place.node}`;
  const candidates = question.candidates.map((candidate) =>
    candidate.node === place.node ? candidate : { ...candidate, against: [...candidate.against, text] },
  );
  return chooseOwner({ ...question, candidates });
}

/** Asks placement as things are: where the service is, or is bound for. */
export function placementNow(state: DecisionView, record: ServiceRecord): PlacementAnswer {
  return placementOf(state, record, { owner: phaseNode(record.phase), wanted: nextNode(record.phase) });
}

/** Where the service should go with all that run and are kept with it. */
export function placementOfGroup(
  state: DecisionView,
  record: ServiceRecord,
  asIf: Partial<PlacementOptions> = {},
): PlacementAnswer {
  if (activeOthers(state, record).length === 0) return placementOf(state, record, asIf);
  return chooseOwner(groupQuestion(state, record, asIf));
}

/** The question of a service, with what the members of its group that run have against a node. */
export function groupQuestion(
  state: DecisionView,
  record: ServiceRecord,
  asIf: Partial<PlacementOptions> = {},
): PlacementQuestion {
  const question = placementQuestion(state, record, asIf);
  const others = activeOthers(state, record);
  const objections = others.map((other) => [other, objectionsOf(state, other, asIf)] as const);
  const candidates = question.candidates.map((candidate) => {
    const against = objections.flatMap(([other, objection]) => {
      const reason = objection(candidate.node);
      return reason === null ? [] : [`${other.service}, which is kept with it, may not run there: ${reason}`];
    });
    return against.length === 0 ? candidate : { ...candidate, against: [...candidate.against, ...against] };
  });
  return { ...question, candidates };
}

/** Its group's place when that is another one than its own. */
export function placeElsewhere(state: DecisionView, record: ServiceRecord, node: NodeId): GroupPlace | null {
  const members = groupOf(state, record);
  const place = members.length < 2 ? null : groupPlace(state, members);
  return place === null || place.node === node ? null : place;
}

/** True when this service decides for its group: the first of those that run. */
export function leadsGroup(state: DecisionView, record: ServiceRecord): boolean {
  const others = activeOthers(state, record);
  const isCalm = others.every((other) => other.phase.kind === "started" && other.doubts.length === 0);
  const leader = groupOf(state, record).find((member) => phaseNode(member.phase) !== null);
  return isCalm && leader?.service === record.service;
}

/** Members that have a node now, but for the service itself. */
export function activeOthers(state: DecisionView, record: ServiceRecord): readonly ServiceRecord[] {
  return groupOf(state, record).filter(
    (member) => member.service !== record.service && phaseNode(member.phase) !== null,
  );
}

/** True when the service may run there, whatever it is kept with. */
export function mayRunOn(
  state: DecisionView,
  record: ServiceRecord,
  node: NodeId,
  asIf: Partial<PlacementOptions> = {},
): boolean {
  return objectionsOf(state, record, asIf)(node) === null;
}

/** What was said before of where members are to start counts no more: the group goes there. */
export function bindGroup(draft: Draft, record: ServiceRecord, node: NodeId): void {
  for (const member of groupOf(draft, record)) {
    const { phase } = member;
    if (member.service === record.service || (phase.kind !== "stopped" && phase.kind !== "stopping")) continue;
    if (phase.next !== null && phase.next !== node) patchService(draft, member, { phase: { ...phase, next: node } });
  }
}

/** All that are kept together and wanted, in file order; the service itself in any case. */
function groupOf(state: DecisionView, record: ServiceRecord): readonly ServiceRecord[] {
  if (state.config === null) return [record];
  const services = relationsOf(state.config.config).together(record.service);
  if (services.length < 2) return [record];
  return services.flatMap((service) => {
    const member = state.services[service];
    return member !== undefined && (isWanted(member) || service === record.service) ? [member] : [];
  });
}

function groupPlace(state: DecisionView, members: readonly ServiceRecord[]): GroupPlace | null {
  // [PRO-6] Whose data is newest decides, not where an address was, or is to go.
  const isRole = (member: ServiceRecord): boolean => definitionOf(state, member).promotes !== undefined;
  const roles = members.filter((member) => isRole(member) && phaseNode(member.phase) === null);
  const hasRole = (node: NodeId): boolean => roles.every((role) => mayRunOn(state, role, node));
  for (const member of members) {
    const node = nextNode(member.phase);
    if (node !== null && mayRunOn(state, member, node) && hasRole(node))
      return { node, by: member.service, how: "is bound for" };
  }
  for (const member of members.toSorted((a, b) => Number(isRole(b)) - Number(isRole(a)))) {
    const { phase, service } = member;
    if (phase.kind !== "starting" && phase.kind !== "started") continue;
    const isFixed = frozenText(state, member) !== null;
    if ((isFixed || mayStayOn(state, member, phase.node)) && hasRole(phase.node))
      return { node: phase.node, by: service, how: "is on" };
  }
  return null;
}

/** Nothing about the node itself asks it to go. What it has failed, needs or must not meet there is asked where it is to start. */
function mayStayOn(state: DecisionView, record: ServiceRecord, node: NodeId): boolean {
  const known = state.nodes[node];
  if (known === undefined || !isLive(known) || !isInside(definitionOf(state, record).domain, node)) return false;
  return nodeAgainst(state, record, known).length === 0;
}

/** The first that may run somewhere chooses, among the nodes where as many of the others as can be may run, too. */
function bestPlace(state: DecisionView, members: readonly ServiceRecord[]): GroupPlace | null {
  let nodes = nodesInOrder(state).map(({ node }) => node);
  let first: ServiceRecord | null = null;
  for (const member of members) {
    const objection = objectionsOf(state, member);
    const able = nodes.filter((node) => objection(node) === null);
    if (able.length === 0) continue;
    nodes = able;
    first ??= member;
  }
  if (first === null) return null;
  const question = placementQuestion(state, first);
  const candidates = question.candidates.filter(({ node }) => nodes.includes(node));
  const { chosen } = chooseOwner({ ...question, candidates });
  return chosen === null ? null : { node: chosen, by: first.service, how: "goes to" };
}

/** The first thing that speaks against a node; null when nothing does. */
function objectionsOf(
  state: DecisionView,
  record: ServiceRecord,
  asIf: Partial<PlacementOptions> = {},
): (node: NodeId) => string | null {
  const { domain } = definitionOf(state, record);
  const caseAgainst = caseAgainstNodes(state, record, asIf);
  const [own, frozen] = [phaseNode(record.phase), frozenText(state, record)];
  return (node) => {
    if (frozen !== null && own !== null && node !== own) return frozen;
    const known = state.nodes[node];
    if (!isInside(domain, node) || known === undefined) return "not in its domain, which is restricted";
    return caseAgainst(known)[0] ?? null;
  };
}
