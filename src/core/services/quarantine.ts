import { type QuarantineConfig, quarantineDefault } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { wallMs } from "../../model/units.ts";
import { type ClusterState, nodesInOrder } from "./cluster-state.ts";
import { type Draft, patchNode } from "./draft.ts";

/**
 * A node that is lost again and again is kept from services for a while: each loss is an outage of whatever it runs.
 *
 * Nothing is taken from it: what it still runs when it is taken in again goes on. And where nobody else may run a service it is
 * given it all the same: a quarantine that makes an outage would be worse than what it is there to spare. See ADR 0030.
 */
export function quarantineRule(state: Pick<ClusterState, "config">): QuarantineConfig {
  return state.config?.config.quarantine ?? quarantineDefault;
}

/**
 * [PLC-9] A member was lost: it went without having left. Losses that an operator asked for (`hale node fence`) do not count.
 *
 * Called before its wish to be fenced is forgotten.
 */
export function countLoss(draft: Draft, node: NodeId): void {
  const record = draft.nodes[node];
  const rule = quarantineRule(draft);
  if (record === undefined || rule.kind === "none" || draft.fences[node]?.wish) return;
  const recent = record.losses.filter((lossAt) => draft.at - lossAt < rule.withinMs);
  const losses = [...recent, draft.at].slice(-rule.losses);
  if (losses.length < rule.losses) {
    patchNode(draft, node, { losses });
    return;
  }
  const since = record.quarantine?.since ?? draft.at;
  patchNode(draft, node, {
    losses,
    quarantine: { since, until: wallMs(draft.at + rule.forMs), losses: losses.length },
  });
  const again = record.quarantine ? "stays in quarantine" : "in quarantine";
  const text = `${again} for ${minutesText(rule.forMs)}: lost ${losses.length} times within ${minutesText(rule.withinMs)}`;
  draft.events.push({ node, level: "warning", text });
}

/** [PLC-6] An operator, or time, ends it. What had been counted is forgotten. */
export function releaseNode(draft: Draft, node: NodeId, reason: string): void {
  const isHeld = Boolean(draft.nodes[node]?.quarantine);
  // Only who was kept from services becomes available by this: for another, failback would find news where there are none.
  patchNode(draft, node, { quarantine: null, losses: [], ...(isHeld ? { eligibleSince: draft.index } : {}) });
  draft.events.push({
    node,
    level: "info",
    text: isHeld ? `out of quarantine: ${reason}` : `losses forgotten: ${reason}`,
  });
}

/** The time of a quarantine is over. A node that was lost again meanwhile has another end. */
export function applyQuarantineOver(draft: Draft, body: Extract<EntryBody, { kind: "quarantine-over" }>): void {
  if (draft.nodes[body.node]?.quarantine?.until === body.until) releaseNode(draft, body.node, "its time is over");
}

/** A configuration without quarantine ends them all. */
export function forgetQuarantines(draft: Draft): void {
  for (const { node, quarantine } of nodesInOrder(draft))
    if (quarantine) releaseNode(draft, node, "the configuration knows no quarantine");
}

function minutesText(spanMs: number): string {
  return spanMs % 60_000 === 0 ? `${spanMs / 60_000} min` : `${Math.round(spanMs / 1_000)} s`;
}
