import type { EntryBody } from "../../model/entry.ts";
import { isLive } from "../fencing/node-record.ts";
import { type Draft, patchService } from "./draft.ts";
import type { ServiceRecord } from "./service-record.ts";
import type { NodeId } from "../../model/ids.ts";
import type { ClusterState } from "./cluster-state.ts";

/** [TREE-5] The node of a started service tells what of it does not run. Nothing is decided by it: the node tries again by itself. */
export function applyDegraded(draft: Draft, body: Extract<EntryBody, { kind: "degraded" }>): void {
  const record = draft.services[body.service];
  if (record === undefined || draft.nodes[body.node]?.incarnation !== body.incarnation) return;
  if (!isKeptThere(draft, record, body.node) || record.order !== body.attempt) return;
  const { resources, reason } = body;
  const degraded = resources.length === 0 ? null : { resources, reason, at: draft.at };
  if (degraded === null && !record.degraded) return;
  patchService(draft, record, { degraded });
  const text =
    degraded === null
      ? "is whole again"
      : `goes on without ${resources.join(", ")}: ${reason}; tried again with back-off`;
  const level = degraded === null ? "info" : "warning";
  draft.events.push({ node: body.node, service: body.service, level, text });
}

/** True when that node, by all that is known, runs the service. */
export function isKeptThere(
  state: Pick<ClusterState, "nodes">,
  { phase, doubts }: ServiceRecord,
  node: NodeId,
): boolean {
  return phase.kind === "started" && phase.node === node && !doubts.includes(node) && isLive(state.nodes[node]);
}
