import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** What is to be known of a device before it is written for the first time. */
export interface DiskLook {
  readonly isDevice: boolean;
  readonly sizeBytes: number;
  /** Where something is written that is no zero, in bytes from the beginning; null: nowhere that was looked at. */
  readonly usedAt: number | null;
}

/** File systems, volume managers and partition tables write into the first or the last of these. */
const lookBytes = 1 << 20;

/**
 * Looks at the beginning and the end of a block device or a file.
 *
 * Rejects with the system's error; a block device that is mounted or part of something else gives EBUSY.
 */
export async function lookAtDisk(path: string): Promise<DiskLook> {
  // O_EXCL without O_CREAT is for block devices, and means: only when the kernel itself does not use it.
  const handle = await open(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_EXCL);
  try {
    const stats = await handle.stat();
    if (!stats.isBlockDevice() && !stats.isFile()) throw new Error("neither a block device nor a file");
    const sizeBytes = await sizeOf(handle, stats);
    const head = await firstUsed(handle, 0, Math.min(lookBytes, sizeBytes));
    const tail = head ?? (await firstUsed(handle, Math.max(0, sizeBytes - lookBytes), sizeBytes));
    return { isDevice: stats.isBlockDevice(), sizeBytes, usedAt: tail };
  } finally {
    await handle.close();
  }
}

async function sizeOf(handle: FileHandle, stats: Stats): Promise<number> {
  if (stats.isFile()) return stats.size;
  // A block device has no size of its own. Where nothing more can be read is its end: found by halving.
  const probe = new Uint8Array(1);
  const isInside = async (place: number): Promise<boolean> => (await handle.read(probe, 0, 1, place)).bytesRead === 1;
  let [inside, outside] = [-1, 512];
  while (await isInside(outside)) [inside, outside] = [outside, outside * 2];
  while (outside - inside > 1) {
    const middle = Math.floor((inside + outside) / 2);
    if (await isInside(middle)) inside = middle;
    else outside = middle;
  }
  return outside;
}

async function firstUsed(handle: FileHandle, from: number, to: number): Promise<number | null> {
  const buffer = new Uint8Array(Math.max(0, to - from));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
  const found = buffer.subarray(0, bytesRead).findIndex((byte) => byte !== 0);
  return found < 0 ? null : from + found;
}
