import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import { definitionOf } from "./cluster-state.ts";
import { type Draft, patchService } from "./draft.ts";
import { type ServiceRecord, whereItMayRun } from "./service-record.ts";

/**
 * [SVC-24] When `freeze` is taken out of the configuration, the node that runs the service may be cut off already: it is a member for
 * another deadtime, and never hears of the change. So its word is waited for before anything relies on its stopping: it reports on the
 * service anew, with an attempt that it can only know from this entry or a later one.
 */

/** The service freezes no more. Before the record or the configuration is changed. */
export function beginThaw(draft: Draft, record: ServiceRecord, next: ServiceConfig): void {
  const freezes =
    record.definition.withoutQuorum === "freeze" || definitionOf(draft, record).withoutQuorum === "freeze";
  const nodes = freezes && next.withoutQuorum !== "freeze" ? whereItMayRun(record) : [];
  if (nodes.length === 0) return;
  const attempt = record.attempt + 1;
  patchService(draft, record, { attempt, thawing: nodes.toSorted().map((node) => ({ node, attempt })) });
}

/** The node has reported on the service, knowing of this attempt. */
export function hasThawed(record: ServiceRecord, node: NodeId, attempt: number): Partial<ServiceRecord> {
  const { thawing = [] } = record;
  if (!thawing.some((one) => one.node === node && one.attempt <= attempt)) return {};
  return { thawing: thawing.filter((one) => one.node !== node) };
}

/**
 * Where the service may be frozen: "a node" where the configuration says so, the nodes that have not heard of the change, or undefined.
 *
 * A node that runs it no more by what the entries tell freezes nothing.
 */
export function whereFrozen(draft: Draft, record: ServiceRecord): string | undefined {
  const places = whereItMayRun(record);
  if (definitionOf(draft, record).withoutQuorum === "freeze") return "a node without quorum";
  if (record.definition.withoutQuorum === "freeze" && places.length > 0) return "a node without quorum";
  const nodes = (record.thawing ?? []).map(({ node }) => node).filter((node) => places.includes(node));
  return nodes.length === 0 ? undefined : `node ${nodes.join(", ")}, which has not told that it knows better`;
}
