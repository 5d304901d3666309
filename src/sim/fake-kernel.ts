import type { NodeId, ResourceId } from "../model/ids.ts";
import type { Notification } from "../model/notice.ts";
import type { DeathHint, Operation, OperationAction, OperationOutcome } from "../model/operation.ts";
import type { Random } from "./random.ts";
import type { SimProcess } from "./sim-process.ts";
import { VirtualPromise } from "./virtual-promise.ts";
import type { TimedEvent, VirtualTime } from "./virtual-time.ts";

/** How long a resource's operations take. */
export interface AgentTimes {
  readonly start: number;
  readonly stop: number;
  readonly monitor: number;
}

/** Operations that will go wrong. */
export interface Refusal {
  readonly resource: ResourceId;
  readonly action: OperationAction | "notify";
  /** On this node only; null: everywhere. */
  readonly node: NodeId | null;
  /** `hang`: nothing comes back until the time-out. */
  readonly how: "fail" | "hang";
  /** How many more times. */
  timesLeft: number;
}

/** How long an agent takes to be told something. */
const notifyMs = 50;

/** What agents say of their data when nobody has set anything else. */
export const usualScore = 100;

/** What the services of all machines are like: shared, because it is a property of the software, not of the node. */
export class ServiceBook {
  readonly times = new Map<ResourceId, AgentTimes>();
  readonly refusals: Refusal[] = [];
  /** What agents say of their data; where nothing is set, `usualScore`. */
  readonly scores = new Map<ResourceId, number>();

  timesOf(resource: ResourceId): AgentTimes {
    return this.times.get(resource) ?? { start: 100, stop: 100, monitor: 100 };
  }

  /** The refusal that meets this operation, used up once. */
  meet(node: NodeId, resource: ResourceId, action: Refusal["action"]): Refusal | undefined {
    const found = this.refusals.find(
      (refusal) =>
        refusal.timesLeft > 0 &&
        refusal.resource === resource &&
        refusal.action === action &&
        (refusal.node === null || refusal.node === node),
    );
    if (found !== undefined) found.timesLeft -= 1;
    return found;
  }
}

/**
 * What a resource really is. `starting` counts as active from the first moment, `stopping` until the last: nobody knows when
 * an agent has its effect. `dead`: it died by itself and holds nothing.
 */
export type ResourceTruth = "stopped" | "starting" | "running" | "stopping" | "dead";

/** Who is told of what really happens. */
export interface KernelWitness {
  /** Before the operation has any effect. */
  onOperation(node: NodeId, operation: Operation): void;
  onTruth(node: NodeId, resource: ResourceId, truth: ResourceTruth): void;
  /** It will fail, or not come back. */
  onRefused(node: NodeId, operation: Operation): void;
  /** An agent is told what becomes of others of its clone. */
  onNotified?(node: NodeId, notification: Notification): void;
}

interface RunningOperation {
  /** What is left when its program is killed. */
  readonly leave: () => void;
  readonly event: TimedEvent;
}

/** The kernel of one machine between two power failures, with the resources that run on it. The daemon only asks it. */
export class FakeKernel {
  readonly #node: NodeId;
  readonly #time: VirtualTime;
  readonly #process: SimProcess;
  readonly #book: ServiceBook;
  readonly #random: Random;
  readonly #witness: KernelWitness;
  readonly #truths = new Map<ResourceId, ResourceTruth>();
  readonly #operations = new Set<RunningOperation>();
  #listener: { readonly daemon: SimProcess; readonly tell: (hint: DeathHint) => void } | null = null;

  constructor(parts: {
    readonly node: NodeId;
    readonly time: VirtualTime;
    readonly process: SimProcess;
    readonly book: ServiceBook;
    readonly random: Random;
    readonly witness: KernelWitness;
  }) {
    this.#node = parts.node;
    this.#time = parts.time;
    this.#process = parts.process;
    this.#book = parts.book;
    this.#random = parts.random;
    this.#witness = parts.witness;
  }

