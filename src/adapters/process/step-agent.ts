import { setTimeout as sleep } from "node:timers/promises";
import type { ResourceConfig } from "../../model/cluster-config.ts";
import type { Operation, OperationAction, OperationOutcome } from "../../model/operation.ts";
import { unreachable } from "../../model/unreachable.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import { limitLine } from "./limit-line.ts";
import { decodeEnd } from "./output-file.ts";
import type { ProgramRunner } from "./program-runner.ts";
import { outputNameOf, type Verdict, wrongKind } from "./run-operation.ts";
import { tellingDeaths } from "./tell-deaths.ts";

/**
 * Agents of ours whose operations are several programs one after another (find the device, check it, mount it).
 *
 * Whatever may hang (a disk, a server) is done by a program and never by the daemon itself: each has what is left of the operation's
 * time, and is ended with its group. So an operation ends in time, whatever the device does.
 */
export type Steps<Resource extends ResourceConfig> = Readonly<
  Record<OperationAction, (resource: Resource, work: StepWork) => Promise<Verdict>>
>;

/** What came of one program. */
export interface StepResult {
  readonly code: number;
  /** The end of what it said, at most 4 KiB. */
  readonly output: string;
}

/** What the steps of one operation work with. Every method rejects with `StepsEnded` when the time is over. */
export interface StepWork {
  /** Runs a program to its end, whatever its exit code. */
  run(argv: readonly string[], environment?: Readonly<Record<string, string>>): Promise<StepResult>;
  pause(spanMs: number): Promise<void>;
  /** ms until the operation is timed out. */
  timeLeftMs(): number;
  /** Something of the resource is here: that a program is missing proves nothing any more. */
  foundSomething(): void;
  /** Beyond what programs say, for the output of the operation. */
  say(line: string): void;
}

/** The operation is over: cancelled, out of time, or a program that it needs cannot be run. */
class StepsEnded extends Error {
  readonly outcome: Omit<OperationOutcome, "output" | "durationMs">;

  constructor(outcome: Omit<OperationOutcome, "output" | "durationMs">) {
    super(outcome.reason);
    this.outcome = outcome;
  }
}

/** What the agents are made of. */
export interface StepAgentOptions {
  readonly clock: Pick<Clock, "now">;
  readonly runner: ProgramRunner;
}

const outputBytesMax = 4096;

/** The agent of one kind whose start leaves processes behind: their deaths are told at once. */
export function createDaemonAgent<Kind extends ResourceConfig["kind"]>(
  kind: Kind,
  steps: Steps<Extract<ResourceConfig, { kind: Kind }>>,
  options: StepAgentOptions,
): ResourceAgent {
  const agent = createStepAgent(kind, steps, options);
  const { deaths } = options.runner;
  return {
    ...agent,
    run: async (operation, signal) => tellingDeaths(deaths, operation, async () => agent.run(operation, signal)),
    onDeath: (tell) => deaths.listen(tell),
  };
}

/** The agent of one kind. */
export function createStepAgent<Kind extends ResourceConfig["kind"]>(
  kind: Kind,
  steps: Steps<Extract<ResourceConfig, { kind: Kind }>>,
  { clock, runner }: StepAgentOptions,
): ResourceAgent {
  return {
    kind,
    async run(operation, signal) {
      const { resource, action } = operation;
      if (!isOf(resource, kind)) return wrongKind(operation, kind);
      const startedAt = performance.now();
      const finish = (outcome: Omit<OperationOutcome, "output" | "durationMs">, output = ""): OperationOutcome => ({
        ...outcome,
        reason: limitLine(outcome.reason),
        output,
        durationMs: Math.round((performance.now() - startedAt) * 1000) / 1000,
      });
      // The last look before anything is done: see Operation.notAfter.
      if (action === "start" && clock.now() >= operation.notAfter)
        return finish({ status: "refused", severity: "none", reason: "the lease had run out" });
      if (signal.aborted) return finish({ status: "failed", severity: "soft", reason: "cancelled, before it began" });
      const work = new OperationSteps(operation, runner, signal);
      try {
        return finish(await steps[action](resource, work), work.output);
      } catch (error) {
        if (error instanceof StepsEnded) return finish(error.outcome, work.output);
        const reason = `Cannot ${action} ${resource.kind} ${resource.name}: ${(error as Error).message}`;
        return finish({ status: "failed", severity: "soft", reason }, work.output);
      }
    },
    close: async () => Promise.resolve(),
  };
}

