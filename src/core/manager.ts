import type { ClusterConfig } from "../model/cluster-config.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { Effect } from "../model/effect.ts";
import type { Entry, EntryBody, SubmitId } from "../model/entry.ts";
import type { GroupFacts } from "../model/group-facts.ts";
import type { NodeId, ServiceId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Input, Moment } from "../model/input.ts";
import type { Intent } from "../model/intent.ts";
import { after, earliest, type InstantMs, never } from "../model/units.ts";
import { unreachable } from "../model/unreachable.ts";
import { fenceBackOffMs } from "./fencing/fence-record.ts";
import {
  beginFence,
  type FenceRunner,
  type FenceVerdict,
  idleFenceRunner,
  onFenceOutcome,
} from "./fencing/fence-runner.ts";
import { isLive } from "./fencing/node-record.ts";
import { applyEntry } from "./services/apply-entry.ts";
import { refusalOf } from "./services/apply-intent.ts";
import { type ClusterState, emptyClusterState, servicesInOrder } from "./services/cluster-state.ts";
import { canRetry, retryBackOffMs } from "./services/failure-memory.ts";
import { type Goal, goalState } from "./services/goals.ts";
import { definitionsOf, type FenceNeed, fenceNeeds, ordersFor, reportsDue } from "./services/plan.ts";
import {
  advanceRunner,
  idleRunner,
  isQuiet,
  markReported,
  onOperationOutcome,
  type RunnerMandate,
  type RunnerState,
  type RunnerStep,
} from "./services/runner.ts";
import { isActive, isKnown, observationOf } from "./services/runtime.ts";
import { placesOf } from "./services/service-record.ts";

/**
 * The manager on one node: the replicated state of the cluster, and this node's part in what follows from it.
 *
 * Deciding is all in `services/apply-entry.ts`, from entries alone. What is here is local: carrying out this node's orders,
 * reporting what came of them, and the waiting that only a clock can do (patience with absent nodes, back-off), which ends in an
 * entry and is decided there like everything else.
 */
export interface ManagerState {
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly fileConfig: ClusterConfig;
  readonly fileDigest: string;
  readonly startedAt: InstantMs;
  readonly cluster: ClusterState;
  readonly runner: RunnerState;
  readonly fencer: FenceRunner;
  /** Submitted and not yet delivered, by purpose: the submission's sequence. */
  readonly pending: Readonly<Record<string, number>>;
  /** To be submitted. */
  readonly outbox: readonly Submission[];
  /** Services named in the report that is under way. */
  readonly reporting: readonly ServiceId[];
  readonly reportDueSince: InstantMs | null;
  readonly requests: readonly Request[];
  /** When this daemon saw a member go. Absent: it never saw it as a member. */
  readonly lostSince: Readonly<Record<NodeId, InstantMs>>;
  readonly fenceFailedAt: Readonly<Record<NodeId, InstantMs>>;
  readonly failedSince: Readonly<Record<ServiceId, { readonly rounds: number; readonly at: InstantMs }>>;
  readonly portProbedAt: Readonly<Record<NodeId, InstantMs>>;
  /** When the port of a lost node last said "closed": a crashed daemon, whose services go on and which may come back to adopt them. */
  readonly crashedAt: Readonly<Record<NodeId, InstantMs>>;
  /** Attempts of this node that were begun, by target: an entry delivered once more must not begin it again. */
  readonly fenceBegun: Readonly<Record<NodeId, { readonly own: number; readonly arbiter: number }>>;
  /** The group's own fence was confirmed; to be told once there is a view. */
  readonly arbiterProof: FenceProof | null;
  /** An operator swore that this node is off while nothing could be ordered: the answer to the group's next wish to fence it. */
  readonly sworn: { readonly target: NodeId; readonly author: string } | null;
  readonly hadLease: boolean;
  readonly isStopping: boolean;
  /** As the group says, and on until there is a view or none is being made: a race that was won has no lease yet. */
  readonly isFrozen: boolean;
  readonly shutdown: Shutdown | null;
}