  truthOf(resource: ResourceId): ResourceTruth {
    return this.#truths.get(resource) ?? "stopped";
  }

  isActive(resource: ResourceId): boolean {
    return isActiveTruth(this.truthOf(resource));
  }

  /** Active resources, in order of their first start. */
  active(): readonly ResourceId[] {
    return [...this.#truths].filter(([, truth]) => isActiveTruth(truth)).map(([resource]) => resource);
  }

  /** The resource dies by itself. @param isSeen the kernel tells the daemon at once */
  kill(resource: ResourceId, isSeen: boolean): void {
    if (this.truthOf(resource) !== "running") return;
    this.#become(resource, "dead");
    if (isSeen) this.hint(resource);
  }

  /** Some process of the resource ends, whatever that means for it. */
  hint(resource: ResourceId): void {
    const listener = this.#listener;
    listener?.daemon.call(() => listener.tell({ resource, what: "process 4711" }));
  }

  /** `tell` hears of every death, in the place of who heard of them before: the agents of one daemon have one ear. */
  listen(daemon: SimProcess, tell: (hint: DeathHint) => void): void {
    this.#listener = { daemon, tell };
  }

  /** Somebody outside the cluster starts it. */
  startByHand(resource: ResourceId): void {
    this.#become(resource, "running");
  }

  /** Runs one operation for `daemon`, who is told when it is over. */
  run(operation: Operation, signal: AbortSignal, daemon: SimProcess): Promise<OperationOutcome> {
    const done = new VirtualPromise<OperationOutcome>();
    const startedAt = this.#time.now;
    const resource = operation.resource.id;
    if (signal.aborted) {
      done.resolve({ status: "failed", severity: "soft", reason: "cancelled", output: "", durationMs: 0 });
      return done;
    }
    this.#witness.onOperation(this.#node, operation);
    const refusal = this.#book.meet(this.#node, resource, operation.action) ?? this.#cannotPromote(operation);
    if (refusal !== undefined) this.#witness.onRefused(this.#node, operation);
    const wantedMs = this.#book.timesOf(resource)[operation.action];
    const isTimedOut = refusal?.how === "hang" || wantedMs > operation.timeoutMs;
    const before = this.truthOf(resource);
    if (operation.action === "start" && before !== "running") this.#become(resource, "starting");
    if (operation.action === "stop" && isActiveTruth(before)) this.#become(resource, "stopping");
    const finish = (outcome: Omit<OperationOutcome, "durationMs">): void => {
      signal.removeEventListener("abort", onAbort);
      this.#operations.delete(running);
      const durationMs = this.#time.now - startedAt;
      daemon.call(() => done.resolve({ ...outcome, durationMs }));
    };
    const event = this.#time.schedule(startedAt + (isTimedOut ? operation.timeoutMs : wantedMs), this.#process, () => {
      if (isTimedOut) finish(this.#timeOut(operation));
      else if (refusal !== undefined) finish(this.#refuse(operation));
      else finish(this.#succeed(operation));
    });
    const leave = (): void => this.#leaveHalfDone(operation);
    const running: RunningOperation = { leave, event };
    const onAbort = (): void => {
      event.run = null;
      leave();
      finish({ status: "failed", severity: "soft", reason: "cancelled", output: "" });
    };
    this.#operations.add(running);
    signal.addEventListener("abort", onAbort);
    return done;
  }

  /** Tells an agent something. It changes nothing but the time that it takes. */
  notify(notification: Notification, signal: AbortSignal, daemon: SimProcess): Promise<OperationOutcome> {
    const done = new VirtualPromise<OperationOutcome>();
    const { resource, timeoutMs } = notification;
    const startedAt = this.#time.now;
    this.#witness.onNotified?.(this.#node, notification);
    const refusal = this.#book.meet(this.#node, resource.id, "notify");
    const finish = (status: OperationOutcome["status"], reason: string): void => {
      signal.removeEventListener("abort", onAbort);
      this.#operations.delete(running);
      const durationMs = this.#time.now - startedAt;
      const severity = status === "ok" ? "none" : "soft";
      daemon.call(() => done.resolve({ status, severity, reason, output: "", durationMs }));
    };
    const isTimedOut = refusal?.how === "hang";
    const endsAt = startedAt + (isTimedOut ? timeoutMs : notifyMs);
    const event = this.#time.schedule(endsAt, this.#process, () => {
      if (isTimedOut) finish("timed-out", `no answer within ${timeoutMs} ms`);
      else if (refusal !== undefined) finish("failed", "exit code 1");
      else finish("ok", "ok");
    });
    const running: RunningOperation = { leave: () => undefined, event };
    const onAbort = (): void => {
      event.run = null;
      finish("failed", "cancelled");
    };
    this.#operations.add(running);
    signal.addEventListener("abort", onAbort);
    return done;
  }

