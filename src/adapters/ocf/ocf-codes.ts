import type { OperationAction } from "../../model/operation.ts";
import type { Verdict } from "../process/run-operation.ts";

/**
 * What an OCF exit code means for hale (OCF 1.1; reactions as in Pacemaker).
 *
 * @param isProbe a monitor of a resource that this daemon does not know to run: there "not installed" means "cannot be here"
 */
export function ocfVerdict(action: OperationAction, code: number, isProbe: boolean): Verdict {
  if (code === 0) return { status: "ok", severity: "none", reason: action === "monitor" ? "runs" : "done" };
  const meaning = meanings.get(code);
  const reason =
    meaning === undefined ? `exit code ${code}, which OCF does not define` : `${meaning} (exit code ${code})`;
  if (action === "monitor") {
    if (code === 7) return { status: "not-running", severity: "none", reason: "not running" };
    if (code === 8) return { status: "ok", severity: "none", reason };
    // What an agent cannot look at is no reason to restart it; a probe without an answer leaves the question open.
    if (code === 3 && !isProbe) return { status: "ok", severity: "none", reason: `not looked at: ${reason}` };
    if (code === 5 && isProbe) return { status: "not-running", severity: "hard", reason };
  }
  const isDegraded = code === 190 || code === 191;
  if (isDegraded && action !== "stop") return { status: "ok", severity: "none", reason, isDegraded };
  return { status: "failed", severity: severityOf(code), reason };
}

/**
 * The same for the promoted role: what runs unpromoted, or not at all, does not have it, and a demotion of such has nothing to do.
 *
 * @param action of the role: start is promote, stop is demote
 */
export function roleVerdict(action: OperationAction, code: number): Verdict {
  const verdict = ocfVerdict(action, code, true);
  if (action === "stop" && code === 7) return { status: "ok", severity: "none", reason: "not running" };
  if (action !== "monitor") return verdict;
  if (code === 0 || code === 190) return { status: "not-running", severity: "none", reason: "runs unpromoted" };
  return code === 191 ? { ...ocfVerdict(action, code, false), isDegraded: true } : verdict;
}

const meanings: ReadonlyMap<number, string> = new Map([
  [1, "the agent reported a failure"],
  [2, "a parameter is wrong for this node"],
  [3, "the agent does not know this action"],
  [4, "the agent lacks a permission"],
  [5, "a program or file that the agent needs is not installed here"],
  [6, "the configuration of the resource is wrong"],
  [7, "not running"],
  [8, "runs in the promoted role"],
  [9, "failed in the promoted role"],
  [190, "runs, but degraded"],
  [191, "runs in the promoted role, but degraded"],
]);

function severityOf(code: number): "soft" | "hard" | "fatal" {
  if (code === 6) return "fatal";
  return code >= 2 && code <= 5 ? "hard" : "soft";
}