/** An entry to be submitted. */
export interface Submission {
  readonly key: string;
  readonly body: EntryBody;
}

/** What the manager tells the group. */
export type ToGroup =
  | { readonly kind: "fence-verdict"; readonly target: NodeId; readonly attempt: number; readonly confirmed: boolean }
  | { readonly kind: "port-state"; readonly node: NodeId; readonly state: "open" | "closed" | "silent" }
  | { readonly kind: "leave" };

/** One step. The caller submits the state's outbox. */
export interface ManagerStep {
  readonly state: ManagerState;
  readonly effects: readonly Effect[];
  readonly toGroup: readonly ToGroup[];
  readonly wakeAt: InstantMs;
}

/** What a manager starts from. */
export interface ManagerBoot {
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly config: ClusterConfig;
  readonly configDigest: string;
}

/** Inputs that are the manager's. */
export type ManagerInput = Exclude<Input, { kind: "packet" | "persisted" }>;

interface FenceProof {
  readonly target: NodeId;
  readonly incarnation: Incarnation | null;
  readonly verdict: FenceVerdict;
}

interface Request {
  readonly request: number;
  readonly key: string;
  readonly intent: Intent | null;
  readonly goal: Goal | null;
}

interface Shutdown {
  readonly leaveAskedAt: InstantMs | null;
  readonly isDone: boolean;
}

/** A manager before its first entry. */
export function startManager(boot: ManagerBoot, moment: Moment): ManagerState {
  return {
    self: boot.self,
    incarnation: boot.incarnation,
    fileConfig: boot.config,
    fileDigest: boot.configDigest,
    startedAt: moment.now,
    cluster: emptyClusterState,
    runner: idleRunner,
    fencer: idleFenceRunner,
    pending: {},
    outbox: [],
    reporting: [],
    reportDueSince: null,
    requests: [],
    lostSince: {},
    fenceFailedAt: {},
    failedSince: {},
    portProbedAt: {},
    crashedAt: {},
    fenceBegun: {},
    arbiterProof: null,
    sworn: null,
    hadLease: false,
    isStopping: false,
    isFrozen: false,
    shutdown: null,
  };
}

/**
 * One step: entries in their order, then the input, then whatever this node has to do now.
 *
 * @param delivered entries the group delivered since the last step
 * @param isReplay the entries are history from before this start: nothing local follows from them
 */
export function stepManager(
  state: ManagerState,
  input: ManagerInput | null,
  delivered: readonly Entry[],
  facts: GroupFacts,
  moment: Moment,
  isReplay = false,
): ManagerStep {
  const work: Work = { state, effects: [], toGroup: [], wakeAt: never, facts, moment };
  for (const entry of delivered) deliver(work, entry, isReplay);
  if (input !== null) take(work, input);
  watchLease(work);
  fenceAsTold(work);
  proposeConfig(work);
  runServices(work);
  report(work);
  seeToFences(work);
  probePorts(work);
  retryFailed(work);
  answerRequests(work);
  shutDown(work);
  return { state: work.state, effects: work.effects, toGroup: work.toGroup, wakeAt: work.wakeAt };
}

/** A submission was taken by the group, under `id`; null: it was refused for now and stays in the outbox. */
export function noteSubmitted(state: ManagerState, key: string, id: SubmitId | null): ManagerState {
  if (id === null) return state;
  const outbox = state.outbox.filter((submission) => submission.key !== key);
  return { ...state, outbox, pending: { ...state.pending, [key]: id.sequence } };
}

/** The configuration in force, or the file's while there is none. */
export function managerConfig(state: ManagerState): ClusterConfig {
  return state.cluster.config?.config ?? state.fileConfig;
}

interface Work {
  state: ManagerState;
  readonly effects: Effect[];
  readonly toGroup: ToGroup[];
  wakeAt: InstantMs;
  readonly facts: GroupFacts;
  readonly moment: Moment;
}