  /** The daemon died, and its children with it: what they were doing is half done. */
  orphan(): void {
    for (const { leave, event } of this.#operations) {
      event.run = null;
      leave();
    }
    this.#operations.clear();
  }

  #succeed(operation: Operation): Omit<OperationOutcome, "durationMs"> {
    const resource = operation.resource.id;
    if (operation.action === "start") this.#become(resource, "running");
    else if (operation.action === "stop") this.#become(resource, "stopped");
    else if (this.truthOf(resource) !== "running") {
      const reason = this.truthOf(resource) === "dead" ? "found dead" : "not running";
      return { status: "not-running", severity: "none", code: 7, reason, output: "" };
    }
    const scored = operation.resource.kind === "ocf" && operation.resource.clone?.isPromotable === true;
    const score = scored ? { score: this.#book.scores.get(resource) ?? usualScore } : {};
    return { status: "ok", severity: "none", code: 0, reason: "ok", output: "", ...score };
  }

  /** Only what runs can be promoted. */
  #cannotPromote({ resource, action }: Operation): Refusal | undefined {
    if (resource.kind !== "ocf" || resource.role !== "promoted" || action !== "start") return undefined;
    const [clone = "", name = ""] = resource.id.split("/");
    if (this.truthOf(`${clone}@${this.#node}/${name}` as ResourceId) === "running") return undefined;
    return { resource: resource.id, action, node: null, how: "fail", timesLeft: 0 };
  }

  #refuse(operation: Operation): Omit<OperationOutcome, "durationMs"> {
    if (operation.action === "start") this.#become(operation.resource.id, "stopped");
    if (operation.action === "stop" && this.isActive(operation.resource.id))
      this.#become(operation.resource.id, "running");
    return { status: "failed", severity: "soft", code: 1, reason: "exit code 1", output: "" };
  }

  #timeOut(operation: Operation): Omit<OperationOutcome, "durationMs"> {
    this.#leaveHalfDone(operation);
    return { status: "timed-out", severity: "soft", reason: `no answer within ${operation.timeoutMs} ms`, output: "" };
  }

  /** An agent that was killed in the middle: a start may have worked, a stop may have not. */
  #leaveHalfDone(operation: Operation): void {
    const resource = operation.resource.id;
    const truth = this.truthOf(resource);
    if (operation.action === "start" && truth === "starting")
      this.#become(resource, this.#random.chance(0.5) ? "running" : "stopped");
    if (operation.action === "stop" && truth === "stopping")
      this.#become(resource, this.#random.chance(0.5) ? "running" : "stopped");
  }

  #become(resource: ResourceId, truth: ResourceTruth): void {
    if (this.truthOf(resource) === truth) return;
    this.#truths.set(resource, truth);
    this.#witness.onTruth(this.#node, resource, truth);
    const role = resource.replace(`@${this.#node}/`, "/") as ResourceId;
    // What does not run is not promoted.
    if (role !== resource && (truth === "dead" || truth === "stopped") && this.isActive(role))
      this.#become(role, "dead");
  }
}

/** True for what holds the resource, or may. */
export function isActiveTruth(truth: ResourceTruth): boolean {
  return truth === "starting" || truth === "running" || truth === "stopping";
}
