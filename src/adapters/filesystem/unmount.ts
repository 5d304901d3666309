import type { FilesystemResource } from "../../model/cluster-config.ts";
import { lastLine } from "../process/limit-line.ts";
import type { Verdict } from "../process/run-operation.ts";
import { done, failed, type StepWork } from "../process/step-agent.ts";
import { mountsBelow, readMounts } from "./mount-table.ts";
import { usersOf, usersText } from "./mount-users.ts";

/** How long users may take to end when they are asked to, at most; of a short time-out a third. */
const termMsMax = 5000;
/** How long what no process uses may be busy, at most; of a short time-out half. The kernel lets go by itself of what it has served by NFS, a moment later. */
const kernelMsMax = 30_000;
const pausePeriodMs = 100;
/** Mounts at and below a directory that are undone one after another; more come faster than they go. */
const roundsMax = 1000;

/**
 * Undoes every mount at the directory and below it, the last first. Who uses one is asked to end (TERM), then ended (KILL); it is said who.
 * Nothing is unmounted lazily: a disk that still writes must not count as given up.
 */
export async function unmountAll({ directory, device }: FilesystemResource, work: StepWork): Promise<Verdict> {
  /** What was left of the time when it was first found busy; null: it was not yet. */
  let busyAtMs: number | null = null;
  let wasKilled = false;
  for (let rounds = 0; rounds < roundsMax; rounds += 1) {
    const mounts = mountsBelow(readMounts(), directory);
    const [mount] = mounts;
    if (mount === undefined) return done(rounds === 0 ? "was not mounted" : "unmounted");
    work.foundSomething();
    const { code, output } = await work.run(["umount", mount.directory]);
    if (code === 0) continue;
    if (!/busy/.test(output)) return failed(`Cannot unmount ${mount.directory}: ${lastLine(output)}`);
    const users = await usersOf(mounts.map((one) => one.directory));
    const isFirst = busyAtMs === null;
    // From now on: looking for them may have taken its time.
    const leftMs = work.timeLeftMs();
    busyAtMs ??= leftMs;
    if (users.length === 0 && leftMs <= busyAtMs - Math.min(kernelMsMax, busyAtMs / 2))
      return failed(nobody(mount.directory));
    const isPatienceOver = leftMs <= busyAtMs - Math.min(termMsMax, busyAtMs / 3);
    if (isFirst || isPatienceOver) {
      const signal = isFirst ? "SIGTERM" : "SIGKILL";
      if (users.length > 0 && !wasKilled)
        work.say(`${signal} to who uses ${mount.directory} (${device}): ${usersText(users)}`);
      for (const { pid } of users) end(pid, signal);
      wasKilled = !isFirst;
    }
    await work.pause(pausePeriodMs);
  }
  return failed(`Cannot unmount ${directory}: it is mounted again and again`);
}

function nobody(directory: string): string {
  return `Cannot unmount ${directory}: it is busy, and no process of this machine uses it: an NFS export, a loop device, swap, or another mount namespace (a container)?`;
}

function end(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself meanwhile.
  }
}
