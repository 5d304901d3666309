import { realpath, stat } from "node:fs/promises";
import type { FilesystemResource } from "../../model/cluster-config.ts";
import type { Mount } from "./mount-table.ts";

/** What is behind a mount. */
export type DeviceKind = "block" | "network" | "bind" | "none";

/** By what is written; nothing is looked up. */
export function deviceKindOf({ device, fstype = "", options = "" }: FilesystemResource): DeviceKind {
  if (options.split(",").some((option) => option === "bind" || option === "rbind")) return "bind";
  if (networkTypes.includes(fstype) || /^\/\/|^[^/=]+:/.test(device)) return "network";
  return device.startsWith("/") || isTag(device) ? "block" : "none";
}

const networkTypes: readonly string[] = ["nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "9p"];

/** LABEL=data and the like, which findfs(8) turns into a path. */
export function isTag(device: string): boolean {
  return /^(LABEL|UUID|PARTLABEL|PARTUUID)=/.test(device);
}

/** A block device as the kernel knows it. */
export interface BlockDevice {
  /** Without links. */
  readonly path: string;
  /** `8:1`. */
  readonly number: string;
}

/** null: there is no such block device here. Waits for no disk: nodes of devices are in memory. */
export async function lookUpDevice(path: string): Promise<BlockDevice | null> {
  try {
    const real = await realpath(path);
    const found = await stat(real);
    if (!found.isBlockDevice()) return null;
    return { path: real, number: `${major(found.rdev)}:${minor(found.rdev)}` };
  } catch {
    // Not there, which is what the caller wants to know.
    return null;
  }
}

/** As glibc packs them. */
function major(device: number): number {
  const bits = BigInt(device);
  return Number(((bits >> 8n) & 0xfffn) | ((bits >> 32n) & ~0xfffn));
}

function minor(device: number): number {
  const bits = BigInt(device);
  return Number((bits & 0xffn) | ((bits >> 12n) & ~0xffn));
}

/** True when the mount is of this device. Some file systems (btrfs) have a number of their own: those go by their name. */
export function isMountOf(mount: Mount, block: BlockDevice): boolean {
  return mount.deviceNumber === block.number || mount.source === block.path;
}
