import { readdirSync, readlinkSync } from "node:fs";
import { basename } from "node:path";
import { libcProblem, loadLibc } from "./libc.ts";

const ordinary = 0;
const roundRobin = 2;
const resetOnFork = 0x40000000;
/**
 * Low among the real-time priorities: before every ordinary task, after the kernel's own threads. Heartbeats go before all else in
 * the daemon, so that a busy loop is known by what the beats say and not by their absence.
 */
const priorities = { thread: 2, process: 1 };

/**
 * Node's option without which no thread may run in real time. With it the collector does its work in the thread whose memory it is.
 * Without it that thread asks V8's helpers again and again whether they are done, and never lets those ordinary helpers run: two such
 * threads stop everything else on two processors, until the kernel takes the processors away from them for a while.
 *
 * It must be there when node starts: V8 breaks when its collector is changed later.
 */
export const ownCollector = "--single-threaded-gc";

/**
 * Schedules the calling thread, and no other, before all ordinary ones (SCHED_RR): p99 lateness of a timer under load falls from
 * 20 ms to below 1. Threads and programs that it starts are ordinary again (SCHED_RESET_ON_FORK).
 *
 * @returns null when done, otherwise why not, for the log
 */
export function raiseThisThread(): string | null {
  return schedule(0, roundRobin, priorities.thread);
}

/**
 * Schedules every thread that the process has by now before all ordinary ones, a little below `raiseThisThread`; the calling thread
 * stays as it is when it is raised already. Node's helpers are among them on purpose: the loop waits for the disk's threads with each
 * write, and for the collector's. Programs that it starts are ordinary.
 *
 * @returns null when done, otherwise why not, for the log
 */
export function raiseThreads(): string | null {
  return forThreads(roundRobin, priorities.process);
}

/** Makes every other thread of the process an ordinary one again. @returns null when done, otherwise why not */
export function lowerOtherThreads(): string | null {
  return forThreads(ordinary, 0, ownThread());
}

/** Raises every other thread of the process again after `lowerOtherThreads`. @returns null when done, otherwise why not */
export function raiseOtherThreads(): string | null {
  return forThreads(roundRobin, priorities.process, ownThread());
}

function forThreads(policy: number, priority: number, spared?: string): string | null {
  for (const thread of readdirSync("/proc/self/task").filter((name) => name !== spared)) {
    const problem = schedule(Number(thread), policy, priority);
    // ESRCH: it has ended since.
    if (problem !== null && problem !== "errno 3") return problem;
  }
  return null;
}

/** The kernel's number of the calling thread. */
function ownThread(): string {
  return basename(readlinkSync("/proc/thread-self"));
}

function schedule(thread: number, policy: number, priority: number): string | null {
  const libc = loadLibc();
  if (libc === null) return `no koffi (${libcProblem()})`;
  if (policy === roundRobin && !process.execArgv.includes(ownCollector))
    return `node runs without ${ownCollector}; start haled as a program, by its own first line`;
  const parameter = Buffer.alloc(4);
  parameter.writeInt32LE(priority);
  if (libc.schedSetscheduler(thread, policy | resetOnFork, parameter) === 0) return null;
  const errno = libc.errno();
  return errno === 1 ? "EPERM, needs root or CAP_SYS_NICE" : `errno ${errno}`;
}
