import { createHash } from "node:crypto";
import type { ArbiterContent, ArbiterHeader, ArbiterSlot, SlotBeat, SlotVote } from "../model/arbiter-disk.ts";
import { isName, isWitness, type NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import { noView, type ViewId } from "../model/view.ts";

/**
 * The blocks of an arbiter disk, in bytes: the header twice, then for each slot the vote twice, the sign of life, and a block to spare.
 *
 * A block is one line of text, so that `head -c` shows it: the format, a checksum, what it is and what it says as JSON; then zeros. It is as
 * large as the largest sector, and its checksum is over the whole text, so that a half written one is known for what it is.
 */
export const blockBytes = 4096;

/** Slots that fit into a header. */
export const slotsMax = 32;

const format = "HALE-ARBITER-1";
const headerBlocks = 2;
const slotBlocks = 4;
const digits = 16;

/** How much there is of a disk with so many slots. */
export function areaBytes(slots: number): number {
  return (headerBlocks + slotBlocks * slots) * blockBytes;
}

/** Where the two copies of the header are, in bytes from the beginning. */
export const headerPlaces: readonly number[] = [0, blockBytes];

/** Where a copy of the vote is. */
export function votePlace(slot: number, copy: 0 | 1): number {
  return areaBytes(slot) + copy * blockBytes;
}

/** Where the sign of life is. */
export function beatPlace(slot: number): number {
  return areaBytes(slot) + 2 * blockBytes;
}

/** The header's block. */
export function headerBlock(header: ArbiterHeader): Uint8Array {
  return block("header", header);
}

/** A vote's block. */
export function voteBlock(vote: SlotVote): Uint8Array {
  return block("vote", vote);
}

/** A sign of life's block. */
export function beatBlock(beat: SlotBeat): Uint8Array {
  return block("beat", beat);
}

/** Of a new disk: nothing claimed, nobody seen. Both copies of a slot's vote are this one. */
export function emptySlot(disk: NodeId, node: NodeId): { readonly vote: SlotVote; readonly beat: SlotBeat } {
  const { incarnation } = noView;
  return {
    vote: { disk, node, incarnation, sequence: 0, promised: noView, logView: noView },
    beat: { disk, node, incarnation, count: 0 },
  };
}

/** The header at the beginning of `bytes`, of which the two first blocks are there; or why there is none. */
export function readHeader(bytes: Uint8Array): ArbiterHeader | string {
  for (const place of headerPlaces) {
    const header = asHeader(readBlock(bytes, place, "header"));
    if (header !== null) return header;
  }
  if (isEmpty(bytes.subarray(0, headerBlocks * blockBytes))) return "it is empty, no arbiter disk";
  const [first = ""] = new TextDecoder("latin1").decode(bytes.subarray(0, format.length + 1)).split(" ");
  if (first === format) return "its header is damaged";
  return first.startsWith("HALE-ARBITER-") ? "it is of a newer format" : "it holds something else, no arbiter disk";
}

/** The slots of `header` from the beginning of a disk. @param bytes at least `areaBytes` of so many slots */
export function readContent(header: ArbiterHeader, bytes: Uint8Array): ArbiterContent {
  const slots = header.nodes.map(
    (_, slot): ArbiterSlot => ({
      votes: [
        asVote(readBlock(bytes, votePlace(slot, 0), "vote")),
        asVote(readBlock(bytes, votePlace(slot, 1), "vote")),
      ],
      beat: asBeat(readBlock(bytes, beatPlace(slot), "beat")),
    }),
  );
  return { header, slots };
}

/** Nothing but zeros. */
export function isEmpty(bytes: Uint8Array): boolean {
  // A loop: for each block of each reading, a call per byte is what costs most.
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

type Kind = "header" | "vote" | "beat";

function block(kind: Kind, value: object): Uint8Array {
  const text = `${kind} ${JSON.stringify(value)}`;
  const bytes = new Uint8Array(blockBytes);
  const { read } = new TextEncoder().encodeInto(`${format} ${checkOf(text)} ${text}\n`, bytes);
  if (read < format.length + digits + text.length + 3)
    throw new RangeError(`Cannot write a ${kind} of ${text.length} characters`);
  return bytes;
}

function checkOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, digits);
}

/** What a whole block of that kind says; undefined for any other. */
function readBlock(bytes: Uint8Array, place: number, kind: Kind): unknown {
  const whole = bytes.subarray(place, place + blockBytes);
  const end = whole.indexOf(10);
  if (whole.length < blockBytes || end < 0 || !isEmpty(whole.subarray(end + 1))) return undefined;
  const line = new TextDecoder().decode(whole.subarray(0, end));
  const start = `${format} `.length;
  const text = line.slice(start + digits + 1);
  if (!text.startsWith(`${kind} `) || line !== `${format} ${checkOf(text)} ${text}`) return undefined;
  try {
    return JSON.parse(text.slice(kind.length + 1));
  } catch {
    // The checksum fits, so whoever wrote it wrote another format under our name.
    return undefined;
  }
}

function asHeader(value: unknown): ArbiterHeader | null {
  if (!isRecord(value)) return null;
  const { disk, cluster, nodes } = value;
  if (typeof disk !== "string" || !isWitness(disk) || typeof cluster !== "string" || !Array.isArray(nodes)) return null;
  const isList =
    nodes.length > 0 && nodes.length <= slotsMax && nodes.every((node) => typeof node === "string" && isName(node));
  return isList ? { disk: disk as NodeId, cluster, nodes: nodes as NodeId[] } : null;
}

function asVote(value: unknown): SlotVote | null {
  const owner = asOwner(value);
  if (owner === null || !isRecord(value)) return null;
  const [promised, logView] = [asView(value["promised"]), asView(value["logView"])];
  const { sequence } = value;
  return isCount(sequence) && promised !== null && logView !== null ? { ...owner, sequence, promised, logView } : null;
}

function asBeat(value: unknown): SlotBeat | null {
  const owner = asOwner(value);
  const count = isRecord(value) ? value["count"] : undefined;
  return owner !== null && isCount(count) ? { ...owner, count } : null;
}

function asOwner(value: unknown): Pick<SlotVote, "disk" | "node" | "incarnation"> | null {
  if (!isRecord(value)) return null;
  const { disk, node, incarnation } = value;
  if (typeof disk !== "string" || !isWitness(disk) || typeof node !== "string" || !isName(node)) return null;
  return isLife(incarnation) ? { disk: disk as NodeId, node: node as NodeId, incarnation } : null;
}

function asView(value: unknown): ViewId | null {
  if (!isRecord(value)) return null;
  const { counter, proposer, incarnation } = value;
  if (!isCount(counter) || typeof proposer !== "string" || !isLife(incarnation)) return null;
  return { counter, proposer: proposer as NodeId, incarnation };
}

function isLife(value: unknown): value is Incarnation {
  return typeof value === "string" && /^[0-9a-f]{28}$/.test(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
