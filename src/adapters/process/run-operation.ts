import type { Operation, OperationOutcome } from "../../model/operation.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { Clock } from "../../ports/clock.ts";
import { limitLine } from "./limit-line.ts";
import type { ProgramCall, ProgramEnd, ProgramRunner } from "./program-runner.ts";
import { tellingDeaths } from "./tell-deaths.ts";

/** The part of an outcome that an exit code decides. */
export type Verdict = Pick<OperationOutcome, "status" | "severity" | "reason" | "isDegraded">;

/** What the kinds of agents that are programs differ in. */
export interface ProgramAgent {
  readonly runner: ProgramRunner;
  /** Local time, for the lease of a start. */
  readonly clock: Pick<Clock, "now">;
  readonly judgeExit: (code: number, output: string) => Verdict;
  /** Of a program that could not be started. Default: failed, hard. */
  readonly judgeNotStarted?: (end: Extract<ProgramEnd, { kind: "not-started" }>) => Verdict;
}

/** Runs one operation as one program; everything that is not an exit code means the same for every kind. */
export async function runOperation(
  { runner, clock, judgeExit, judgeNotStarted }: ProgramAgent,
  operation: Operation,
  call: Pick<ProgramCall, "argv" | "environment">,
  signal: AbortSignal,
): Promise<OperationOutcome> {
  const { action, timeoutMs, notAfter, resource } = operation;
  // The last look before the program runs: see Operation.notAfter.
  if (action === "start" && clock.now() >= notAfter) return refused();
  const outputName = outputNameOf(resource.id, action);
  return tellingDeaths(runner.deaths, operation, async () => {
    const { end, output, durationMs } = await runner.run({ ...call, timeoutMs, outputName }, signal);
    const verdict = judgeEnd(end, timeoutMs, (code) => judgeExit(code, output), judgeNotStarted);
    return { ...verdict, reason: limitLine(verdict.reason), output, durationMs, ...factsOf(end) };
  });
}

/** What the end of a program means; its exit code, the caller knows. */
export function judgeEnd(
  end: ProgramEnd,
  timeoutMs: number,
  judgeExit: (code: number) => Verdict,
  judgeNotStarted?: ProgramAgent["judgeNotStarted"],
): Verdict {
  switch (end.kind) {
    case "exited":
      return judgeExit(end.code);
    case "killed":
      return { status: "failed", severity: "soft", reason: `killed by ${end.signal}` };
    case "timed-out":
      return { status: "timed-out", severity: "soft", reason: `not done after ${timeoutMs} ms, ${end.detail}` };
    case "aborted":
      return { status: "failed", severity: "soft", reason: `cancelled, ${end.detail}` };
    case "not-started":
      if (end.isPassing) return { status: "failed", severity: "soft", reason: end.reason };
      return judgeNotStarted?.(end) ?? { status: "failed", severity: "hard", reason: end.reason };
    default:
      return unreachable(end);
  }
}

/** The outcome for a resource that came to an agent of another kind: a mistake of ours, wrong on every node. */
export function wrongKind({ resource }: Pick<Operation, "resource">, wanted: string): OperationOutcome {
  const reason = `Cannot run "${resource.name}": it is ${resource.kind}, not ${wanted}`;
  return { status: "failed", severity: "fatal", reason, output: "", durationMs: 0 };
}

/** A file name that says whose output it is; no two resources share one, whatever characters their names have. */
export function outputNameOf(id: string, action: string): string {
  return `${encodeURIComponent(id).replaceAll("%", "+").slice(0, 200)}.${action}`;
}

function refused(): OperationOutcome {
  return { status: "refused", severity: "none", reason: "the lease had run out", output: "", durationMs: 0 };
}

function factsOf(end: ProgramEnd): Pick<OperationOutcome, "code" | "cannotBegin"> {
  if (end.kind === "exited") return { code: end.code };
  return end.kind === "not-started" && !end.isPassing ? { cannotBegin: true } : {};
}
