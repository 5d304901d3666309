import type { ServiceResult } from "../model/entry.ts";
import type { NodeId, ServiceId } from "../model/ids.ts";
import type { DeathHint } from "../model/operation.ts";
import { after, type InstantMs } from "../model/units.ts";
import { mandate } from "./manager-lease.ts";
import type { NodeRecord } from "./fencing/node-record.ts";
import { besideOn, concerns } from "./placement/clones.ts";
import { answerNotice } from "./manager-notices.ts";
import { isSubmitted, patch, say, submit, wake, type Work } from "./manager-work.ts";
import { leaseHere, leaseInForce } from "./manager-spans.ts";
import { isUnfenceAwaited } from "./manager-unfence.ts";
import { isWatchdogAwaited } from "./manager-watchdog.ts";
import { servicesInOrder } from "./services/cluster-state.ts";
import { canRetry, retryBackOffMs } from "./services/failure-memory.ts";
import { frozenText } from "./services/frozen.ts";
import { definitionsFor, type Order, ordersFor, reportsDue } from "./services/plan.ts";
import { advanceRunner } from "./services/runner.ts";
import type { RunnerStep } from "./services/runner-work.ts";
import { markReported, markSuspect } from "./services/runner-state.ts";
import { isKeptThere } from "./services/apply-degraded.ts";
import type { ServiceRecord } from "./services/service-record.ts";
import { comesFirst, unsureOn } from "./services/unsure.ts";
import { missingOf } from "./services/runner-walk.ts";
import { isBelieved, isBusy, isKnown, isUp, observationOf } from "./services/runtime.ts";

/** Takes this node's orders from the plan and brings each service a step further. */
export function runServices(work: Work): void {
  const { cluster, self, incarnation, reporting } = work.state;
  const isMine = cluster.nodes[self]?.incarnation === incarnation;
  const orders = (isMine ? ordersFor(cluster, self) : ordersFor(cluster, "" as NodeId)).map((order) =>
    reporting.includes(order.service) || lacksFirstHere(work, order) ? { ...order, action: "wait" as const } : order,
  );
  const definitions =
    cluster.config === null
      ? work.state.fileConfig.services.filter((service) => concerns(service, self))
      : definitionsFor(cluster, self);
  const step = advanceRunner(work.state.runner, definitions, orders, mandate(work), work.moment);
  afterRunner(work, step);
}

/**
 * [CLN-6, REL-1] What the entries say of the instance beside it, or of what comes before it, is old: this node has stopped that unasked, or
 * found it dead, and is about to say so.
 */
function lacksFirstHere({ state }: Work, { action, definition }: Order): boolean {
  if (action !== "start") return false;
  const { cluster, runner, self } = state;
  const before = (definition.after ?? []).flatMap(({ service, soft }) => {
    const first = cluster.services[service];
    const isHere = first?.phase.kind === "started" && first.phase.node === self && frozenText(cluster, first) === null;
    return isHere && soft !== true ? [service] : [];
  });
  return [...before, ...besideOn(definition, self)].some((id) => {
    const runtime = runner.runtimes[id];
    return runtime === undefined || !isUp(runtime);
  });
}

/** Passes on what the runner has to say: effects, results as entries, failures as events of this node. */
export function afterRunner(work: Work, step: RunnerStep): void {
  if (step.state !== work.state.runner) patch(work, { runner: step.state });
  work.effects.push(...step.effects);
  wake(work, step.wakeAt);
  for (const failure of step.failures) say(work, "warning", failure.text, failure.service);
  for (const id of step.answered) answerNotice(work, id);
  for (const { service, attempt, result } of step.reports) {
    const { self, incarnation } = work.state;
    submit(work, resultKey(service, attempt, result.kind), {
      kind: "service-result",
      node: self,
      incarnation,
      service,
      attempt,
      result,
    });
  }
}

/** Told and not believed: the resource's agent is asked at once, and its word counts as ever. */
export function onDeathHint(work: Work, { resource, what }: DeathHint): void {
  const { runner } = work.state;
  const suspected = markSuspect(runner, resource);
  if (suspected === runner) return;
  patch(work, { runner: suspected });
  const [service = ""] = resource.split("/", 1);
  say(work, "info", `${what} of ${resource} has ended: its agent is asked`, service as ServiceId);
}

/** [TREE-5] Tells what of the services here does not run while the rest goes on, until the others know. */
export function tellDegraded(work: Work): void {
  const { cluster, self, incarnation, runner } = work.state;
  if (work.facts.view === null || cluster.nodes[self]?.incarnation !== incarnation) return;
  for (const record of servicesInOrder(cluster)) {
    const runtime = runner.runtimes[record.service];
    if (runtime === undefined || runtime.keeping !== record.order || !isKeptThere(cluster, record, self)) continue;
    const known = record.degraded?.resources ?? [];
    const missing = missingOf(runtime);
    if (missing === null || missing.resources.join() === known.join()) continue;
    const { service, order: attempt } = record;
    const body = { kind: "degraded", node: self, incarnation, service, attempt, ...missing } as const;
    submit(work, `degraded:${service}:${attempt}:${missing.resources.join()}`, body);
  }
}

/** A report waits this long for the slower probes, so that one entry tells of all. */
const reportWaitMs = 200;

/**
 * [REL-8] Nothing has stopped here in a time without a lease that is not told, and what others come after runs. What is about to be started is no matter: the others
 * wait until it is. And what nothing comes after may do so by the next configuration.
 *
 * @param ready what is about to be reported
 */
