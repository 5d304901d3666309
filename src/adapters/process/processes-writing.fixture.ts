import { readlinkSync } from "node:fs";
import { ownProcesses } from "./proc-table.ts";

/** For tests, beside which others start processes of their own: those that have their standard output in this folder. */
export function processesWriting(folder: string): readonly number[] {
  return ownProcesses().filter((pid) => outputOf(pid).startsWith(folder));
}

function outputOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/1`);
  } catch {
    return "";
  }
}
