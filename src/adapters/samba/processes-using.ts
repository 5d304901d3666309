import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** A process of an instance. */
export interface InstanceProcess {
  readonly pid: number;
  readonly name: string;
}

/** What Samba calls its processes. Only they are looked into: a machine has thousands of others. */
const names = /^(smbd|nmbd|samba|rpcd|cleanupd|lpqd)/;

/**
 * Samba's processes that were started with a configuration in the folder, or have a file below it open: each of an instance has databases there, and its
 * helpers know it by the command line.
 */
export function processesUsing(folder: string): readonly InstanceProcess[] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid): readonly InstanceProcess[] => {
    const name = textOf(join("/proc", pid, "comm")).trim();
    if (!names.test(name)) return [];
    const isIts = textOf(join("/proc", pid, "cmdline")).includes(`${folder}/`) || hasOpen(pid, `${folder}/`);
    return isIts ? [{ pid: Number(pid), name }] : [];
  });
}

/** What a process is called, and its command line; of one that has ended only the first. */
export function processLine(pid: number): string {
  const folder = join("/proc", String(pid));
  return `${textOf(join(folder, "comm")).trim()} ${textOf(join(folder, "cmdline"))}`;
}

function hasOpen(pid: string, prefix: string): boolean {
  const folder = join("/proc", pid, "fd");
  try {
    return readdirSync(folder).some((descriptor) => targetOf(join(folder, descriptor)).startsWith(prefix));
  } catch {
    // It has just ended.
    return false;
  }
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // It has just closed it.
    return "";
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It has just ended.
    return "";
  }
}
