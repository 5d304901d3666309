import type { OcfResource } from "../../model/cluster-config.ts";
import type { Effect } from "../../model/effect.ts";
import type { ServiceResult } from "../../model/entry.ts";
import type { ServiceId } from "../../model/ids.ts";
import type { Moment } from "../../model/input.ts";
import type { Notice, NoticeId } from "../../model/notice.ts";
import type { OperationAction, OperationOutcome } from "../../model/operation.ts";
import { after, durationMs, earliest, type InstantMs, never } from "../../model/units.ts";
import type { RunnerState } from "./runner-state.ts";
import type { ResourceRuntime, Runtime } from "./runtime.ts";

/** What the runner is allowed at this instant. */
export interface RunnerMandate {
  /** Starts are allowed, and until when. */
  readonly mayStart: boolean;
  readonly leaseUntil: InstantMs;
  /** To be stopped, unasked. lease: the lease has run out, so all but what freezes; all: the daemon ends as well. */
  readonly mustStop: "nothing" | "lease" | "all";
}

/** An order carried out, or a failure found. */
export interface RunnerReport {
  readonly service: ServiceId;
  readonly attempt: number;
  readonly result: ServiceResult;
}

/** An operation of this node that failed, for the events of this node. */
export interface RunnerFailure {
  readonly service: ServiceId;
  readonly text: string;
}

/** One step of the runner. */
export interface RunnerStep {
  readonly state: RunnerState;
  readonly effects: readonly Effect[];
  readonly reports: readonly RunnerReport[];
  readonly failures: readonly RunnerFailure[];
  /** Agents here have been told, or cannot be. */
  readonly answered: readonly NoticeId[];
  readonly wakeAt: InstantMs;
}

/** A step in the making: runtimes are replaced as it goes, and are returned at its end. */
export interface RunnerWork {
  readonly before: RunnerState;
  readonly runtimes: Record<ServiceId, Runtime>;
  readonly mandate: RunnerMandate;
  readonly moment: Moment;
  readonly effects: Effect[];
  readonly reports: RunnerReport[];
  readonly failures: RunnerFailure[];
  readonly answered: NoticeId[];
  nextOperation: number;
  wakeAt: InstantMs;
}

/** The executor ends an operation at its time-out; when it is silent for this much longer, it is not waited for any more. */
const overdueMs = 10_000;

/** A step that begins with this state. */
export function beginWork(state: RunnerState, mandate: RunnerMandate, moment: Moment): RunnerWork {
  return {
    before: state,
    runtimes: { ...state.runtimes },
    mandate,
    moment,
    effects: [],
    reports: [],
    failures: [],
    answered: [],
    nextOperation: state.nextOperation,
    wakeAt: never,
  };
}

/** What came of it: the same state when nothing has changed, so that what is worked out from it need not be worked out again. */
export function endWork(work: RunnerWork): RunnerStep {
  const { before, runtimes, nextOperation, effects, reports, failures, answered, wakeAt } = work;
  const services = Object.keys(runtimes) as ServiceId[];
  const isSame =
    nextOperation === before.nextOperation &&
    services.length === Object.keys(before.runtimes).length &&
    services.every((service) => runtimes[service] === before.runtimes[service]);
  return { state: isSame ? before : { runtimes, nextOperation }, effects, reports, failures, answered, wakeAt };
}

/** Asks for an operation on a resource that has none under way. */
export function begin(
  work: RunnerWork,
  runtime: Runtime,
  resource: ResourceRuntime,
  action: OperationAction,
): ResourceRuntime {
  const { config } = resource;
  const id = takeId(work);
  const timeouts = { start: config.startTimeoutMs, stop: config.stopTimeoutMs, monitor: config.monitorTimeoutMs };
  const operation = {
    id,
    service: runtime.service,
    resource: config,
    action,
    timeoutMs: durationMs(timeouts[action]),
    notAfter: action === "start" ? work.mandate.leaseUntil : never,
  };
  work.effects.push({ kind: "run", operation });
  const overdueAt = overdueAfter(work, operation.timeoutMs);
  return { ...resource, isSuspect: false, operation: { id, action, isCancelled: false, overdueAt } };
}

/** Tells the agent of a resource that runs, and has no operation under way, of what becomes of others of its clone. */
export function beginNotify(
  work: RunnerWork,
  { service }: Runtime,
  resource: ResourceRuntime & { readonly config: OcfResource },
  notice: Notice,
): ResourceRuntime {
  const { config } = resource;
  const id = takeId(work);
  const timeoutMs = config.clone?.notifyTimeoutMs ?? config.monitorTimeoutMs;
  work.effects.push({ kind: "notify", notification: { id, service, resource: config, notice, timeoutMs } });
  const overdueAt = overdueAfter(work, timeoutMs);
  return { ...resource, operation: { id, action: "notify", isCancelled: false, overdueAt } };
}

function takeId(work: RunnerWork): number {
  const id = work.nextOperation;
  work.nextOperation += 1;
  return id;
}

function overdueAfter(work: RunnerWork, timeoutMs: number): InstantMs {
  const overdueAt = after(work.moment.now, timeoutMs + overdueMs);
  work.wakeAt = earliest(work.wakeAt, overdueAt);
  return overdueAt;
}

/** Ends what is under way, but for stops: what follows would be a stop again. Its end is waited for. */
export function cancel(work: RunnerWork, resource: ResourceRuntime): ResourceRuntime {
  const { operation } = resource;
  if (operation === null || operation.isCancelled || operation.action === "stop") return resource;
  work.effects.push({ kind: "cancel", operation: operation.id });
  return { ...resource, operation: { ...operation, isCancelled: true } };
}

/** An event of this node about what an operation said. @param then what follows, `; it is restarted` */
export function say(work: RunnerWork, runtime: Runtime, what: string, outcome: OperationOutcome, then = ""): void {
  const output = outcome.output.trim().split("\n").at(-1) ?? "";
  const said = output === "" || output === outcome.reason ? "" : ` (${output})`;
  work.failures.push({ service: runtime.service, text: `${what} ${outcome.status}: ${outcome.reason}${said}${then}` });
}

/** Changes one resource of a service. */
export function put(work: RunnerWork, runtime: Runtime, position: number, resource: ResourceRuntime): Runtime {
  const changed = { ...runtime, resources: runtime.resources.map((other, i) => (i === position ? resource : other)) };
  work.runtimes[runtime.service] = changed;
  return changed;
}

/** Changes each resource of a service; the same runtime when none is another then. */
export function withResources(
  runtime: Runtime,
  change: (resource: ResourceRuntime, position: number) => ResourceRuntime,
): Runtime {
  const resources = runtime.resources.map(change);
  return resources.every((resource, position) => resource === runtime.resources[position])
    ? runtime
    : { ...runtime, resources };
}
