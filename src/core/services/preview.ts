import type { EntryBody, Observation, ServiceResult } from "../../model/entry.ts";
import type { NodeId, ServiceId } from "../../model/ids.ts";
import type { Preview, PreviewOutage, PreviewStep, Wish } from "../../model/preview.ts";
import { noView } from "../../model/view.ts";
import { wallMs } from "../../model/units.ts";
import type { FenceRecord } from "../fencing/fence-record.ts";
import { isLive, type NodeRecord } from "../fencing/node-record.ts";
import { applyEntry } from "./apply-entry.ts";
import { type ClusterState, definitionOf, mayRunAnything, nodesInOrder, type Refusal } from "./cluster-state.ts";
import { clusterStop } from "./cluster-stop.ts";
import { refusalOf } from "./apply-intent.ts";
import { timeText } from "./schedule.ts";
import { goalState } from "./goals.ts";
import { noticesDue } from "./notices.ts";
import { fenceNeeds, type Order, ordersFor, reportsDue } from "./plan.ts";
import { phaseNode, type ServiceRecord } from "./service-record.ts";
import { courseOf } from "./step-times.ts";

const { incarnation: noLife } = noView;

/** More than this is no rest to be waited for. */
const entriesMax = 20_000;

/**
 * What would follow from a wish: the rules run on a copy of the state, in virtual time, until nothing is left to do. Nodes do what they are told, in the time
 * that it took them last; fence devices confirm. Nothing is sent, nothing is written.
 *
 * @param self who asks, in whose name entries are made
 */
export function previewOf(state: ClusterState, wish: Wish, author: string, self: NodeId): Preview {
  // What is meant for later is tried as if it were done now: nobody knows more of that time.
  if (wish.kind === "intent" && wish.intent.kind === "schedule") {
    const refusal = refusalOf(state, wish.intent);
    if (refusal !== null) return { ok: false, ...refusal };
    const later = previewOf(state, { kind: "intent", intent: wish.intent.what }, author, self);
    const text = `at ${timeText(wish.intent.at)}, if all is as it is now: ${later.text}`;
    return later.ok ? { ...later, text } : { ok: true, text, steps: [], outages: [], unsure: [] };
  }
  const run = new Trial(state, self);
  const body: EntryBody =
    wish.kind === "intent"
      ? { kind: "intent", intent: wish.intent, author }
      : { kind: "config", config: wish.config, digest: wish.digest, author };
  const entry = state.index + 1;
  const refusal = run.say(body);
  if (refusal !== null) return { ok: false, ...refusal };
  run.toTheEnd();
  return {
    ok: true,
    text: endText(run.state, wish, entry),
    steps: run.steps,
    outages: run.outages(),
    unsure: run.unsure(),
  };
}

/** It is told to end, and has given up what it ran. With the whole cluster all end at once. */
function mayLeave(state: ClusterState, { node, isLeaving, shutdown }: NodeRecord): boolean {
  const isToLeave = isLeaving || (shutdown && shutdown.services !== "freeze");
  return Boolean(isToLeave) && clusterStop(state) === null && !mayRunAnything(state, node);
}

/** How long its devices took the last time, or else those of another node; null: none has confirmed yet. */
function fenceMs({ fences }: ClusterState, target: NodeId): number | null {
  const times = (fence: FenceRecord | undefined): readonly number[] =>
    (fence?.history ?? []).flatMap(({ means, confirmed, startedAt, at }) =>
      means === "devices" && confirmed && startedAt !== null ? [Math.max(0, at - startedAt)] : [],
    );
  return times(fences[target]).at(-1) ?? Object.values(fences).flatMap(times).at(-1) ?? null;
}

function endText(state: ClusterState, wish: Wish, entry: number): string {
  if (wish.kind === "config") return "the configuration would be in force";
  const goal = goalState(state, { intent: wish.intent, entry, attempt: 0 });
  return goal.kind === "pending" ? "it would not be done before something else happens" : goal.text;
}

/** Something under way: it ends at this time with that entry. */
interface Pending {
  readonly endsAt: number;
  readonly body: EntryBody;
}

