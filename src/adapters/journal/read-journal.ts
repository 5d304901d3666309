import { checkpointFormat } from "../../model/checkpoint.ts";
import type { DiskRecord } from "../../model/disk.ts";
import { chainStart, type ChainLink, fileHeader, fileMagic, frameMarker, readFrame } from "./frame.ts";

/**
 * Judges the bytes of a journal after a crash.
 *
 * The last write may be torn: cut short, or with sectors of zeros where the disk had not got to. Everything before it had been
 * on disk before it began. So bytes that are no frame are torn when they are at the end, are cut or have such a hole, and no
 * whole frame lies behind them; otherwise somebody changed the file, or the disk did, and records that a peer was promised
 * may be gone: then nothing of it is believed.
 *
 * What cannot be told: a file shortened by whole frames looks like an earlier moment of itself.
 */
export type ReadJournal =
  | {
      readonly state: "good";
      readonly records: readonly DiskRecord[];
      /** Where the next frame goes; less than the file's length when the last write was torn. */
      readonly end: number;
      readonly link: ChainLink;
      readonly detail: string;
    }
  | { readonly state: "damaged"; readonly detail: string }
  /** Written by a version that this one does not know. */
  | { readonly state: "foreign"; readonly detail: string };

const sectorBytes = 512;
const decoder = new TextDecoder("utf-8", { fatal: true });

const knownKinds: Readonly<Record<DiskRecord["kind"], true>> = {
  boot: true,
  distrusted: true,
  founded: true,
  promise: true,
  install: true,
  append: true,
  committed: true,
  log: true,
};

/** Total. */
export function readJournal(bytes: Buffer): ReadJournal {
  if (!bytes.subarray(0, fileHeader.length).equals(fileHeader)) return judgeHeader(bytes);
  const records: DiskRecord[] = [];
  let at = fileHeader.length;
  let link = chainStart;
  while (at < bytes.length) {
    const frame = readFrame(bytes, at);
    if (frame.kind !== "frame") return judgeTail({ bytes, at, isCut: frame.kind === "cut", records, link });
    if (
      frame.link.sequence !== link.sequence + 1 ||
      !link.check.every((byte, place) => byte === frame.previous[place])
    ) {
      return {
        state: "damaged",
        detail: `frame ${frame.link.sequence} at byte ${at} does not follow ${link.sequence}`,
      };
    }
    const read = readRecords(frame.payload);
    if (read === null)
      return { state: "foreign", detail: `frame ${frame.link.sequence} has records of an unknown kind or format` };
    records.push(...read);
    ({ link, end: at } = frame);
  }
  return { state: "good", records, end: at, link, detail: `${records.length} records in ${link.sequence} writes` };
}

function judgeHeader(bytes: Buffer): ReadJournal {
  if (bytes.subarray(0, fileMagic.length).equals(fileMagic) && bytes.length >= fileHeader.length) {
    const version = bytes.toString("latin1", fileMagic.length, fileHeader.length).trim();
    if (/^[0-9]+$/.test(version)) return { state: "foreign", detail: `format ${version}, only 1 is known` };
  }
  return { state: "damaged", detail: "the file does not begin like a journal" };
}

interface Tail {
  readonly bytes: Buffer;
  readonly at: number;
  readonly isCut: boolean;
  readonly records: readonly DiskRecord[];
  readonly link: ChainLink;
}

function judgeTail({ bytes, at, isCut, records, link }: Tail): ReadJournal {
  const later = findFrame(bytes, at + 1);
  const length = bytes.length - at;
  if (later !== null) return { state: "damaged", detail: `byte ${at} is no frame, but byte ${later} is` };
  if (isCut || hasHole(bytes, at)) {
    return {
      state: "good",
      records,
      end: at,
      link,
      detail: `${records.length} records; last write torn, ${length} bytes`,
    };
  }
  return { state: "damaged", detail: `the last ${length} bytes, from byte ${at}, are no frame and not a torn one` };
}

/** The first whole frame at or after `from`. The marker is no UTF-8, so each hit outside of damage is a frame. */
function findFrame(bytes: Buffer, from: number): number | null {
  for (let at = bytes.indexOf(frameMarker, from); at >= 0; at = bytes.indexOf(frameMarker, at + 1)) {
    if (readFrame(bytes, at).kind === "frame") return at;
  }
  return null;
}

/** A sector, or what the file has of it, that is all zeros: space was given to the file, but the data never came. */
function hasHole(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.length; at = (Math.floor(at / sectorBytes) + 1) * sectorBytes) {
    const end = Math.min(bytes.length, (Math.floor(at / sectorBytes) + 1) * sectorBytes);
    if (end - at >= minHoleBytes && bytes.subarray(at, end).every((byte) => byte === 0)) return true;
  }
  return false;
}

/** Fewer zeros may be a changed byte or two at the end. */
const minHoleBytes = 16;

function readRecords(payload: Uint8Array): readonly DiskRecord[] | null {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(payload));
  } catch {
    return null; // The check was right, so somebody wrote this on purpose: another version.
  }
  return Array.isArray(value) && value.every((record) => isRecord(record)) ? value : null;
}

function isRecord(value: unknown): value is DiskRecord {
  if (typeof value !== "object" || value === null || !("kind" in value)) return false;
  if (typeof value.kind !== "string" || !Object.hasOwn(knownKinds, value.kind)) return false;
  const checkpoint = "checkpoint" in value ? value.checkpoint : null;
  return checkpoint === null || isOfKnownFormat(checkpoint);
}

/** Of a newer version, it is not damaged: the version that wrote it can read it. */
function isOfKnownFormat(checkpoint: unknown): boolean {
  if (typeof checkpoint !== "object" || checkpoint === null || !("format" in checkpoint)) return true;
  return checkpoint.format === checkpointFormat;
}