function patch(work: Work, change: Partial<ManagerState>): void {
  work.state = { ...work.state, ...change };
}

function wake(work: Work, at: InstantMs): void {
  work.wakeAt = earliest(work.wakeAt, at);
}

function submit(work: Work, key: string, body: EntryBody): void {
  const { outbox, pending } = work.state;
  if (pending[key] !== undefined) return;
  patch(work, { outbox: [...outbox.filter((submission) => submission.key !== key), { key, body }] });
}

function say(work: Work, level: ClusterEvent["level"], text: string, service?: ServiceId): void {
  const base = { at: work.moment.wall, node: work.state.self, level, text };
  work.effects.push({ kind: "event", event: service === undefined ? base : { ...base, service } });
}

// Entries

function deliver(work: Work, entry: Entry, isReplay: boolean): void {
  const before = work.state.cluster;
  const applied = applyEntry(before, entry);
  patch(work, { cluster: applied.state });
  for (const event of applied.events) {
    work.effects.push({ kind: "event", event: { at: entry.at, entry: entry.index, ...event } });
  }
  if (isReplay) return;
  const isOwn = entry.id.origin === work.state.self && entry.id.incarnation === work.state.incarnation;
  if (isOwn) acknowledge(work, entry, applied.refusal);
  for (const request of work.state.requests) {
    if (request.goal === null) continue;
    for (const event of applied.events) {
      if (!concerns(request.goal.intent, event)) continue;
      work.effects.push({ kind: "progress", request: request.request, text: progressText(event) });
    }
  }
  if (entry.body.kind === "view") onView(work, before, entry.body);
  if (entry.body.kind === "fence-result" && !entry.body.confirmed) {
    patch(work, { fenceFailedAt: { ...work.state.fenceFailedAt, [entry.body.target]: work.moment.now } });
  }
}

/** An own submission has been ordered: what waited for it goes on. */
function acknowledge(work: Work, entry: Entry, refusal: { readonly code: string; readonly text: string } | null): void {
  const key = Object.keys(work.state.pending).find((candidate) => work.state.pending[candidate] === entry.id.sequence);
  if (key === undefined) return;
  const { [key]: _, ...pending } = work.state.pending;
  patch(work, { pending, reporting: key === "observed" ? [] : work.state.reporting });
  const request = work.state.requests.find((candidate) => candidate.key === key);
  if (request === undefined) return;
  if (refusal !== null || request.intent === null) {
    const answer =
      refusal === null
        ? { ok: true as const, text: `configuration in force, entry ${entry.index}` }
        : { ok: false as const, code: refusal.code, text: refusal.text };
    work.effects.push({ kind: "answer", request: request.request, answer });
    patch(work, { requests: work.state.requests.filter((other) => other !== request) });
    return;
  }
  const { intent } = request;
  const attempt = intent.kind === "fence-node" ? (work.state.cluster.fences[intent.node]?.attempt ?? 0) : 0;
  const accepted = { ...request, goal: { intent, entry: entry.index, attempt } };
  patch(work, { requests: work.state.requests.map((other) => (other === request ? accepted : other)) });
  work.effects.push({ kind: "progress", request: request.request, text: `accepted, entry ${entry.index}` });
}

function concerns(intent: Intent, event: { readonly node: NodeId; readonly service?: ServiceId }): boolean {
  if ("service" in intent) return event.service === intent.service;
  return event.node === intent.node;
}

function progressText(event: { readonly node: NodeId; readonly service?: ServiceId; readonly text: string }): string {
  return event.service === undefined ? `node ${event.node}: ${event.text}` : `service ${event.service}: ${event.text}`;
}

