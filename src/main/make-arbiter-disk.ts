import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { FileArbiterDisk } from "../adapters/arbiter-disk/file-arbiter-disk.ts";
import { type DiskLook, lookAtDisk } from "../adapters/arbiter-disk/look-at-disk.ts";
import { readSlots, type SlotOwner } from "../core/quorum/slot-table.ts";
import type { ArbiterContent, ArbiterHeader } from "../model/arbiter-disk.ts";
import { ClusterError } from "../model/errors.ts";
import { witnessId } from "../model/ids.ts";
import {
  areaBytes,
  beatBlock,
  beatPlace,
  blockBytes,
  emptySlot,
  headerBlock,
  headerPlaces,
  readContent,
  readHeader,
  slotsMax,
  voteBlock,
  votePlace,
} from "../wire/arbiter-blocks.ts";
import { configPath, type Folders } from "./folders.ts";
import { readConfigFile } from "./read-files.ts";

/** A file that is made because there was none. */
const newFileBytes = 1 << 20;
const patienceMs = 5_000;

/**
 * `hale arbiter-disk init`: makes `path` the arbiter disk of the cluster in this node's configuration.
 *
 * Nothing of somebody else's is overwritten: what is not empty is refused without `isForced`, and what the kernel uses always is.
 *
 * @returns the header that is on it now
 * @throws ClusterError DISK_UNUSABLE, or what a wrong configuration gives
 */
export async function makeArbiterDisk(
  folders: Folders,
  { path, isForced }: { readonly path: string; readonly isForced: boolean },
): Promise<ArbiterHeader> {
  const { config } = await readConfigFile(configPath(folders));
  const nodes = config.nodes.map((node) => node.id);
  if (nodes.length > slotsMax) throw unusable("make", path, `${nodes.length} nodes, wants at most ${slotsMax}`);
  const look = await lookOrCreate(path);
  if (look.sizeBytes < areaBytes(nodes.length)) {
    throw unusable("make", path, `it has ${look.sizeBytes} bytes, wants at least ${areaBytes(nodes.length)}`);
  }
  await using disk = closing(path);
  if (look.usedAt !== null && !isForced) throw unusable("make", path, await whatIsThere(disk, look.usedAt));
  const header: ArbiterHeader = { disk: witnessId(randomBytes(6).toString("hex")), cluster: config.cluster, nodes };
  await write(path, disk, header);
  return header;
}

/** `hale arbiter-disk show`. @throws ClusterError DISK_UNUSABLE */
export async function readArbiterDisk(path: string): Promise<ArbiterContent> {
  await using disk = closing(path);
  const content = await contentOf(disk).catch((cause: Error) => {
    throw unusable("read", path, cause.message, cause);
  });
  if (typeof content === "string") throw unusable("read", path, content);
  return content;
}

/**
 * Why `owner` cannot use the disk as it is; null when it can. For `hale check`: one that hangs is told after a while, though the process
 * cannot end before it answers.
 */
export async function arbiterDiskProblem(path: string, owner: SlotOwner): Promise<string | null> {
  await using disk = closing(path);
  const patience = wait(patienceMs, "it does not answer", { ref: false });
  const content = await Promise.race([contentOf(disk).catch((error: Error) => error.message), patience]);
  const table = typeof content === "string" ? content : readSlots(content, owner);
  return typeof table === "string" ? table : null;
}

async function lookOrCreate(path: string): Promise<DiskLook> {
  if (!path.startsWith("/"))
    throw unusable("make", path, "it is no absolute path, wants one that is the same on all nodes");
  try {
    return await lookAtDisk(path);
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException;
    if (error.code === "EBUSY")
      throw unusable("make", path, "this machine uses it: mounted, or part of something else", error);
    // A name that was mistyped must not become a file in the folder of the devices.
    if (error.code !== "ENOENT" || path.startsWith("/dev/")) throw unusable("make", path, error.message, error);
  }
  await writeFile(path, new Uint8Array(newFileBytes), { flag: "wx", mode: 0o600 }).catch((cause: Error) => {
    throw unusable("make", path, cause.message, cause);
  });
  return lookAtDisk(path);
}

async function whatIsThere(disk: FileArbiterDisk, usedAt: number): Promise<string> {
  const found = await contentOf(disk).catch((error: Error) => error.message);
  const what =
    typeof found === "string"
      ? `it is not empty (from byte ${usedAt} on)`
      : `it is the arbiter disk of cluster "${found.header.cluster}" (${found.header.nodes.join(", ")})`;
  return `${what}; --force overwrites it`;
}

/** The slots first, the header last: half made, it is no arbiter disk. */
async function write(path: string, disk: FileArbiterDisk, header: ArbiterHeader): Promise<void> {
  try {
    await disk.read(blockBytes);
    for (const place of headerPlaces) await disk.write(place, new Uint8Array(blockBytes));
    for (const [slot, node] of header.nodes.entries()) {
      const { vote, beat } = emptySlot(header.disk, node);
      await disk.write(votePlace(slot, 0), voteBlock(vote));
      await disk.write(votePlace(slot, 1), voteBlock(vote));
      await disk.write(beatPlace(slot), beatBlock(beat));
    }
    for (const place of headerPlaces) await disk.write(place, headerBlock(header));
  } catch (cause) {
    throw unusable("make", path, (cause as Error).message, cause as Error);
  }
  const { header: found, slots } = await readArbiterDisk(path);
  if (found.disk !== header.disk || slots.some(({ votes }) => votes.some((vote) => vote?.disk !== header.disk)))
    throw unusable("make", path, "what is read is not what was written");
}

/** The whole content, or what is there instead. Rejects with the system's error. */
async function contentOf(disk: FileArbiterDisk): Promise<ArbiterContent | string> {
  const header = readHeader(await disk.read(areaBytes(0)));
  return typeof header === "string" ? header : readContent(header, await disk.read(areaBytes(header.nodes.length)));
}

function closing(path: string): FileArbiterDisk & AsyncDisposable {
  const disk = new FileArbiterDisk(path, () => undefined);
  return Object.assign(disk, { [Symbol.asyncDispose]: () => disk.close() });
}

function unusable(verb: "make" | "read", path: string, problem: string, cause?: Error): ClusterError {
  const what = verb === "make" ? `Cannot make "${path}" an arbiter disk` : `Cannot read the arbiter disk "${path}"`;
  return new ClusterError("DISK_UNUSABLE", `${what}: ${problem}`, { cause });
}
