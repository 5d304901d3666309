import type { EntryBody } from "../../model/entry.ts";
import { isArmed, leaseToldBy } from "../fencing/node-record.ts";
import { ownWatchdog } from "../fencing/own-watchdog.ts";
import { setOff } from "./apply-fence.ts";
import { type Draft, patchNode } from "./draft.ts";

/** [FEN-12] A node tells of its watchdog. It counts for the life that says it, under the configuration that it speaks of. */
export function applyWatchdog(draft: Draft, body: Extract<EntryBody, { kind: "watchdog" }>): void {
  const record = draft.nodes[body.node];
  if (record?.incarnation !== body.incarnation || draft.config?.entry !== body.config) return;
  if (ownWatchdog(draft.config.config, body.node) === null) return;
  const { timeoutMs, detail, leaseMs } = body;
  patchNode(draft, body.node, { watchdog: { timeoutMs, detail }, ...leaseToldBy(leaseMs) });
  const text = timeoutMs > 0 ? `watchdog armed: ${detail}, ${timeoutMs / 1_000} s` : `no watchdog: ${detail}`;
  draft.events.push({ node: body.node, level: timeoutMs > 0 ? "info" : "warning", text });
}

/** [FEN-11] The bound has passed. It speaks of one stay of one life; if the node was back since, nothing follows. */
export function applySelfFenced(draft: Draft, body: Extract<EntryBody, { kind: "self-fenced" }>): void {
  const record = draft.nodes[body.target];
  if (record === undefined || record.isMember || record.enteredAt !== body.since || !isArmed(record)) return;
  setOff(draft, body.target, body.incarnation, "self-fenced", body.reason);
}