function onView(work: Work, before: ClusterState, body: Extract<EntryBody, { kind: "view" }>): void {
  const lostSince = { ...work.state.lostSince };
  for (const record of Object.values(before.nodes)) {
    if (record.isMember && !body.members.some((member) => member.node === record.node))
      lostSince[record.node] = work.moment.now;
  }
  const crashedAt = { ...work.state.crashedAt };
  for (const { node } of body.members) {
    delete lostSince[node];
    delete crashedAt[node];
  }
  patch(work, { lostSince, crashedAt });
  for (const runtime of Object.values(work.state.runner.runtimes)) {
    for (const { config, state } of runtime.resources) {
      if (config.kind === "address" && state === "running") work.effects.push({ kind: "announce", address: config });
    }
  }
}

// Inputs

function take(work: Work, input: ManagerInput): void {
  switch (input.kind) {
    case "tick":
      return;
    case "intent":
      takeIntent(work, input);
      return;
    case "config":
      takeConfig(work, input);
      return;
    case "operation-result": {
      const step = onOperationOutcome(work.state.runner, input.operation, input.outcome, mandate(work), work.moment);
      afterRunner(work, step);
      return;
    }
    case "fence-result": {
      const step = onFenceOutcome(work.state.fencer, input.call, input.outcome);
      patch(work, { fencer: step.runner });
      work.effects.push(...step.effects);
      for (const verdict of step.verdicts) onVerdict(work, verdict);
      return;
    }
    case "port-state":
      work.toGroup.push(input);
      if (input.state === "closed")
        patch(work, { crashedAt: { ...work.state.crashedAt, [input.node]: work.moment.now } });
      return;
    case "shutdown":
      if (work.state.shutdown === null) {
        patch(work, { shutdown: { leaveAskedAt: null, isDone: false } });
        say(work, "info", "asked to stop: gives up its services, then leaves");
      }
      return;
    default:
      unreachable(input);
  }
}

function takeIntent(work: Work, input: Extract<Input, { kind: "intent" }>): void {
  const { request, intent, author } = input;
  const confirmed = confirmForArbiter(work, intent, author);
  if (!confirmed && !isQuorate(work)) {
    refuse(work, request, "NO_QUORUM", "Cannot decide it: this node has no quorum; ask where there is one, or wait");
    return;
  }
  const refusal = confirmed ? null : refusalOf(work.state.cluster, intent);
  if (refusal !== null) {
    refuse(work, request, refusal.code, refusal.text);
    return;
  }
  const key = `request:${request}`;
  patch(work, { requests: [...work.state.requests, { request, key, intent, goal: null }] });
  submit(work, key, { kind: "intent", intent, author });
}

/** Two nodes, one dead, and its device fails: the operator's word decides the race, for no entry can be ordered before. */
function confirmForArbiter(work: Work, intent: Intent, author: string): boolean {
  if (intent.kind !== "confirm-off-node" || work.facts.view !== null || !work.state.isFrozen) return false;
  patch(work, { sworn: { target: intent.node, author } });
  answerArbiter(work);
  return true;
}

/** Answers the group's wish to fence with an operator's word. @returns true when it was answered so */
function answerArbiter(work: Work): boolean {
  const wanted = work.facts.arbiterFence;
  const { sworn, fenceBegun } = work.state;
  if (sworn === null) return false;
  if (work.facts.view !== null || work.facts.heard.includes(sworn.target)) patch(work, { sworn: null });
  else if (wanted !== null && wanted.target === sworn.target) {
    const begun = fenceBegun[wanted.target] ?? { own: 0, arbiter: 0 };
    patch(work, { sworn: null, fenceBegun: { ...fenceBegun, [wanted.target]: { ...begun, arbiter: wanted.attempt } } });
    const { target, attempt } = wanted;
    onVerdict(work, {
      target,
      attempt,
      isArbiter: true,
      confirmed: true,
      devices: [],
      reason: `confirmed off by ${sworn.author}`,
    });
    return true;
  }
  return false;
}

