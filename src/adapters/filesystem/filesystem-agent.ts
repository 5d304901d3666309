import type { FilesystemResource } from "../../model/cluster-config.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import { firstLine, lastLine } from "../process/limit-line.ts";
import type { Verdict } from "../process/run-operation.ts";
import {
  createStepAgent,
  done,
  failed,
  notRunning,
  type StepAgentOptions,
  type Steps,
  type StepWork,
} from "../process/step-agent.ts";
import { type BlockDevice, deviceKindOf, isMountOf, isTag, lookUpDevice } from "./device.ts";
import { type Mount, readMounts } from "./mount-table.ts";
import { unmountAll } from "./unmount.ts";

/**
 * Mounts, and unmounts, whoever uses it.
 *
 * That no two nodes mount a disk is the core's promise (SAFE-1); here it is refused on the one node: a device that is mounted at another
 * place by somebody else is not mounted a second time.
 */
export function createFilesystemAgent(options: StepAgentOptions): ResourceAgent {
  /** Where labels and ids were found, so that a monitor need not search all disks. */
  const found = new Map<ResourceId, string>();
  const steps: Steps<FilesystemResource> = {
    start: async (resource, work) => start(resource, work, found),
    stop: async (resource, work) => {
      found.delete(resource.id);
      return unmountAll(resource, work);
    },
    monitor: async (resource, work) => monitor(resource, work, found),
  };
  return createStepAgent("filesystem", steps, options);
}

async function start(resource: FilesystemResource, work: StepWork, found: Map<ResourceId, string>): Promise<Verdict> {
  const { directory } = resource;
  const cannot = `Cannot mount ${resource.device} at ${directory}: `;
  const kind = deviceKindOf(resource);
  const block = kind === "block" ? await findDevice(resource, work, found) : null;
  if (kind === "block" && block === null)
    return failed(`${cannot}there is no such block device here: is the disk connected?`);
  const mounts = readMounts();
  const there = lastAt(mounts, directory);
  if (there !== undefined) {
    if (isOurs(there, resource, block)) return done(`was mounted at ${directory} already`);
    return failed(`${cannot}${there.source} is mounted there already: umount ${directory}`, "hard");
  }
  const elsewhere = block === null ? undefined : mounts.find((mount) => isMountOf(mount, block));
  if (elsewhere !== undefined)
    return failed(`${cannot}it is mounted at ${elsewhere.directory} already: umount ${elsewhere.directory}`);
  const checked = block === null ? null : await checkDevice(resource, block, work);
  if (checked !== null) return failed(`${cannot}${checked}`);
  const made = await work.run(["mkdir", "-p", directory]);
  if (made.code !== 0) return failed(`${cannot}${lastLine(made.output)}`);
  const type = resource.fstype === undefined ? [] : ["-t", resource.fstype];
  const options = resource.options === undefined ? [] : ["-o", resource.options];
  const { code, output } = await work.run(["mount", ...type, ...options, block?.path ?? resource.device, directory]);
  if (code === 0) return done(`mounted at ${directory}`);
  // The node lacks the module; another one may have it.
  const severity = /unknown filesystem type/.test(output) ? "hard" : "soft";
  return failed(`${cannot}${firstSaid(output)} (mount exit code ${code})`, severity);
}

/** By label or id where it is written so. */
async function findDevice(
  { id, device }: FilesystemResource,
  work: StepWork,
  found: Map<ResourceId, string>,
): Promise<BlockDevice | null> {
  if (!isTag(device)) return lookUpDevice(device);
  const before = found.get(id);
  if (before !== undefined) return lookUpDevice(before);
  const { code, output } = await work.run(["findfs", device]);
  const path = output.trim().split("\n").at(-1) ?? "";
  if (code !== 0) return null;
  found.set(id, path);
  return lookUpDevice(path);
}

/** Types whose check does, unasked, what is safe, and soon ends when nothing is to be done. */
const checkedTypes: readonly string[] = ["ext2", "ext3", "ext4", "vfat", "exfat"];

/** Why it must not be mounted; null when it may. */
async function checkDevice(
  { fsck, fstype, options = "" }: FilesystemResource,
  { path }: BlockDevice,
  work: StepWork,
): Promise<string | null> {
  if (fsck === "no" || options.split(",").includes("ro")) return null;
  const type = fstype ?? (await work.run(["blkid", "-o", "value", "-s", "TYPE", path])).output.trim();
  if (!checkedTypes.includes(type)) return null;
  const force = fsck === "force" ? ["-f"] : [];
  const { code, output } = await work.run(["fsck", "-T", "-t", type, "-a", ...force, path]);
  // 1: errors were repaired. 2: and the machine should be rebooted, which is said of file systems that are mounted.
  if ((code & ~3) === 0) return null;
  if ((code & 4) !== 0) return `it has errors that are not repaired unasked: fsck ${path}, by hand, on one node`;
  return `fsck failed (exit code ${code}): ${lastLine(output)}`;
}

async function monitor(resource: FilesystemResource, work: StepWork, found: Map<ResourceId, string>): Promise<Verdict> {
  const there = lastAt(readMounts(), resource.directory);
  if (there === undefined) return notRunning("not mounted");
  work.foundSomething();
  const kind = deviceKindOf(resource);
  const block = kind === "block" ? await findDevice(resource, work, found) : null;
  if (!isOurs(there, resource, block)) return notRunning(`not mounted: ${there.source} is at ${resource.directory}`);
  const broken = `Mount ${resource.directory}: `;
  const isReadOnlyWanted = (resource.options ?? "").split(",").includes("ro");
  if (!isReadOnlyWanted && there.superOptions.includes("ro") && there.options.includes("rw"))
    return failed(`${broken}the kernel has set it read-only after an error: see dmesg`);
  const asked = await work.run(["stat", "-f", "-c", "%T", resource.directory]);
  if (asked.code !== 0) return failed(`${broken}${lastLine(asked.output)}`);
  // Past the kernel's memory: what is cached would be read from a disk that is long gone.
  const read = ["dd", `if=${block?.path}`, "of=/dev/null", "bs=4096", "count=1", "iflag=direct", "status=none"];
  const { code, output } = block === null ? { code: 0, output: "" } : await work.run(read);
  if (code !== 0) return failed(`${broken}${resource.device} cannot be read: ${lastLine(output)}`);
  return done(`mounted, and answers`);
}

/** What is seen there: later mounts cover earlier ones. */
function lastAt(mounts: readonly Mount[], directory: string): Mount | undefined {
  return mounts.findLast((mount) => mount.directory === directory);
}

function isOurs(mount: Mount, resource: FilesystemResource, block: BlockDevice | null): boolean {
  switch (deviceKindOf(resource)) {
    case "block":
      // Found by nobody any more, and something is mounted there: it was found once.
      return block === null ? isTag(resource.device) : isMountOf(mount, block);
    case "bind":
      return mount.root === "/" || resource.device.endsWith(mount.root);
    case "network":
    case "none":
      return mount.source.replace(/\/$/, "") === resource.device.replace(/\/$/, "");
  }
}

/** mount(8) says first what is wrong, then where to read on. */
function firstSaid(output: string): string {
  return firstLine(output).replace(/^mount: [^:]*: /, "");
}