interface Outage {
  readonly service: ServiceId;
  readonly from: NodeId;
  readonly beganAt: number;
  /** An operation of it, or of what it waits for, was never measured. */
  isGuessed: boolean;
  to: NodeId | null;
  endedAt: number | null;
  /** When all will run that it cannot do without: its start is under way. */
  upAt: number | null;
}

/** A run of the rules on a copy. Mutable, and seen by nobody else. */
class Trial {
  state: ClusterState;
  readonly steps: PreviewStep[] = [];
  readonly #self: NodeId;
  readonly #beganAt: number;
  readonly #pending = new Map<string, Pending>();
  readonly #outages: Outage[] = [];
  readonly #unmeasured = new Set<string>();
  #nowMs = 0;

  constructor(state: ClusterState, self: NodeId) {
    this.state = state;
    this.#self = self;
    this.#beganAt = state.at;
  }

  say(body: EntryBody): Refusal | null {
    const before = this.state;
    const index = before.index + 1;
    const id = { origin: this.#self, incarnation: before.nodes[this.#self]?.incarnation ?? noLife, sequence: index };
    const applied = applyEntry(before, { index, view: noView, id, at: wallMs(this.#beganAt + this.#nowMs), body });
    this.state = applied.state;
    this.#note(before);
    return applied.refusal;
  }

  /** Whatever is asked for is done, the earliest first. */
  toTheEnd(): void {
    for (let count = 0; count < entriesMax; count += 1) {
      this.#lookWhatIsAsked();
      const [first] = [...this.#pending].toSorted(([, a], [, b]) => a.endsAt - b.endsAt);
      if (first === undefined) return;
      const [key, { endsAt, body }] = first;
      this.#pending.delete(key);
      this.#nowMs = endsAt;
      this.say(body);
    }
  }

  outages(): readonly PreviewOutage[] {
    return this.#outages.map(({ service, from, to, beganAt, endedAt, isGuessed }) => ({
      service,
      from,
      to,
      outageMs: endedAt === null || isGuessed ? null : endedAt - beganAt,
    }));
  }

  unsure(): readonly string[] {
    const lines = [...this.#unmeasured].map(
      (what) => `how long the ${what} takes: it was not done since the cluster started`,
    );
    for (const need of fenceNeeds(this.state))
      if (need.means !== "device") lines.push(`when node ${need.target} is known to be off: ${need.reason}`);
    return lines;
  }

  #lookWhatIsAsked(): void {
    const asked = new Map<string, () => Pending>();
    for (const record of nodesInOrder(this.state)) {
      const { node, incarnation } = record;
      if (!isLive(record) || incarnation === null) continue;
      if (mayLeave(this.state, record)) {
        const body: EntryBody = { kind: "left", node, incarnation, voters: [] };
        asked.set(`${node} leaves`, () => ({ endsAt: this.#nowMs, body }));
      }
      for (const order of ordersFor(this.state, node))
        if (order.action === "start" || order.action === "stop") {
          const told = { ...order, action: order.action };
          asked.set(`${node} ${order.action} ${order.service} ${order.attempt}`, () => this.#obey(node, told));
        }
      for (const { clone, operation, entry } of noticesDue(this.state, node)) {
        const body: EntryBody = { kind: "notified", node, incarnation, clone, operation, entry };
        asked.set(`${node} is told ${operation} of ${clone} ${entry}`, () => ({ endsAt: this.#nowMs, body }));
      }
      const { enteredAt: since = 0, unsureSince } = this.state.nodes[node] ?? {};
      if (unsureSince) {
        const body: EntryBody = { kind: "observed", node, incarnation, since, services: [], sureOf: unsureSince };
        asked.set(`${node} has told all since ${unsureSince}`, () => ({ endsAt: this.#nowMs, body }));
      }
      const due = reportsDue(this.state, node);
      if (due.length > 0) asked.set(`${node} reports ${due.join(" ")}`, () => this.#report(node, due));
    }
    for (const need of fenceNeeds(this.state)) {
      if (need.means !== "device") continue;
      const { target, incarnation, by, attempt, reason } = need;
      const isBegun = Boolean(this.state.fences[target]?.inFlight);
      const fence = { target, incarnation, by, attempt };
      const body: EntryBody = isBegun
        ? { kind: "fence-result", ...fence, confirmed: true, devices: [], reason: "as far as is known" }
        : { kind: "fence-begun", ...fence, reason };
      asked.set(`${isBegun ? "fence" : "begin"} ${target} ${attempt}`, () => {
        if (!isBegun) {
          this.steps.push({ atMs: this.#nowMs, action: "fence", node: target, reason });
          return { endsAt: this.#nowMs, body };
        }
        const tookMs = fenceMs(this.state, target);
        if (tookMs === null) this.#unmeasured.add(`fence of ${target}`);
        return { endsAt: this.#nowMs + (tookMs ?? 0), body };
      });
    }
    for (const key of this.#pending.keys()) if (!asked.has(key)) this.#pending.delete(key);
    for (const [key, begin] of asked) if (!this.#pending.has(key)) this.#pending.set(key, begin());
  }

  #obey(
    node: NodeId,
    { service, attempt, action, definition }: Order & { readonly action: "start" | "stop" },
  ): Pending {
    const record = this.state.services[service];
    const { wholeMs, criticalMs, parts, unmeasured } = courseOf(definition.resources, action, record?.measured);
    const step = { atMs: this.#nowMs, action, node, service, reason: record?.reason ?? "" };
    this.steps.push(parts.length === 0 ? step : { ...step, parts });
    for (const what of unmeasured) this.#unmeasured.add(`${action} of ${what === "all" ? service : what}`);
    if (action === "stop" && record !== undefined) this.#goesDown(record, node);
    const open = this.#outages.find((outage) => outage.service === service && outage.endedAt === null);
    if (wholeMs === null)
      for (const outage of this.#outages)
        outage.isGuessed ||= outage.endedAt === null && (outage !== open || criticalMs === null);
    if (open !== undefined && action === "start")
      Object.assign(open, { to: node, upAt: this.#nowMs + (criticalMs ?? 0) });
    const durationMs = wholeMs ?? criticalMs ?? 0;
    const result: ServiceResult =
      action === "start" ? { kind: "started", durationMs } : { kind: "stopped", durationMs };
    const incarnation = this.state.nodes[node]?.incarnation ?? noLife;
    const body: EntryBody = { kind: "service-result", node, incarnation, service, attempt, result };
    return { endsAt: this.#nowMs + durationMs, body };
  }

  #goesDown({ service }: ServiceRecord, from: NodeId): void {
    if (this.#outages.some((outage) => outage.service === service && outage.endedAt === null)) return;
    this.#outages.push({ service, from, beganAt: this.#nowMs, isGuessed: false, to: null, endedAt: null, upAt: null });
  }

  /** A node tells what it is taken to run. */
  #report(node: NodeId, due: readonly ServiceId[]): Pending {
    const services = due.flatMap((service): readonly Observation[] => {
      const record = this.state.services[service];
      if (record === undefined) return [];
      const isHere = phaseNode(record.phase) === node && record.phase.kind !== "stopping";
      const running = isHere ? definitionOf(this.state, record).resources.map(({ id }) => id) : [];
      return [{ service, running, unclear: [], attempt: record.attempt }];
    });
    const { incarnation = null, enteredAt = 0 } = this.state.nodes[node] ?? {};
    const body: EntryBody = { kind: "observed", node, incarnation: incarnation ?? noLife, since: enteredAt, services };
    return { endsAt: this.#nowMs, body };
  }

  /** What the last entry has changed. */
  #note(before: ClusterState): void {
    for (const record of Object.values(this.state.services)) {
      const was = before.services[record.service]?.phase;
      const { phase, service, reason } = record;
      if (was === phase || was?.kind === phase.kind) continue;
      const base = { atMs: this.#nowMs, service, reason };
      if (phase.kind === "failed" || phase.kind === "blocked")
        this.steps.push({ ...base, action: "give-up", node: phaseNode(phase) ?? this.#self });
      else if (phase.kind === "started") this.#isUp(service, phase.node);
      if (phase.kind === "stopped" && was?.kind === "started") this.#goesDown(record, was.node);
    }
  }

  #isUp(service: ServiceId, node: NodeId): void {
    const open = this.#outages.find((outage) => outage.service === service && outage.endedAt === null);
    // [TREE-4] What it can do without comes up when it comes: nobody misses the service meanwhile.
    if (open !== undefined) Object.assign(open, { endedAt: open.upAt ?? this.#nowMs, to: node });
  }
}
