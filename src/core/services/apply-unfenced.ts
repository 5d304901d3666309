import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import { isLive } from "../fencing/node-record.ts";
import { unfenceSteps } from "../fencing/unfence.ts";
import { nodesInOrder } from "./cluster-state.ts";
import { type Draft, patchNode } from "./draft.ts";

/** [FEN-18] A node has been switched on in this stay. Not when it is being fenced: that may have come after. */
export function applyUnfenced(draft: Draft, body: Extract<EntryBody, { kind: "unfenced" }>): void {
  const record = draft.nodes[body.node];
  if (record?.incarnation !== body.incarnation || record.enteredAt !== body.since || !isLive(record)) return;
  const fence = draft.fences[body.node];
  if (fence !== undefined && (fence.inFlight !== null || fence.wish !== null)) return;
  // A candidate only from here on: what was placed meanwhile was placed without it.
  patchNode(draft, body.node, { unfencedBy: body.devices, eligibleSince: draft.index });
  const text = `switched on by ${body.devices.join(", ")}: services may start on it`;
  draft.events.push({ node: body.node, level: "info", text });
}

/** A device that is described in another way has switched nobody on. */
export function forgetUnfenced(draft: Draft, before: ClusterConfig, config: ClusterConfig): void {
  for (const { node, unfencedBy = [] } of nodesInOrder(draft)) {
    if (unfencedBy.length === 0) continue;
    const isSame = JSON.stringify(unfenceSteps(before, node)) === JSON.stringify(unfenceSteps(config, node));
    if (!isSame) patchNode(draft, node, { unfencedBy: [] });
  }
}
