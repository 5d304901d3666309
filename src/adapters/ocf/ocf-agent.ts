import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { OcfResource } from "../../model/cluster-config.ts";
import type { NodeId, ResourceId } from "../../model/ids.ts";
import type { DeathHint, Operation, OperationOutcome } from "../../model/operation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import type { ProgramEnd, ProgramRunner } from "../process/program-runner.ts";
import { runOperation, type Verdict, wrongKind } from "../process/run-operation.ts";
import { dueLevel, type LookedAt } from "./due-level.ts";
import { ocfVerdict } from "./ocf-codes.ts";
import { checkLevelName, exitReason, ocfEnvironment } from "./ocf-environment.ts";

type NotStarted = Extract<ProgramEnd, { kind: "not-started" }>;

/** What an OCF agent runner is made of. */
export interface OcfAgentOptions {
  readonly clock: Pick<Clock, "now">;
  readonly runner: ProgramRunner;
  /** This node, for agents that ask. */
  readonly node: NodeId;
  /** Holds `resource.d` and `lib`. Default `/usr/lib/ocf`. */
  readonly root?: string;
}

/** Where Debian's agents keep state files; systemd makes it at boot, a minimal host has it not. */
const stateFolder = "/run/resource-agents";
const defaultRoot = "/usr/lib/ocf";

/** Runs OCF resource agents (`heartbeat:apache`). Knows which resources it has seen run, for one purpose: to tell a probe from a monitor. */
export class OcfAgent implements ResourceAgent {
  readonly kind = "ocf";
  readonly #options: Required<OcfAgentOptions>;
  /** Resources whose last operation said that they run, and how deep they were looked at. */
  readonly #running = new Map<ResourceId, LookedAt>();

  constructor(options: OcfAgentOptions) {
    this.#options = { root: defaultRoot, ...options };
    // Its absence shows in what the agents say; a node without OCF resources need not have it.
    if (!existsSync(stateFolder)) tryMakeFolder(stateFolder);
  }

  async run(operation: Operation, signal: AbortSignal): Promise<OperationOutcome> {
    const { resource, action } = operation;
    if (resource.kind !== "ocf") return wrongKind(operation, "ocf");
    const isProbe = action === "monitor" && !this.#running.has(resource.id);
    const outcome = await this.#call(operation, resource, isProbe, signal);
    this.#remember(operation, outcome);
    return outcome;
  }

  onDeath(tell: (hint: DeathHint) => void): void {
    this.#options.runner.deaths.listen(tell);
  }

  async close(): Promise<void> {
    return Promise.resolve();
  }

  async #call(
    operation: Operation,
    resource: OcfResource,
    isProbe: boolean,
    signal: AbortSignal,
  ): Promise<OperationOutcome> {
    const { action, timeoutMs } = operation;
    const { runner, clock, node, root } = this.#options;
    const isRecurring = action === "monitor" && !isProbe;
    const intervalMs = isRecurring ? Math.max(1, resource.monitorIntervalMs) : 0;
    const level = isRecurring ? this.#takeLevel(resource) : 0;
    const argv = [join(root, "resource.d", resource.provider, resource.type), action];
    const environment = ocfEnvironment(resource, { action, timeoutMs, intervalMs, level, node, root });
    const judgeExit = (code: number, output: string): Verdict => {
      const verdict = ocfVerdict(action, code, isProbe);
      const isWell = verdict.status === "ok" && verdict.isDegraded !== true;
      const given = isWell ? null : exitReason(output);
      const reason = given === null ? verdict.reason : `${given} (${verdict.reason})`;
      return { ...verdict, reason: level === 0 || isWell ? reason : `level ${level}: ${reason}` };
    };
    const judgeNotStarted = (end: NotStarted): Verdict => ({
      // As code 5: what was never installed cannot run here, and need not be stopped.
      status: end.isMissing && isProbe ? "not-running" : "failed",
      severity: "hard",
      reason: `${end.reason}${end.isMissing ? installAdvice(resource) : ""}`,
    });
    return runOperation({ runner, clock, judgeExit, judgeNotStarted }, operation, { argv, environment }, signal);
  }

  #takeLevel({ id, levels = [], parameters }: OcfResource): number {
    const plain = Number(parameters[checkLevelName] ?? 0);
    const { level, lookedAt } = dueLevel(levels, this.#running.get(id) ?? new Map(), this.#options.clock.now(), plain);
    this.#running.set(id, lookedAt);
    return level;
  }

  #remember({ resource, action }: Operation, { status }: OperationOutcome): void {
    const isNew = !this.#running.has(resource.id);
    if (status === "ok" && action !== "stop" && isNew) this.#running.set(resource.id, new Map());
    if ((status === "ok" && action === "stop") || status === "not-running") this.#running.delete(resource.id);
  }
}

function installAdvice({ provider }: OcfResource): string {
  const packages: Readonly<Record<string, string>> = {
    heartbeat: "resource-agents",
    pacemaker: "pacemaker",
    linbit: "drbd-utils",
    openstack: "openstack-resource-agents",
  };
  const known = packages[provider];
  return known === undefined ? `: install the agents of provider "${provider}"` : `: apt install ${known}`;
}

function tryMakeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o1755 });
  } catch {
    // Not root, or no /run: the agents will say so better than we can.
  }
}
