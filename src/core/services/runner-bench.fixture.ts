import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { Effect } from "../../model/effect.ts";
import { parseServiceId, type ResourceId, resourceId } from "../../model/ids.ts";
import type { OperationOutcome } from "../../model/operation.ts";
import { durationMs, instantMs, wallMs } from "../../model/units.ts";
import type { Order } from "./plan.ts";
import { advanceRunner, onOperationOutcome } from "./runner.ts";
import { idleRunner, markSuspect, type RunnerState } from "./runner-state.ts";
import type { RunnerMandate, RunnerStep } from "./runner-work.ts";

/** The service of these tests. */
export const web = parseServiceId("web");
const span = durationMs(20_000);
/** Of each resource. */
export const times = {
  startTimeoutMs: span,
  stopTimeoutMs: span,
  monitorTimeoutMs: span,
  monitorIntervalMs: durationMs(5_000),
};
/** disk, ip, app: a list. */
export const definition: ServiceConfig = {
  id: web,
  domain: { nodes: [], ordered: false, restricted: false, failback: false },
  recovery: { policy: "restart", maxRestarts: 1, withinMs: span },
  resources: ["disk", "ip", "app"].map((name) => ({
    kind: "lsb",
    id: resourceId(web, name),
    name,
    script: "/s",
    ...times,
  })),
  enabled: true,
};

/** In a view. */
export const free: RunnerMandate = { mayStart: true, leaseUntil: instantMs(1_000_000), mustStop: "nothing" };
/** The lease has run out. */
export const helpless: RunnerMandate = { mayStart: false, leaseUntil: instantMs(0), mustStop: "lease" };

/** An agent that fails. */
export const bad = { status: "failed", severity: "soft", reason: "exit code 1" } as const;

/** One runner on one node; agents succeed unless the table says otherwise. */
export class Bench {
  runner: RunnerState = idleRunner;
  now = 0;
  order: Order | undefined;
  mandate = free;
  definition = definition;
  /** Events with these words are heard. */
  wanted = "degraded";
  readonly said: string[] = [];
  /** `stop web/ip` -> outcome. */
  readonly answers = new Map<string, Partial<OperationOutcome> | "silent">();
  readonly begun: string[] = [];
  readonly open: { readonly id: number; readonly what: string }[] = [];

  tell(action: Order["action"], attempt: number): this {
    this.order = { service: web, action, attempt, definition: this.definition };
    return this.tick();
  }

  /** Something of a resource is said to have ended. */
  hint(name: string): this {
    this.runner = markSuspect(this.runner, resourceId(web, name));
    return this;
  }

  /** How often it was asked for so far. */
  asked(what: string): number {
    return this.begun.filter((one) => one === what).length;
  }

  tick(ms = 0): this {
    this.now += ms;
    this.take(
      advanceRunner(
        this.runner,
        [this.definition],
        this.order === undefined ? [] : [this.order],
        this.mandate,
        this.moment(),
      ),
    );
    return this;
  }

  /** Ends every operation that is under way, and those that follow, but for the silent ones. */
  finish(): this {
    for (let next = this.nextToEnd(); next !== undefined; next = this.nextToEnd()) {
      this.open.splice(this.open.indexOf(next), 1);
      this.end(next);
    }
    return this;
  }

  /** Ends this operation alone. */
  endOne(id: number): void {
    const ending = this.open.find((one) => one.id === id);
    if (ending === undefined) return;
    this.open.splice(this.open.indexOf(ending), 1);
    this.end(ending);
  }

  private nextToEnd(): { readonly id: number; readonly what: string } | undefined {
    return this.open.find(({ what }) => this.answers.get(what) !== "silent");
  }

  private end({ id, what }: { readonly id: number; readonly what: string }): void {
    const answer = this.answers.get(what);
    const isProbe = what.startsWith("monitor") && answer === undefined;
    const given = answer === undefined || answer === "silent" ? {} : answer;
    const status = isProbe && !this.runs(what) ? "not-running" : "ok";
    const outcome: OperationOutcome = { status, severity: "none", reason: "", output: "", durationMs: 1, ...given };
    this.take(onOperationOutcome(this.runner, id, outcome, this.mandate, this.moment()));
    this.tick();
  }

  runs(what: string): boolean {
    const id = what.split(" ")[1] as ResourceId;
    return this.runner.runtimes[web]?.resources.find((one) => one.config.id === id)?.state === "running";
  }

  take(step: RunnerStep): void {
    this.runner = step.state;
    for (const effect of step.effects) this.hear(effect);
    for (const { text } of step.failures) if (text.includes(this.wanted)) this.said.push(`event ${text}`);
    for (const { attempt, result } of step.reports) {
      this.said.push(
        `report ${attempt} ${result.kind}${result.kind === "failed" ? ` ${result.action} ${result.resource}` : ""}`,
      );
    }
  }

  hear(effect: Effect): void {
    if (effect.kind === "cancel") this.said.push("cancel");
    if (effect.kind !== "run") return;
    const what = `${effect.operation.action} ${effect.operation.resource.id}`;
    this.begun.push(what);
    this.open.push({ id: effect.operation.id, what });
    if (effect.operation.action !== "monitor") this.said.push(what);
  }

  moment(): { readonly now: ReturnType<typeof instantMs>; readonly wall: ReturnType<typeof wallMs> } {
    return { now: instantMs(this.now), wall: wallMs(this.now) };
  }

  heard(): readonly string[] {
    return this.said.splice(0);
  }
}
