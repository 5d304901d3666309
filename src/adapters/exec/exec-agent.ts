import type { NodeId } from "../../model/ids.ts";
import type { Operation, OperationAction, OperationOutcome } from "../../model/operation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import { lastLine } from "../process/limit-line.ts";
import type { ProgramRunner } from "../process/program-runner.ts";
import { runOperation, type Verdict, wrongKind } from "../process/run-operation.ts";

/** What an exec agent runner is made of. */
export interface ExecAgentOptions {
  readonly clock: Pick<Clock, "now">;
  readonly runner: ProgramRunner;
  /** This node; the commands find it in `HALE_NODE`. */
  readonly node: NodeId;
}

/** Runs the three commands of an exec resource, with HALE_SERVICE, HALE_RESOURCE, HALE_ACTION and HALE_NODE in their environment. */
export function createExecAgent({ clock, runner, node }: ExecAgentOptions): ResourceAgent {
  return {
    kind: "exec",
    async run(operation: Operation, signal: AbortSignal): Promise<OperationOutcome> {
      const { resource, action, service } = operation;
      if (resource.kind !== "exec") return wrongKind(operation, "exec");
      const environment = {
        HALE_SERVICE: service,
        HALE_RESOURCE: resource.name,
        HALE_ACTION: action,
        HALE_NODE: node,
      };
      const judgeExit = (code: number, output: string): Verdict => execVerdict(action, code, lastLine(output));
      return runOperation({ clock, runner, judgeExit }, operation, { argv: resource[action], environment }, signal);
    },
    onDeath: (tell) => runner.deaths.listen(tell),
    close: async () => Promise.resolve(),
  };
}

/** What an exit code of an administrator's command means: 0 well, 7 of a monitor stopped, anything else failed here. */
export function execVerdict(action: OperationAction, code: number, said: string): Verdict {
  if (code === 0) return { status: "ok", severity: "none", reason: action === "monitor" ? "runs" : "done" };
  if (action === "monitor" && code === 7) return { status: "not-running", severity: "none", reason: "not running" };
  const reason = said === "" ? `exit code ${code}` : `${said} (exit code ${code})`;
  return { status: "failed", severity: "soft", reason };
}
