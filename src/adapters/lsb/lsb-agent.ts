import type { Operation, OperationAction, OperationOutcome } from "../../model/operation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import { lastLine } from "../process/limit-line.ts";
import type { ProgramRunner } from "../process/program-runner.ts";
import { runOperation, type Verdict, wrongKind } from "../process/run-operation.ts";

/** What an LSB agent runner is made of. */
export interface LsbAgentOptions {
  readonly clock: Pick<Clock, "now">;
  readonly runner: ProgramRunner;
}

/** Runs init scripts: `start`, `stop`, and `status` as the monitor. */
export function createLsbAgent(options: LsbAgentOptions): ResourceAgent {
  return {
    kind: "lsb",
    async run(operation: Operation, signal: AbortSignal): Promise<OperationOutcome> {
      const { resource, action } = operation;
      if (resource.kind !== "lsb") return wrongKind(operation, "lsb");
      const judgeExit = (code: number, output: string): Verdict => lsbVerdict(action, code, lastLine(output));
      const argv = [resource.script, action === "monitor" ? "status" : action];
      return runOperation({ ...options, judgeExit }, operation, { argv, environment: {} }, signal);
    },
    onDeath: (tell) => options.runner.deaths.listen(tell),
    close: async () => Promise.resolve(),
  };
}

/**
 * What an exit code of an init script means (LSB 5.0, 20.2).
 *
 * A dead daemon that left its pid or lock file (status 1, 2) is not running: there is nothing to wait for. `stop` with code 7, "not
 * running", has reached its goal, although the standard wants 0.
 *
 * @param said the last line of output, for the reason
 */
export function lsbVerdict(action: OperationAction, code: number, said: string): Verdict {
  if (code === 0) return { status: "ok", severity: "none", reason: action === "monitor" ? "runs" : "done" };
  if (action === "stop" && code === 7) return { status: "ok", severity: "none", reason: "was not running" };
  const words = action === "monitor" ? statusMeanings.get(code) : actionMeanings.get(code);
  const meaning = `${words ?? "the script failed"} (exit code ${code})`;
  const reason = said === "" ? meaning : `${said} (${meaning})`;
  if (action === "monitor") {
    if (code >= 1 && code <= 3) return { status: "not-running", severity: "none", reason: meaning };
    return { status: "failed", severity: code === 150 || code === 151 ? "hard" : "soft", reason };
  }
  return { status: "failed", severity: code >= 2 && code <= 6 ? "hard" : "soft", reason };
}

const statusMeanings: ReadonlyMap<number, string> = new Map([
  [1, "dead, its pid file is left"],
  [2, "dead, its lock file is left"],
  [3, "not running"],
  [4, "the script does not know whether it runs"],
  [150, "not installed"],
  [151, "the script lacks a permission"],
]);

const actionMeanings: ReadonlyMap<number, string> = new Map([
  [1, "the script failed"],
  [2, "the script wants other arguments"],
  [3, "the script does not know this action"],
  [4, "the script lacks a permission"],
  [5, "the program is not installed"],
  [6, "the program is not configured"],
  [7, "the program is not running"],
]);