function takeConfig(work: Work, input: Extract<Input, { kind: "config" }>): void {
  const { request, config, digest, author } = input;
  patch(work, { fileConfig: config, fileDigest: digest });
  if (work.state.cluster.config?.digest === digest) {
    work.effects.push({
      kind: "answer",
      request,
      answer: { ok: true, text: "this configuration is in force already" },
    });
    return;
  }
  if (!isQuorate(work)) {
    refuse(work, request, "NO_QUORUM", "Cannot apply the configuration: this node has no quorum");
    return;
  }
  const key = `request:${request}`;
  patch(work, { requests: [...work.state.requests, { request, key, intent: null, goal: null }] });
  submit(work, key, { kind: "config", config, digest, author });
}

function refuse(work: Work, request: number, code: string, text: string): void {
  work.effects.push({ kind: "answer", request, answer: { ok: false, code, text } });
}

function isQuorate(work: Work): boolean {
  const { view, leaseUntil } = work.facts;
  return view !== null || (work.moment.now < leaseUntil && !work.state.isFrozen);
}

// Lease

/** Patience with what was found running at the start of this daemon, in deadtimes: long enough to get into a view. */
const adoptionDeadtimes = 4;

function watchLease(work: Work): void {
  const { facts, moment, state } = work;
  const isLeased = moment.now < facts.leaseUntil;
  if (isLeased) wake(work, facts.leaseUntil);
  const isChanging = facts.view === null && facts.status !== "electing";
  const isFrozen = facts.isFrozen || (state.isFrozen && isChanging);
  if (isFrozen !== state.isFrozen) {
    patch(work, { isFrozen });
    if (isFrozen) say(work, "warning", "frozen: keeps what runs, starts nothing, until it is decided who goes on");
    else say(work, "info", "no longer frozen");
  }
  const graceUntil = after(state.startedAt, adoptionDeadtimes * managerConfig(state).heartbeat.deadtimeMs);
  const isPatient = !state.hadLease && moment.now < graceUntil;
  if (!isLeased && isPatient) wake(work, graceUntil);
  const isHelpless = !isLeased && !isFrozen && !isPatient;
  const isAbandoned = state.shutdown !== null && facts.view === null && !isLeased;
  const isStopping = isHelpless || isAbandoned;
  if (isStopping && !state.isStopping && !isQuiet(state.runner)) {
    say(work, "error", "no quorum, and the lease has run out: stops its services");
  }
  if (isHelpless && !state.isStopping) abandonRequests(work);
  patch(work, { isStopping, hadLease: state.hadLease || isLeased });
}

/** What was not ordered yet may still be, once there is a quorum again; nobody can wait for that. */
function abandonRequests(work: Work): void {
  for (const { request } of work.state.requests) {
    refuse(
      work,
      request,
      "TIMED_OUT",
      "Not done yet: this node lost its quorum; it may still be carried out when there is one",
    );
  }
  patch(work, { requests: [] });
}

function mandate(work: Work): RunnerMandate {
  const { facts, moment, state } = work;
  const isLeased = moment.now < facts.leaseUntil;
  return {
    mayStart: isLeased && !facts.isFrozen && !state.isFrozen && !state.isStopping,
    leaseUntil: facts.leaseUntil,
    mustStop: state.isStopping,
  };
}

// Services

function runServices(work: Work): void {
  const { cluster, self, incarnation, reporting } = work.state;
  const isMine = cluster.nodes[self]?.incarnation === incarnation;
  const orders = (isMine ? ordersFor(cluster, self) : ordersFor(cluster, "" as NodeId)).map((order) =>
    reporting.includes(order.service) ? { ...order, action: "wait" as const } : order,
  );
  const definitions = cluster.config === null ? work.state.fileConfig.services : definitionsOf(cluster);
  const step = advanceRunner(work.state.runner, definitions, orders, mandate(work), work.moment);
  afterRunner(work, step);
}

function afterRunner(work: Work, step: RunnerStep): void {
  patch(work, { runner: step.state });
  work.effects.push(...step.effects);
  wake(work, step.wakeAt);
  for (const failure of step.failures) say(work, "warning", failure.text, failure.service);
  for (const { service, attempt, result } of step.reports) {
    const { self, incarnation } = work.state;
    submit(work, `result:${service}:${attempt}:${result.kind}`, {
      kind: "service-result",
      node: self,
      incarnation,
      service,
      attempt,
      result,
    });
  }
}

