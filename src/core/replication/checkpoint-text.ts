import { type Checkpoint, checkpointFormat } from "../../model/checkpoint.ts";
import type { CheckpointPart } from "../../model/message.ts";

/** Characters of a checkpoint in one message. */
export const checkpointPartMax = 256 * 1024;
/** A longer one is refused, before anything of it is kept. A cluster of 32 nodes and 200 services has 3 MB at most. */
export const checkpointTextMax = 32 * 1024 * 1024;

/** A checkpoint on its way, as far as it has come. */
export type Transfer = Omit<CheckpointPart, "from">;

/** What reading a checkpoint gave. */
export type ReadCheckpoint =
  | { readonly ok: true; readonly checkpoint: Checkpoint }
  | { readonly ok: false; readonly isNewer: boolean; readonly reason: string };

/** JSON in ASCII, so that a character is a byte wherever it is cut. */
export function checkpointText(checkpoint: Checkpoint): string {
  return JSON.stringify(checkpoint).replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The piece that begins at `from`. */
export function partOfCheckpoint(checkpoint: Checkpoint, from: number, partMax: number): CheckpointPart {
  const text = checkpointText(checkpoint);
  const { index } = checkpoint;
  return { index, size: text.length, check: checkOf(text), from, text: text.slice(from, from + partMax) };
}

/**
 * One more part.
 *
 * @returns null when it is not the next one of this transfer, nor the first of another, or claims too much
 */
export function takePart(transfer: Transfer | null, part: CheckpointPart): Transfer | null {
  const { from, ...fields } = part;
  const isSame = transfer?.index === part.index && transfer.size === part.size && transfer.check === part.check;
  const before = isSame ? transfer.text : "";
  if (part.size > checkpointTextMax || part.text === "" || from !== before.length) return null;
  const text = before + part.text;
  return text.length > part.size ? null : { ...fields, text };
}

/** Reads a transfer that is complete. Total. */
export function readCheckpoint(transfer: Transfer): ReadCheckpoint {
  const { text, index } = transfer;
  if (checkOf(text) !== transfer.check) return damaged("its check does not fit");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return damaged("it is no JSON");
  }
  if (typeof value !== "object" || value === null) return damaged("it is no object");
  const format = "format" in value ? value.format : null;
  if (format !== checkpointFormat) {
    const isNewer = typeof format === "number" && format > checkpointFormat;
    return { ok: false, isNewer, reason: `format ${String(format)}, only ${checkpointFormat} is known` };
  }
  if (!isCheckpoint(value)) return damaged("a field is missing or of another type");
  return value.index === index ? { ok: true, checkpoint: value } : damaged(`it is of entry ${value.index}`);
}

/** True when the group's own part has the right shape; the manager's is judged by its machine. */
export function isCheckpoint(value: unknown): value is Checkpoint {
  if (!isObject(value) || value["format"] !== checkpointFormat) return false;
  const { lastView } = value;
  return (
    isIndex(value["index"]) &&
    typeof value["at"] === "number" &&
    value["at"] >= 0 &&
    areAll(value["electorates"], (item) => isNumber(item["index"]) && areTexts(item["voters"])) &&
    areAll(
      value["submissions"],
      (item) => isText(item["origin"]) && isText(item["incarnation"]) && isNumber(item["sequence"]),
    ) &&
    areAll(value["lives"], isMember) &&
    areAll(value["left"], isMember) &&
    (lastView === null || (isObject(lastView) && isMark(lastView) && areTexts(lastView["members"]))) &&
    areAll(value["floors"], (item) => isText(item["node"]) && isMark(item)) &&
    "state" in value
  );
}

function damaged(reason: string): ReadCheckpoint {
  return { ok: false, isNewer: false, reason };
}

type Fields = Readonly<Record<string, unknown>>;

function isMark(item: Fields): boolean {
  const { view } = item;
  return (
    isIndex(item["index"]) &&
    isObject(view) &&
    isNumber(view["counter"]) &&
    isText(view["proposer"]) &&
    isText(view["incarnation"])
  );
}

function isMember(item: Fields): boolean {
  return isText(item["node"]) && isText(item["incarnation"]);
}

function isIndex(value: unknown): boolean {
  return isNumber(value) && value > 0;
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: unknown): boolean {
  return typeof value === "string";
}

function areTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function areAll(value: unknown, isRight: (item: Fields) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && isRight(item));
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Two sums of 32 bits (FNV-1a, and the same over a rotated state): against parts of different texts, not against an enemy. */
export function checkOf(text: string): string {
  let one = 0x811c9dc5;
  let other = 0x9e3779b9;
  for (let place = 0; place < text.length; place += 1) {
    const code = text.charCodeAt(place);
    one = Math.imul(one ^ code, 0x01000193);
    other = Math.imul((other << 5) | (other >>> 27), 0x85ebca6b) ^ code;
  }
  return [one, other].map((sum) => (sum >>> 0).toString(16).padStart(8, "0")).join("");
}
