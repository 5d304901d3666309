import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { OcfResource } from "../../model/cluster-config.ts";
import type { NodeId, ResourceId } from "../../model/ids.ts";
import type { Notification } from "../../model/notice.ts";
import type { DeathHint, Operation, OperationOutcome } from "../../model/operation.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import type { ProgramEnd, ProgramRunner } from "../process/program-runner.ts";
import { limitLine } from "../process/limit-line.ts";
import { judgeEnd, outputNameOf, runOperation, type Verdict, wrongKind } from "../process/run-operation.ts";
import { dueLevel, type LookedAt } from "./due-level.ts";
import { ocfVerdict, roleVerdict } from "./ocf-codes.ts";
import { checkLevelName, exitReason, instanceName, noticeEnvironment, ocfEnvironment } from "./ocf-environment.ts";
import { PromotionScores } from "./promotion-scores.ts";

type NotStarted = Extract<ProgramEnd, { kind: "not-started" }>;

/** What an OCF agent runner is made of. */
export interface OcfAgentOptions {
  readonly clock: Pick<Clock, "now">;
  readonly runner: ProgramRunner;
  /** This node, for agents that ask. */
  readonly node: NodeId;
  /** Holds `resource.d` and `lib`. Default `/usr/lib/ocf`. */
  readonly root?: string;
  /** A folder of this daemon's own, for what agents of promotable clones use to tell their scores. Default: they cannot. */
  readonly tools?: string;
}

/** Where Debian's agents keep state files; systemd makes it at boot, a minimal host has it not. */
const stateFolder = "/run/resource-agents";
const defaultRoot = "/usr/lib/ocf";

/** Runs OCF resource agents (`heartbeat:apache`). Knows which resources it has seen run, for one purpose: to tell a probe from a monitor. */
export class OcfAgent implements ResourceAgent {
  readonly kind = "ocf";
  readonly #options: OcfAgentOptions & { readonly root: string };
  readonly #scores: PromotionScores | null;
  /** By name of the instance, the end of what its agent was asked last. */
  readonly #turns = new Map<string, Promise<unknown>>();
  /** Resources whose last operation said that they run, and how deep they were looked at. */
  readonly #running = new Map<ResourceId, LookedAt>();

  constructor(options: OcfAgentOptions) {
    this.#options = { root: defaultRoot, ...options };
    this.#scores = options.tools === undefined ? null : new PromotionScores(options.tools);
    // Its absence shows in what the agents say; a node without OCF resources need not have it.
    if (!existsSync(stateFolder)) tryMakeFolder(stateFolder);
  }

  async run(operation: Operation, signal: AbortSignal): Promise<OperationOutcome> {
    const { resource, action } = operation;
    if (resource.kind !== "ocf") return wrongKind(operation, "ocf");
    const isProbe = action === "monitor" && !this.#running.has(resource.id);
    const outcome = await (resource.clone?.isPromotable === true
      ? this.#inTurn(resource, () => this.#call(operation, resource, isProbe, signal))
      : this.#call(operation, resource, isProbe, signal));
    this.#remember(operation, outcome);
    return outcome;
  }

  /** [PRO-7] What it says counts for nothing, and is told when it is a failure. */
  async notify(notification: Notification, signal: AbortSignal): Promise<OperationOutcome> {
    const { resource, notice, timeoutMs } = notification;
    if (resource.kind !== "ocf") return wrongKind(notification, "ocf");
    const { runner, node, root } = this.#options;
    const argv = [join(root, "resource.d", resource.provider, resource.type), "notify"];
    const isPromotable = resource.clone?.isPromotable === true;
    const environment = {
      ...ocfEnvironment(resource, { action: "notify", timeoutMs, intervalMs: 0, level: 0, node, root }),
      ...noticeEnvironment(resource, notice),
      ...(isPromotable ? this.#scores?.environmentOf(instanceName(resource.id)) : {}),
    };
    const outputName = outputNameOf(resource.id, "notify");
    const call = { argv, environment, timeoutMs, outputName };
    return this.#inTurn(resource, async () => {
      const { end, output, durationMs } = await runner.run(call, signal);
      const verdict = judgeEnd(end, timeoutMs, (code) => {
        const { reason, ...known } = ocfVerdict("start", code, false);
        return { ...known, reason: code === 0 ? reason : (exitReason(output) ?? reason) };
      });
      return { ...verdict, reason: limitLine(verdict.reason), output, durationMs };
    });
  }

  /** [PRO-4] An instance and its promoted role are two services and one agent, which is asked one thing at a time. */
  async #inTurn(resource: OcfResource, call: () => Promise<OperationOutcome>): Promise<OperationOutcome> {
    const name = instanceName(resource.id);
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(call, call);
    this.#turns.set(name, turn);
    return turn;
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
    const isRole = resource.role === "promoted";
    const argv = [join(root, "resource.d", resource.provider, resource.type), isRole ? roleActions[action] : action];
    const scores = resource.clone?.isPromotable === true ? this.#scores : null;
    const environment = {
      ...ocfEnvironment(resource, { action, timeoutMs, intervalMs, level, node, root }),
      ...scores?.environmentOf(instanceName(resource.id)),
    };
    const judgeExit = (code: number, output: string): Verdict => {
      const verdict = isRole ? roleVerdict(action, code) : ocfVerdict(action, code, isProbe);
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
    if (!isRole && action === "start") scores?.forget(instanceName(resource.id));
    const agent = { runner, clock, judgeExit, judgeNotStarted };
    const outcome = await runOperation(agent, operation, { argv, environment }, signal);
    const score = scores?.told(instanceName(resource.id)) ?? null;
    return score === null ? outcome : { ...outcome, score };
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

/** What an agent is asked for a service that is the promoted role. */
const roleActions = { start: "promote", stop: "demote", monitor: "monitor" } as const;

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
