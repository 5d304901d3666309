import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { comesIn } from "./apply-view.ts";
import { type Draft, patchFence } from "./draft.ts";

/**
 * [FEN-24] A device has confirmed the end of a node that lives on as a member. No view will tell, since nothing of the group has changed: the
 * node itself says so, when it reads what was said of it. It is taken in like one that came back, and what it runs is stopped where that
 * runs elsewhere by now.
 */
export function applyLivesOn(draft: Draft, body: Extract<EntryBody, { kind: "lives-on" }>): void {
  const record = draft.nodes[body.node];
  if (record?.incarnation !== body.incarnation || !record.isMember) return;
  if (record.off !== "fenced" || record.offAt !== body.since) return;
  comesIn(draft, record, body.incarnation);
}

/** Devices that are described in another way, or are others, have said nothing yet. */
export function forgetSurvived(draft: Draft, before: ClusterConfig, config: ClusterConfig): void {
  for (const { target, survived } of Object.values(draft.fences)) {
    if (survived && fenceText(before, target) !== fenceText(config, target))
      patchFence(draft, target, { survived: null });
  }
}

/** The levels of a node, and the devices in them. */
function fenceText({ fencing, nodes }: ClusterConfig, node: NodeId): string {
  const levels = nodes.find(({ id }) => id === node)?.fence ?? [];
  const used = levels.flat().map(({ device }) => device);
  const devices = fencing.kind === "devices" ? fencing.devices.filter(({ id }) => used.includes(id)) : [];
  return JSON.stringify([levels, devices]);
}
