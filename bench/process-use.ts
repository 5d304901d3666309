import { readFileSync } from "node:fs";

/** What a process costs. */
export interface Use {
  /** Seconds of processor time, with that of the children it has waited for. */
  readonly cpuS: number;
  readonly memoryMib: number;
}

const ticksPerSecond = 100;

/** Of one process since its start. @param folder its folder in /proc */
export function useSoFar(folder: string): Use {
  const { own, children } = processorTime(folder);
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`${folder}/status`, "utf8"))?.[1];
  return { cpuS: own + children, memoryMib: Number(resident) / 1024 };
}

/** Of one process with its threads, and of the children it has waited for, in seconds. @param folder its folder in /proc */
export function processorTime(folder: string): { readonly own: number; readonly children: number } {
  const stat = readFileSync(`${folder}/stat`, "utf8");
  // The name is in brackets and may hold anything; utime, stime, cutime and cstime are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  return { own: (user + system) / ticksPerSecond, children: (childUser + childSystem) / ticksPerSecond };
}
