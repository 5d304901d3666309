import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Between TERM and KILL. Short: an operation that timed out has had its time, and a fence may wait behind it. */
const termGraceMs = 500;
/** After KILL. What is still there waits in the kernel for a disk or a server, and no signal reaches it. */
const killGraceMs = 2000;
const pollPeriodMs = 5;

/**
 * Ends a process group: TERM, a short wait, KILL, a short wait.
 *
 * @param group its leader's pid
 * @param leaderEnd settles when the leader has exited
 * @returns how it went, for the reason of the outcome
 */
export async function endGroup(group: number, leaderEnd: Promise<unknown>): Promise<string> {
  let isLeaderGone = false;
  void leaderEnd.then(() => {
    isLeaderGone = true;
  });
  const isGone = (): boolean => isLeaderGone && !signalGroup(group, 0);
  signalGroup(group, "SIGTERM");
  if (await waitUntil(isGone, termGraceMs)) return "ended by SIGTERM";
  signalGroup(group, "SIGKILL");
  // A killed child of another parent may stay a zombie in the group until that parent reaps it: the leader is what counts.
  if (await waitUntil(() => isLeaderGone, killGraceMs)) return "ended by SIGKILL";
  return `process ${group} survived SIGKILL${waitsWhere(group)}`;
}

/** False when the group has no process left. */
function signalGroup(group: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-group, signal);
    return true;
  } catch (error) {
    // EPERM: it runs as somebody else by now, so it is there.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

async function waitUntil(isTrue: () => boolean, limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (!isTrue()) {
    if (performance.now() >= end) return false;
    await sleep(pollPeriodMs);
  }
  return true;
}

function waitsWhere(pid: number): string {
  try {
    const place = readFileSync(`/proc/${pid}/wchan`, "utf8").trim();
    return place === "" || place === "0"
      ? ""
      : `, it waits in the kernel (${place}): a disk or network file system does not answer`;
  } catch {
    return "";
  }
}