function tellSure(
  work: Work,
  { node, enteredAt: since, unsureSince }: NodeRecord,
  ready: readonly ServiceRecord[],
): void {
  if (!unsureSince) return;
  const { cluster, incarnation, runner } = work.state;
  const isSettled = unsureOn(cluster, node).every((record) => {
    const runtime = runner.runtimes[record.service];
    if (runtime === undefined) return true;
    // Nobody looks at it, and it counts as started whatever has become of it; but not while it is being stopped.
    if (frozenText(cluster, record) !== null) return !isBusy(runtime) && !ready.includes(record);
    if (runtime.mustReport || runtime.task?.kind === "stop") return false;
    if (!comesFirst(cluster, record)) return true;
    if (record.phase.kind === "starting") return !isSubmitted(work, resultKey(record.service, record.order, "started"));
    return isUp(runtime) && !isBusy(runtime);
  });
  if (!isSettled) return;
  const body = { kind: "observed", node, incarnation, since, services: [], sureOf: unsureSince } as const;
  submit(work, `sure:${unsureSince}`, body);
}

function resultKey(service: ServiceId, attempt: number, kind: ServiceResult["kind"]): string {
  return `result:${service}:${attempt}:${kind}`;
}

/** Tells what runs here, of every service of which the others do not know it. */
export function report(work: Work): void {
  const { cluster, self, incarnation, runner, pending, isStopping, reportDueSince } = work.state;
  const here = cluster.nodes[self];
  if (work.facts.view === null || here?.incarnation !== incarnation || !here.isMember || isStopping) return;
  tellLife(work, here);
  tellLease(work, here);
  if (isWatchdogAwaited(work.state) || isUnfenceAwaited(work)) return;
  if (pending["observed"] !== undefined) return;
  const doubted = reportsDue(cluster, self);
  const due = servicesInOrder(cluster).filter(
    ({ service }) => doubted.includes(service) || runner.runtimes[service]?.mustReport === true,
  );
  const ready = due.filter(({ service }) => {
    const runtime = runner.runtimes[service];
    return runtime !== undefined && isKnown(runtime) && !isBusy(runtime) && !runtime.resources.some(isBelieved);
  });
  tellSure(work, here, ready);
  if (due.length === 0) {
    if (reportDueSince !== null) patch(work, { reportDueSince: null });
    return;
  }
  const since = reportDueSince ?? work.moment.now;
  patch(work, { reportDueSince: since });
  const sendAt = after(since, reportWaitMs);
  if (ready.length < due.length && work.moment.now < sendAt) wake(work, sendAt);
  if (ready.length === 0 || (ready.length < due.length && work.moment.now < sendAt)) return;
  const services = ready.flatMap((record) => {
    const runtime = runner.runtimes[record.service];
    return runtime === undefined ? [] : [observationOf(runtime, record.attempt, work.moment.now)];
  });
  const reporting = ready.map((record) => record.service);
  patch(work, { runner: markReported(runner, reporting), reporting, reportDueSince: null });
  const leaseMs = leaseHere(work);
  submit(work, "observed", { kind: "observed", node: self, incarnation, since: here.enteredAt, services, leaseMs });
}

/** [FEN-24] What was said of this node is wrong. */
function tellLife(work: Work, { node, off, offAt: since }: NodeRecord): void {
  const { incarnation } = work.state;
  if (off === "fenced" && since !== undefined)
    submit(work, `lives-on:${since}`, { kind: "lives-on", node, incarnation, since });
}

/** [FEN-7] The lease comes with the first report. Alone only when it is another one later, or is longer than the others count with. */
function tellLease(work: Work, { node, leaseMs: known, enteredAt: since }: NodeRecord): void {
  const { incarnation, cluster } = work.state;
  const leaseMs = leaseHere(work);
  const counted = known ?? leaseInForce(work.state);
  const isDue =
    leaseMs > counted || (leaseMs !== known && known !== undefined && reportsDue(cluster, node).length === 0);
  if (isDue) submit(work, "lease", { kind: "observed", node, incarnation, since, services: [], leaseMs });
}

/** The first view of a cluster has no configuration: its coordinator's file becomes the first. */
export function proposeConfig(work: Work): void {
  const { cluster, self, fileConfig, fileDigest } = work.state;
  if (cluster.config !== null || work.facts.view?.coordinator !== self || cluster.nodes[self]?.isMember !== true)
    return;
  submit(work, "config", { kind: "config", config: fileConfig, digest: fileDigest, author: `${self}, from its file` });
}

/** Ends the back-off of failed services. */
export function retryFailed(work: Work): void {
  const { cluster, self } = work.state;
  const failed = servicesInOrder(cluster).filter((record) => record.phase.kind === "failed");
  const failedSince: Record<ServiceId, { readonly rounds: number; readonly at: InstantMs }> = {};
  for (const { service, rounds, attempt, ...record } of failed) {
    const known = work.state.failedSince[service];
    const since = known?.rounds === rounds ? known : { rounds, at: work.moment.now };
    failedSince[service] = since;
    if (work.facts.view?.coordinator !== self || !canRetry({ service, rounds, attempt, ...record })) continue;
    const dueAt = after(since.at, retryBackOffMs(rounds));
    if (work.moment.now < dueAt) wake(work, dueAt);
    else submit(work, `retry:${service}:${rounds}`, { kind: "retry", service, attempt });
  }
  const known = work.state.failedSince;
  const isSame =
    failed.length === Object.keys(known).length &&
    failed.every(({ service }) => known[service] === failedSince[service]);
  if (!isSame) patch(work, { failedSince });
}
