import type { Checkpoint } from "../../model/checkpoint.ts";
import type { CheckpointPart, Message } from "../../model/message.ts";
import type { NodeId } from "../../model/ids.ts";
import type { ViewId } from "../../model/view.ts";
import { partOfCheckpoint, readCheckpoint, takePart, type Transfer } from "./checkpoint-text.ts";
import { partOf } from "./parts.ts";
import { toElecting } from "./phases.ts";
import { jitter, send, type Turn } from "./turn.ts";

/** Entries that somebody asks for. */
export interface PartRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Sends what it asked for, or the beginning of it; [GRP-59] of entries that are trimmed here the beginning of the checkpoint that they
 * are in. Logs do not change while a view is being agreed on.
 */
export function sendPart(turn: Turn, view: ViewId, to: NodeId, wanted: PartRange): void {
  const { log } = turn.state;
  if (wanted.from <= log.trimmed) return sendCheckpointPart(turn, view, to, { index: log.trimmed, from: 0 });
  const entries = partOf(log, wanted.from, wanted.to);
  if (entries.length > 0) send(turn, to, { kind: "log-part", view, from: wanted.from, entries });
}

/** Sends a piece of the checkpoint; nothing when it is not the one that was asked for. */
export function sendCheckpointPart(
  turn: Turn,
  view: ViewId,
  to: NodeId,
  wanted: { readonly index: number; readonly from: number },
): void {
  const { checkpoint } = turn.state.log;
  if (checkpoint === null || checkpoint.index !== wanted.index) return;
  const part = partOfCheckpoint(checkpoint, wanted.from, turn.state.setup.limits.partCharacters);
  if (part.text !== "") send(turn, to, { kind: "checkpoint-part", view, ...part });
}

/** What asks for the next piece. */
export function restOf(view: ViewId, { index, text }: Transfer): Message {
  return { kind: "checkpoint-fetch", view, index, from: text.length };
}

/**
 * [GRP-59] Takes a piece in. Nothing of it counts before it is complete, fits its check and can be read.
 *
 * What cannot be read is no reason to break: the attempt is given up. A checkpoint of a newer version will not become readable, so this
 * node promises nothing from here on.
 *
 * @returns null when it is not the piece that is wanted, or cannot be read
 */
export function takeTransfer(
  turn: Turn,
  transfer: Transfer | null,
  part: CheckpointPart,
): { readonly transfer: Transfer; readonly checkpoint: Checkpoint | null } | null {
  const { index, size, check, from, text } = part;
  const next = takePart(transfer, { index, size, check, from, text });
  if (next === null) return null;
  if (next.text.length < next.size) return { transfer: next, checkpoint: null };
  const read = readCheckpoint(next);
  if (read.ok && turn.state.setup.machine.accepts(read.checkpoint.state, index))
    return { transfer: next, checkpoint: read.checkpoint };
  const isNewer = !read.ok && read.isNewer;
  if (isNewer) turn.state.refusal = `cannot read the group's checkpoint: ${read.reason}`;
  toElecting(turn, jitter(turn));
  return null;
}