/** A report waits this long for the slower probes, so that one entry tells of all. */
const reportWaitMs = 200;

/** Tells what runs here, of every service of which the others do not know it. */
function report(work: Work): void {
  const { cluster, self, incarnation, runner, pending, isStopping, reportDueSince } = work.state;
  const here = cluster.nodes[self];
  if (work.facts.view === null || here?.incarnation !== incarnation || !here.isMember || isStopping) return;
  if (pending["observed"] !== undefined) return;
  const doubted = reportsDue(cluster, self);
  const due = servicesInOrder(cluster).filter(
    ({ service }) => doubted.includes(service) || runner.runtimes[service]?.mustReport === true,
  );
  const ready = due.filter(({ service }) => {
    const runtime = runner.runtimes[service];
    return runtime !== undefined && isKnown(runtime) && runtime.task === null;
  });
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
    return runtime === undefined ? [] : [observationOf(runtime, record.attempt)];
  });
  const reporting = ready.map((record) => record.service);
  patch(work, { runner: markReported(runner, reporting), reporting, reportDueSince: null });
  submit(work, "observed", { kind: "observed", node: self, incarnation, since: here.enteredAt, services });
}

// Fencing

/** Begins the device calls of attempts announced for this node, and of the group's own fence. */
function fenceAsTold(work: Work): void {
  const { cluster, self, incarnation } = work.state;
  for (const fence of Object.values(cluster.fences)) {
    const { inFlight, target, attempt } = fence;
    if (inFlight === null || inFlight.by !== self || inFlight.byIncarnation !== incarnation) continue;
    const begun = work.state.fenceBegun[target] ?? { own: 0, arbiter: 0 };
    if (begun.own >= attempt) continue;
    patch(work, { fenceBegun: { ...work.state.fenceBegun, [target]: { ...begun, own: attempt } } });
    callDevices(work, { target, attempt, isArbiter: false });
  }
  if (work.state.sworn !== null && answerArbiter(work)) return;
  const wanted = work.facts.arbiterFence;
  if (wanted === null) return;
  const begun = work.state.fenceBegun[wanted.target] ?? { own: 0, arbiter: 0 };
  if (begun.arbiter >= wanted.attempt) return;
  patch(work, { fenceBegun: { ...work.state.fenceBegun, [wanted.target]: { ...begun, arbiter: wanted.attempt } } });
  say(work, "warning", `fences ${wanted.target}, to go on alone (attempt ${wanted.attempt})`);
  callDevices(work, { ...wanted, isArbiter: true });
}

function callDevices(
  work: Work,
  what: { readonly target: NodeId; readonly attempt: number; readonly isArbiter: boolean },
): void {
  const step = beginFence(work.state.fencer, managerConfig(work.state), what);
  patch(work, { fencer: step.runner });
  work.effects.push(...step.effects);
  for (const verdict of step.verdicts) onVerdict(work, verdict);
}

function onVerdict(work: Work, verdict: FenceVerdict): void {
  const { target, attempt, confirmed, devices, reason, isArbiter } = verdict;
  const { self, cluster } = work.state;
  if (isArbiter) {
    if (!confirmed) say(work, "error", `could not fence ${target}: ${reason}`);
    else patch(work, { arbiterProof: { target, incarnation: cluster.nodes[target]?.incarnation ?? null, verdict } });
    work.toGroup.push({ kind: "fence-verdict", target, attempt, confirmed });
    return;
  }
  const incarnation = cluster.fences[target]?.inFlight?.incarnation ?? null;
  const body: EntryBody = { kind: "fence-result", target, incarnation, by: self, attempt, confirmed, devices, reason };
  submit(work, `fenced:${target}:${attempt}`, body);
}

