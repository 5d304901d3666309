import type { NodeId } from "../../model/ids.ts";
import { type Draft, movePhase, patchService } from "./draft.ts";
import { phaseNode, type ServiceRecord, type Stray } from "./service-record.ts";

/** Its node is told to stop it, whatever it was told before. */
export function stopAgain(draft: Draft, record: ServiceRecord, next: NodeId | null, reason: string): void {
  const node = phaseNode(record.phase);
  if (node !== null) movePhase(draft, record, { kind: "stopping", node, next }, reason);
}

/** Every stop that failed is asked for once more: what was in its way may have been mended. */
export function stopBlockedAgain(draft: Draft, record: ServiceRecord, reason: string): void {
  if (record.phase.kind === "blocked") stopAgain(draft, record, null, reason);
  let { attempt } = draft.services[record.service] ?? record;
  const strays = record.strays.map((stray): Stray => {
    if (!stray.isBlocked) return stray;
    attempt += 1;
    return { node: stray.node, attempt, isBlocked: false };
  });
  patchService(draft, record, { strays, attempt });
}