function isOf<Kind extends ResourceConfig["kind"]>(
  resource: ResourceConfig,
  kind: Kind,
): resource is Extract<ResourceConfig, { kind: Kind }> {
  return resource.kind === kind;
}

class OperationSteps implements StepWork {
  readonly #operation: Operation;
  readonly #runner: ProgramRunner;
  readonly #signal: AbortSignal;
  readonly #endsAt: number;
  #isUntouched = true;
  output = "";

  constructor(operation: Operation, runner: ProgramRunner, signal: AbortSignal) {
    this.#operation = operation;
    this.#runner = runner;
    this.#signal = signal;
    this.#endsAt = performance.now() + operation.timeoutMs;
  }

  timeLeftMs(): number {
    return Math.max(0, this.#endsAt - performance.now());
  }

  foundSomething(): void {
    this.#isUntouched = false;
  }

  say(line: string): void {
    this.#keep(`${line}\n`);
  }

  async run(argv: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<StepResult> {
    const { resource, action, timeoutMs } = this.#operation;
    const left = this.timeLeftMs();
    if (left <= 0) throw timedOut(timeoutMs, `before ${argv[0]}`);
    const outputName = outputNameOf(resource.id, action);
    const { end, output } = await this.#runner.run({ argv, environment, timeoutMs: left, outputName }, this.#signal);
    this.#keep(output);
    const isFirst = this.#isUntouched;
    switch (end.kind) {
      case "exited":
        this.#isUntouched = false;
        return { code: end.code, output };
      case "killed":
        throw new StepsEnded({ status: "failed", severity: "soft", reason: `${argv[0]} was killed by ${end.signal}` });
      case "timed-out":
        throw timedOut(timeoutMs, `${argv.join(" ")} ${end.detail}`);
      case "aborted":
        throw cancelled(end.detail);
      case "not-started": {
        if (end.isPassing) throw new StepsEnded({ status: "failed", severity: "soft", reason: end.reason });
        const cannotBegin = isFirst ? { cannotBegin: true as const } : {};
        throw new StepsEnded({ status: "failed", severity: "hard", reason: end.reason, ...cannotBegin });
      }
      default:
        return unreachable(end);
    }
  }

  async pause(spanMs: number): Promise<void> {
    const { timeoutMs } = this.#operation;
    const left = this.timeLeftMs();
    await sleep(Math.min(spanMs, left), undefined, { signal: this.#signal }).catch(() => {
      throw cancelled("while it waited");
    });
    if (spanMs >= left) throw timedOut(timeoutMs, "it waited");
  }

  #keep(text: string): void {
    this.output = decodeEnd(Buffer.from(`${this.output}${text}`), outputBytesMax);
  }
}

function cancelled(detail: string): StepsEnded {
  return new StepsEnded({ status: "failed", severity: "soft", reason: `cancelled, ${detail}` });
}

function timedOut(timeoutMs: number, detail: string): StepsEnded {
  return new StepsEnded({ status: "timed-out", severity: "soft", reason: `not done after ${timeoutMs} ms: ${detail}` });
}

/** All is as it was asked for. */
export function done(reason: string): Verdict {
  return { status: "ok", severity: "none", reason };
}

/** A monitor found nothing of it. */
export function notRunning(reason: string): Verdict {
  return { status: "not-running", severity: "none", reason };
}

/** It went wrong. soft: may be tried again here. hard: not on this node. */
export function failed(reason: string, severity: "soft" | "hard" | "fatal" = "soft"): Verdict {
  return { status: "failed", severity, reason };
}