/** Sees to every node that must be known off, when it is this node's turn and patience is over. */
function seeToFences(work: Work): void {
  const { cluster, self, arbiterProof } = work.state;
  if (arbiterProof !== null && tellProof(work, arbiterProof)) return;
  if (work.facts.view === null || cluster.nodes[self]?.incarnation !== work.state.incarnation) return;
  for (const need of fenceNeeds(cluster)) {
    if (need.by !== self || cluster.fences[need.target]?.inFlight) continue;
    const dueAt = fenceDueAt(work, need);
    if (dueAt === never) continue;
    if (work.moment.now < dueAt) {
      wake(work, dueAt);
      continue;
    }
    const { target, incarnation, attempt, reason } = need;
    if (need.means === "time") {
      submit(work, `assumed:${target}`, {
        kind: "assumed-off",
        target,
        incarnation,
        by: self,
        reason: "its time to stop has passed",
      });
    } else {
      submit(work, `fence:${target}:${attempt}`, {
        kind: "fence-begun",
        target,
        incarnation,
        by: self,
        attempt,
        reason,
      });
    }
  }
}

/** Tells the cluster of the fence that made it. @returns true while that is under way */
function tellProof(work: Work, proof: FenceProof): boolean {
  const record = work.state.cluster.nodes[proof.target];
  const isUsed = record === undefined || record.off !== null || record.incarnation !== proof.incarnation;
  if (isUsed) {
    patch(work, { arbiterProof: null });
    return false;
  }
  if (work.facts.view === null || record.isMember) return true;
  const { target, incarnation, verdict } = proof;
  const { devices, reason } = verdict;
  const body: EntryBody = {
    kind: "fence-result",
    target,
    incarnation,
    by: work.state.self,
    attempt: 0,
    confirmed: true,
    devices,
    reason,
  };
  submit(work, `proof:${target}`, body);
  return true;
}

/** A lost node that is heard again is about to be taken in; after this many deadtimes it is fenced all the same. */
const heardPatienceDeadtimes = 4;

/** When the node may be fenced, or taken as off, at the earliest. `never`: not by this means. */
function fenceDueAt(work: Work, need: FenceNeed): InstantMs {
  const { state, facts } = work;
  const { heartbeat, fencing } = managerConfig(state);
  if (need.means === "none") return never;
  const failedAt = state.fenceFailedAt[need.target];
  const againAt = failedAt === undefined ? (0 as InstantMs) : after(failedAt, fenceBackOffMs(need.failures));
  if (!need.isAbsent) return againAt;
  const lostAt = state.lostSince[need.target];
  const isClosed = facts.closed.includes(need.target);
  const isHeard = facts.heard.includes(need.target);
  const crashedAt = state.crashedAt[need.target];
  const from = lostAt ?? state.startedAt;
  const patience = [lostAt === undefined ? heartbeat.initdeadMs : 0];
  if (isClosed) patience.push(heartbeat.daemonGraceMs);
  if (isHeard) patience.push(heardPatienceDeadtimes * heartbeat.deadtimeMs);
  // A daemon that is heard again after a crash has begun to come back: a grace of its own to be taken in.
  const isBack = crashedAt !== undefined && isHeard;
  const backAt = isBack ? after(crashedAt, heartbeat.daemonGraceMs) : from;
  if (need.means === "time") {
    if (isClosed || isBack) return never;
    patience.push(fencing.kind === "none" ? fencing.assumeOffAfterMs : 0);
  }
  return Math.max(after(from, Math.max(...patience)), backAt, againAt) as InstantMs;
}

/** Asks the ports of silent nodes that matter: "closed" is a crashed daemon on a living kernel. */
function probePorts(work: Work): void {
  const { cluster, self, portProbedAt } = work.state;
  const { keepaliveMs } = managerConfig(work.state).heartbeat;
  const needed = fenceNeeds(cluster).map((need) => need.target);
  for (const record of Object.values(cluster.nodes)) {
    const { node } = record;
    if (node === self || record.off !== null || work.facts.heard.includes(node)) continue;
    if (!record.isMember && !needed.includes(node)) continue;
    const dueAt = after(portProbedAt[node] ?? (0 as InstantMs), keepaliveMs);
    if (portProbedAt[node] !== undefined && work.moment.now < dueAt) {
      wake(work, dueAt);
      continue;
    }
    patch(work, { portProbedAt: { ...work.state.portProbedAt, [node]: work.moment.now } });
    work.effects.push({ kind: "probe-port", node });
    wake(work, after(work.moment.now, keepaliveMs));
  }
}

