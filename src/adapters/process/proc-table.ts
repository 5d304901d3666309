import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What the kernel tells of a process in /proc/PID/stat. */
export interface ProcessFacts {
  /** As the kernel cuts it: at most 15 characters. */
  readonly name: string;
  readonly isZombie: boolean;
  readonly parent: number;
  /** In ticks of 10 ms since boot; with the pid it names a process for good, because pids are used again. */
  readonly startTime: number;
}

/** null when there is no such process. */
export function factsOf(pid: number): ProcessFacts | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in field 2 may hold blanks and parentheses.
    const end = stat.lastIndexOf(")");
    const [state, parent, ...fields] = stat.slice(end + 2).split(" ");
    const name = stat.slice(stat.indexOf("(") + 1, end);
    return { name, isZombie: state === "Z", parent: Number(parent), startTime: Number(fields[17]) };
  } catch {
    return null;
  }
}

/** Who takes over what our children leave behind: init, or an ancestor of ours that stands in for it. */
export function ownAncestors(): ReadonlySet<number> {
  const ancestors = new Set([1]);
  // 0: the parent is of another pid namespace.
  for (let pid = process.ppid; pid > 0 && !ancestors.has(pid); pid = factsOf(pid)?.parent ?? 0) ancestors.add(pid);
  return ancestors;
}

/** Lists the processes that may be left by programs of ours: those of our own control group, else all that there are. */
export function ownProcesses(list = ownList()): readonly number[] {
  try {
    const text = list === null ? readdirSync("/proc") : readFileSync(list, "latin1").split("\n");
    // 0 is a process of another pid namespace.
    return text.map(Number).filter((pid) => pid > 0);
  } catch {
    return [];
  }
}

let foundList: string | null | undefined;

/** The kernel's list of our control group: of the unified hierarchy, or of systemd's own. null: there is none to be read. */
function ownList(): string | null {
  if (foundList === undefined) {
    try {
      foundList = findOwnList(readFileSync("/proc/self/cgroup", "utf8"), readFileSync("/proc/self/mountinfo", "utf8"));
      if (foundList !== null) readFileSync(foundList);
    } catch {
      // No control groups, or not for us to see: every process is looked at.
      foundList = null;
    }
  }
  return foundList;
}

/**
 * @param groups as /proc/self/cgroup: `0::/system.slice/haled.service`
 * @param mounts as /proc/self/mountinfo
 */
export function findOwnList(groups: string, mounts: string): string | null {
  const places = [
    { group: /^0::(\/.*)$/m.exec(groups)?.[1], mount: /^(?:\S+ ){3}(\S+) (\S+) .* - cgroup2 / },
    { group: /:name=systemd:(\/.*)$/m.exec(groups)?.[1], mount: /^(?:\S+ ){3}(\S+) (\S+) .* - cgroup .*name=systemd/ },
  ];
  for (const { group, mount } of places) {
    // "/..": of a container that sees another part of the tree.
    if (group === undefined || group.startsWith("/..")) continue;
    for (const line of mounts.split("\n")) {
      const [, root = "", at = ""] = mount.exec(line) ?? [];
      if (at === "" || (root !== "/" && group !== root && !group.startsWith(`${root}/`))) continue;
      return join(at, root === "/" ? group : group.slice(root.length), "cgroup.procs");
    }
  }
  return null;
}
