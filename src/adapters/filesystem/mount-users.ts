import { readdir, readFile, readlink } from "node:fs/promises";
import { isBelow } from "./mount-table.ts";

/** A process that keeps a mount busy. */
export interface MountUser {
  readonly pid: number;
  readonly name: string;
}

/**
 * Who has a file, a working folder, a root or a program below one of the directories. Reads what the kernel has in memory, and no file of the
 * mount itself, which may not answer.
 */
export async function usersOf(directories: readonly string[]): Promise<readonly MountUser[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const users: MountUser[] = [];
  for (const pid of pids) {
    // Never the daemon itself, nor init: what they hold is no service's.
    if (pid === process.pid || pid === 1) continue;
    if (await isUser(pid, directories)) users.push({ pid, name: await nameOf(pid) });
  }
  return users;
}

/** `smbd (4711), bash (4712)`, the first few. */
export function usersText(users: readonly MountUser[]): string {
  const shown = users.slice(0, usersShown).map(({ pid, name }) => `${name} (${pid})`);
  const more = users.length > usersShown ? `, and ${users.length - usersShown} more` : "";
  return `${shown.join(", ")}${more}`;
}

const usersShown = 8;

async function isUser(pid: number, directories: readonly string[]): Promise<boolean> {
  const isInside = (path: string): boolean =>
    directories.some((directory) => path === directory || isBelow(path, directory));
  for (const link of ["cwd", "root", "exe"]) if (isInside(await targetOf(`/proc/${pid}/${link}`))) return true;
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  for (const descriptor of descriptors) if (isInside(await targetOf(`/proc/${pid}/fd/${descriptor}`))) return true;
  const maps = await readFile(`/proc/${pid}/maps`, "utf8").catch(() => "");
  return maps.split("\n").some((line) => isInside(line.split(/\s+/, 6)[5] ?? ""));
}

/** Empty for a process that is gone, or a kernel's own. */
async function targetOf(link: string): Promise<string> {
  return (await readlink(link).catch(() => "")).replace(/ \(deleted\)$/, "");
}

async function nameOf(pid: number): Promise<string> {
  return (await readFile(`/proc/${pid}/comm`, "utf8").catch(() => "gone")).trim();
}
