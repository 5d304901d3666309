import type { Entry, EntryBody } from "../model/entry.ts";
import type { NodeId, ServiceId } from "../model/ids.ts";
import type { Intent } from "../model/intent.ts";
import type { InstantMs } from "../model/units.ts";
import type { Member } from "../model/view.ts";
import { tellWhatIsDone } from "./manager-notices.ts";
import { patch, type Work } from "./manager-work.ts";
import { applyEntry } from "./services/apply-entry.ts";
import type { ClusterState } from "./services/cluster-state.ts";

/** The next entry: applied, told, and its local consequences drawn. */
export function deliver(work: Work, entry: Entry, isReplay: boolean): void {
  const before = work.state.cluster;
  const applied = applyEntry(before, entry);
  patch(work, { cluster: applied.state });
  for (const event of applied.events) {
    work.effects.push({ kind: "event", event: { at: entry.at, entry: entry.index, ...event } });
  }
  if (isReplay) return;
  tellWhatIsDone(work, before);
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
  return "node" in intent ? event.node === intent.node : false;
}

function progressText(event: { readonly node: NodeId; readonly service?: ServiceId; readonly text: string }): string {
  return event.service === undefined ? `node ${event.node}: ${event.text}` : `service ${event.service}: ${event.text}`;
}

/** Who came and went while this node was away had a lease meanwhile, so an absence begins with the last view entry that ends a stay. */
function outsideAfter({ state, moment }: Work, members: readonly Member[]): Readonly<Record<NodeId, InstantMs>> {
  const outside = Object.keys(state.cluster.nodes).filter((node) => !members.some((member) => member.node === node));
  return Object.fromEntries(outside.map((node) => [node, state.outsideSince[node as NodeId] ?? moment.now]));
}

function isInView({ facts }: Work, node: NodeId): boolean {
  return facts.view?.members.some((member) => member.node === node) === true;
}

function onView(work: Work, before: ClusterState, body: Extract<EntryBody, { kind: "view" }>): void {
  const lostSince = { ...work.state.lostSince };
  for (const record of Object.values(before.nodes)) {
    if (record.isMember && !body.members.some((member) => member.node === record.node))
      lostSince[record.node] ??= work.moment.now;
  }
  const crashedAt = { ...work.state.crashedAt };
  for (const { node } of body.members) {
    // [FEN-6] Who died while it was taken in is a member by an entry only: the view that is in force is already another one.
    if (!isInView(work, node)) continue;
    delete lostSince[node];
    // And who has just crashed stays one for a moment more.
    if (!work.facts.closed.includes(node)) delete crashedAt[node];
  }
  patch(work, { lostSince, crashedAt, outsideSince: outsideAfter(work, body.members) });
  for (const runtime of Object.values(work.state.runner.runtimes)) {
    for (const { config, state } of runtime.resources) {
      if (config.kind === "address" && state === "running") work.effects.push({ kind: "announce", address: config });
    }
  }
}