// The coordinator's two small duties

/** The first view of a cluster has no configuration: its coordinator's file becomes the first. */
function proposeConfig(work: Work): void {
  const { cluster, self, fileConfig, fileDigest } = work.state;
  if (cluster.config !== null || work.facts.view?.coordinator !== self || cluster.nodes[self]?.isMember !== true)
    return;
  submit(work, "config", { kind: "config", config: fileConfig, digest: fileDigest, author: `${self}, from its file` });
}

/** Ends the back-off of failed services. */
function retryFailed(work: Work): void {
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
  if (failed.length > 0 || Object.keys(work.state.failedSince).length > 0) patch(work, { failedSince });
}

// Requests and leaving

function answerRequests(work: Work): void {
  const open: Request[] = [];
  for (const request of work.state.requests) {
    const outcome = request.goal === null ? null : goalState(work.state.cluster, request.goal);
    if (outcome === null || outcome.kind === "pending") {
      open.push(request);
      continue;
    }
    const { text } = outcome;
    const answer =
      outcome.kind === "reached" ? { ok: true as const, text } : { ok: false as const, code: outcome.code, text };
    work.effects.push({ kind: "answer", request: request.request, answer });
  }
  if (open.length !== work.state.requests.length) patch(work, { requests: open });
}

/** The group has this long to order the leave before the daemon goes without proof, in deadtimes. */
const leaveDeadtimes = 6;

function shutDown(work: Work): void {
  const { shutdown, cluster, self, incarnation, runner } = work.state;
  if (shutdown === null || shutdown.isDone) return;
  const { facts, moment } = work;
  const isIn = facts.view !== null || moment.now < facts.leaseUntil;
  const here = cluster.nodes[self];
  const isMember = here?.incarnation === incarnation && here.isMember && here.off === null;
  if (isIn && isMember && !here.isLeaving) {
    submit(work, "leaving", { kind: "leaving", node: self, incarnation });
    return;
  }
  const hasServices = isMember && servicesInOrder(cluster).some((record) => placesOf(record).includes(self));
  if (!isQuiet(runner) || (isIn && hasServices)) return;
  if (!isIn || here === undefined) {
    exit(work);
    return;
  }
  if (shutdown.leaveAskedAt === null) {
    work.toGroup.push({ kind: "leave" });
    patch(work, { shutdown: { leaveAskedAt: moment.now, isDone: false } });
    return;
  }
  const giveUpAt = after(shutdown.leaveAskedAt, leaveDeadtimes * managerConfig(work.state).heartbeat.deadtimeMs);
  if (moment.now < giveUpAt) wake(work, giveUpAt);
  else exit(work);
}

function exit(work: Work): void {
  patch(work, { shutdown: { leaveAskedAt: work.moment.now, isDone: true } });
  work.effects.push({ kind: "exit" });
}

/** The group has left cleanly: nothing remains but to end. */
export function finishShutdown(state: ManagerState): {
  readonly state: ManagerState;
  readonly effects: readonly Effect[];
} {
  if (state.shutdown === null || state.shutdown.isDone) return { state, effects: [] };
  return { state: { ...state, shutdown: { ...state.shutdown, isDone: true } }, effects: [{ kind: "exit" }] };
}

/** True while something of this node's services runs: for the snapshot's warnings. */
export function runsAnything(state: ManagerState): boolean {
  return Object.values(state.runner.runtimes).some(isActive);
}

/** True for a live member: used by the snapshot. */
export function isHere(state: ManagerState): boolean {
  return isLive(state.cluster.nodes[state.self]);
}
