import type { NodeId } from "../../model/ids.ts";
import { isLive, isQuarantined, type NodeRecord } from "../fencing/node-record.ts";
import { type Candidate, isInside, type PlacementQuestion } from "../placement/choose-owner.ts";
import { concerns } from "../placement/clones.ts";
import { relationsOf } from "../placement/relations.ts";
import { apartFrom, misfitsOf } from "./apart.ts";
import { inItsPlace, lacksBeside } from "./clones.ts";
import { clusterStop } from "./cluster-stop.ts";
import { type ClusterState, definitionOf, nodesInOrder } from "./cluster-state.ts";
import { failureAgainst } from "./failure-memory.ts";
import { leftoversOf } from "./leftovers.ts";
import { nodeAgainst } from "./node-against.ts";
import { awaitedNode } from "./node-shutdown.ts";
import { promotionAgainst } from "./promotion.ts";
import { lackOf } from "./room.ts";
import { isWanted, nextNode, phaseNode, type ServiceRecord } from "./service-record.ts";

type View = Pick<ClusterState, "config" | "nodes" | "services" | "fences" | "at">;

/** One reason why a service cannot be told to start anywhere yet. */
export interface Blocker {
  readonly node: NodeId;
  readonly reason: string;
}

/**
 * What must be known before the service may start anywhere: every node that may run it must have reported, or be known off.
 * Empty: it is active nowhere.
 */
export function blockersOf(state: View, record: ServiceRecord): readonly Blocker[] {
  const blockers: Blocker[] = [];
  for (const node of record.doubts) blockers.push({ node, reason: doubtText(state.nodes[node]) });
  for (const stray of record.strays) {
    const reason = stray.isBlocked ? "could not stop its part" : "must stop its part first";
    blockers.push({ node: stray.node, reason });
  }
  const node = phaseNode(record.phase);
  if (node !== null && !isLive(state.nodes[node])) blockers.push({ node, reason: doubtText(state.nodes[node]) });
  for (const { node: where, of, resource } of leftoversOf(state, record))
    blockers.push({
      node: where,
      reason: `may still run ${of.service}, which had the same ${resource.kind} (${resource.name})`,
    });
  return blockers;
}

/** Changes to the question. */
export interface PlacementOptions {
  readonly owner: NodeId | null;
  readonly wanted: NodeId | null;
  /** Not this one. */
  readonly leave: NodeId | null;
  /** An operator takes the failures upon himself. */
  readonly ignoreFailures: boolean;
}

/**
 * The question where a service should run, with what the state says of each node; what it is kept together with is not asked
 * (`together.ts`). `asIf` changes it: an operator's choice, a node to leave.
 */
export function placementQuestion(
  state: View,
  record: ServiceRecord,
  asIf: Partial<PlacementOptions> = {},
): PlacementQuestion {
  const { owner = null, wanted = null } = asIf;
  const counts = serviceCounts(state, record);
  const misfits = misfitsOf(state, record);
  const others = onlyNodesOfOthers(state, record);
  const caseAgainst = caseAgainstNodes(state, record, asIf);
  const definition = definitionOf(state, record);
  const concerned = nodesInOrder(state).filter(({ node }) => concerns(definition, node));
  const candidates = concerned.map((node): Candidate => {
    return {
      node: node.node,
      against: caseAgainst(node),
      services: counts.get(node.node) ?? 0,
      misfits: misfits(node.node),
      isOthersOnly: others.has(node.node),
      isQuarantined: isQuarantined(node),
      isNew: node.eligibleSince > record.placedAt,
    };
  });
  return { domain: definition.domain, candidates, owner, wanted };
}

/** What speaks against one node after another, but for the domain and what the service is kept together with. */
export function caseAgainstNodes(
  state: View,
  record: ServiceRecord,
  { leave = null, ignoreFailures = false }: Partial<PlacementOptions> = {},
): (node: NodeRecord) => readonly string[] {
  const { recovery } = definitionOf(state, record);
  const apart = apartFrom(state, record);
  const awaited = awaitedNode(state, record);
  const lacks = lackOf(state, record);
  const stop = clusterStop(state);
  const beside = (node: NodeId): string | null => lacksBeside(state, definitionOf(state, record), node);
  const place = inItsPlace(state, record);
  return (node) => {
    const against = [...nodeAgainst(state, record, node)];
    if (stop !== null && !node.shutdown) against.push(`the cluster is being stopped by ${stop.by}`);
    if (awaited !== null && awaited.node !== node.node)
      against.push(`it waits for ${awaited.node}, and was shut down with it`);
    if (node.node === leave) against.push("the service is to leave it");
    const lack = lacks(node.node);
    if (lack !== null) against.push(lack);
    const near = apart.get(node.node);
    const lacking = beside(node.node);
    if (lacking !== null) against.push(lacking);
    const behind = promotionAgainst(state, record, node.node);
    if (behind !== null) against.push(behind);
    if (place.length > 0) against.push(`as many run as may: ${place.map(({ service }) => service).join(", ")}`);
    if (near !== undefined) against.push(`kept apart from ${near.service}, which ${whatItDoes(near, node.node)} there`);
    const failure = failureAgainst(record, recovery, node.node, state.at);
    if (failure !== null && !ignoreFailures) against.push(failure);
    return against;
  };
}

function whatItDoes(record: ServiceRecord, node: NodeId): string {
  if (phaseNode(record.phase) === node) return "runs";
  return nextNode(record.phase) === node ? "is bound for" : "may run";
}

/** Where alone a service may start that waits for a node, and that must not meet this one. */
function onlyNodesOfOthers(state: View, record: ServiceRecord): ReadonlySet<NodeId> {
  if (state.config === null) return new Set();
  const relations = relationsOf(state.config.config);
  const waiting = relations
    .rivals(record.service)
    .flatMap((rival) => state.services[rival] ?? [])
    .filter((other) => isWanted(other) && other.phase.kind === "stopped");
  const only = waiting.map((other) => {
    const caseAgainst = caseAgainstNodes(state, other);
    const { domain } = definitionOf(state, other);
    const free = nodesInOrder(state).filter((node) => isInside(domain, node.node) && caseAgainst(node).length === 0);
    return free.length === 1 ? free : [];
  });
  return new Set(only.flat().map(({ node }) => node));
}

function serviceCounts(state: View, but: ServiceRecord): ReadonlyMap<NodeId, number> {
  const counts = new Map<NodeId, number>();
  for (const record of Object.values(state.services)) {
    const node = phaseNode(record.phase);
    if (node !== null && record.service !== but.service) counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  return counts;
}

function doubtText(node: NodeRecord | undefined): string {
  if (node === undefined || (node.incarnation === null && !node.isMember))
    return "was not seen since the cluster started, and is not known to be off";
  if (!node.isMember) return "is lost and not known to be off";
  return "has not reported yet what it runs";
}
