import { existsSync } from "node:fs";
import { chmod, chown, mkdir, readdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The programs that hosts run come from here. */
const checkout = new URL("../", import.meta.url).pathname.replace(/\/$/, "");

/** Where the fence agent in a host finds the power control of the lab. */
export const controlInHost = "/run/hale-lab";

const agentsFolder = "/usr/lib/ocf/resource.d";

/** A folder that all hosts share, as they would share a file server that never fails: locks count on all of them. */
export const sharedInHost = "/run/hale-shared";

/** Copy-on-write layers over the machine's folders: installed programs find what they came with. */
const layers = ["/etc", "/var", "/root", "/srv"];

/** Without the files that the machine has there. */
const ownFolders = ["/etc/hale", "/var/lib/hale", "/var/log"];

const logFoldersDepth = 2;

/**
 * Where a file of a host lies on its disk, as seen from outside. A file of a layer is there only once the host has
 * written it.
 *
 * @returns undefined when `path` is not on the disk
 */
export function onDisk(disk: string, path: string): string | undefined {
  const isUnder = (folder: string) => path.startsWith(`${folder}/`);
  if (ownFolders.some(isUnder)) return join(disk, "own", path);
  return layers.some(isUnder) ? join(disk, "layers", path) : undefined;
}

/**
 * Make the disk of a host that is powered on for the first time.
 *
 * @param disk its folder, absolute
 * @param hostsFile text of `/etc/hosts`
 */
export async function makeDisk(lab: string, disk: string, name: string, hostsFile: string): Promise<void> {
  const folders = [
    ...layers.flatMap((tree) => [join(disk, "layers", tree), join(disk, "work", tree)]),
    ...ownFolders.map((folder) => join(disk, "own", folder)),
  ];
  await Promise.all(folders.map(async (folder) => mkdir(folder, { recursive: true })));
  await Promise.all([
    copyFolders("/var/log", join(disk, "own/var/log"), logFoldersDepth),
    writeFile(join(disk, "layers/etc/hosts"), hostsFile),
    writeFile(join(disk, "layers/etc/hostname"), `${name}\n`),
    writeFile(fstabOf(disk), fstab(lab, disk)),
  ]);
}

/** Installed services want their folders in `/var/log`; what is in them is not the host's. */
async function copyFolders(from: string, to: string, depth: number): Promise<void> {
  const entries = depth > 0 ? await readdir(from, { withFileTypes: true }) : [];
  for (const { name } of entries.filter((entry) => entry.isDirectory())) {
    const { mode, uid, gid } = await stat(join(from, name));
    await mkdir(join(to, name), { recursive: true });
    await Promise.all([chmod(join(to, name), mode & 0o7777), chown(join(to, name), uid, gid)]);
    await copyFolders(join(from, name), join(to, name), depth - 1);
  }
}

/** The file that `host-init.sh` mounts from. */
export function fstabOf(disk: string): string {
  return join(disk, "fstab");
}

/**
 * All mounts of a host in one file, so that one `mount --all` makes them: a program per mount would take three times
 * as long. Sources have names of their own, because `mount --all` skips what looks mounted already.
 */
function fstab(lab: string, disk: string): string {
  const overlays = layers.map((tree) => {
    const written = `upperdir=${join(disk, "layers", tree)},workdir=${join(disk, "work", tree)}`;
    return `lab${tree} ${tree} overlay lowerdir=${tree},${written}`;
  });
  return [
    "lab-proc /proc proc defaults",
    "lab-sys /sys sysfs defaults",
    // A self-fencing program that writes "b" there would reboot the machine; sbd would allow itself to.
    ...["/proc/sysrq-trigger", "/proc/sys/kernel/sysrq"]
      .filter((path) => existsSync(path))
      .map((path) => `/dev/null ${path} none bind`),
    ...overlays,
    ...ownFolders.map((folder) => `${join(disk, "own", folder)} ${folder} none bind,X-mount.mkdir`),
    // Read-only for want of an upper layer; adds the lab's fence agent to the machine's.
    `lab-sbin /usr/sbin overlay lowerdir=${join(lab, "sbin")}:/usr/sbin`,
    // Adds the agents that come with hale to the machine's.
    ...(existsSync(agentsFolder)
      ? [`lab-agents ${agentsFolder} overlay lowerdir=${join(checkout, "agents")}:${agentsFolder}`]
      : []),
    "lab-run /run tmpfs mode=755",
    "lab-lock /run/lock tmpfs mode=1777,X-mount.mkdir",
    `${join(lab, "control")} ${controlInHost} none bind,X-mount.mkdir`,
    `${join(lab, "shared")} ${sharedInHost} none bind,X-mount.mkdir`,
    "lab-shm /dev/shm tmpfs mode=1777",
    ...withOwnTmp(["lab-tmp /tmp tmpfs mode=1777"]),
    "",
  ].join("\n");
}

/** After all other mounts, because it hides the lab's folder. A checkout in /tmp is hidden with it, so it is carried over. */
function withOwnTmp(mount: readonly string[]): readonly string[] {
  if (!checkout.startsWith("/tmp/")) return mount;
  const aside = "/run/hale-checkout";
  return [`${checkout} ${aside} none bind,X-mount.mkdir`, ...mount, `${aside} ${checkout} none bind,X-mount.mkdir`];
}
