import type { NodeId, ServiceId } from "../../model/ids.ts";
import type { Intent } from "../../model/intent.ts";
import { intentWords } from "../../model/intent-words.ts";
import type { ScheduleSnapshot } from "../../model/snapshot.ts";
import type { WallMs } from "../../model/units.ts";
import { isLive } from "../fencing/node-record.ts";
import { type ClusterState, definitionOf, notAllowed, type Refusal, servicesInOrder } from "./cluster-state.ts";
import { type Draft } from "./draft.ts";
import type { PastScheduled, Scheduled, ScheduleRecord } from "./schedule-record.ts";
import { phaseNode } from "./service-record.ts";

/*
 * An operator's wish for later is an entry that waits in the replicated state. When its time has come by the clock of the coordinator, that says so by an entry, and
 * what was wished is applied there, and taken off the list: so it is done once, whoever coordinates then, and whoever was restarted meanwhile.
 */

/** Wishes that may wait at once. */
export const scheduledMax = 100;
const pastMax = 16;

/** [SVC-43] Who comes later than this finds another day: nothing is done then. */
export const lateMsMax = 15 * 60_000;

type View = Omit<ClusterState, "index">;

/**
 * Why a wish is not put on the list, or taken from it; null: it is.
 *
 * @param now why it would be refused now: what the rules forbid now may be allowed then, but a name must be known
 */
export function refuseSchedule(state: View, now: Refusal | null): Refusal | null {
  const { waiting } = recordOf(state);
  if (waiting.length < scheduledMax) return now === null || now.code === "NOT_ALLOWED" ? null : now;
  return notAllowed(
    `Cannot schedule it: ${waiting.length} wait already, at most ${scheduledMax}; hale schedule cancel ID`,
  );
}

/** Why nothing can be taken off the list; null: it can. */
export function refuseCancel(state: View, id: number): Refusal | null {
  const { waiting } = recordOf(state);
  if (waiting.some((item) => item.id === id)) return null;
  const known = waiting.map((item) => item.id).join(", ");
  return notAllowed(`Cannot cancel ${id}: found no such number, scheduled: ${known || "nothing"}`);
}

/** It waits from now on. */
export function schedule(draft: Draft, { what, at }: Extract<Intent, { kind: "schedule" }>, by: string): void {
  const item: Scheduled = { id: draft.index, at, what, by, askedAt: draft.at };
  const { waiting, past } = recordOf(draft);
  draft.schedule = { waiting: [...waiting, item].toSorted((a, b) => a.at - b.at || a.id - b.id), past };
  tellScheduled(draft, item, "info", `scheduled by ${by} as ${item.id} for ${timeText(at)}: ${intentWords(what)}`);
}

/** It does not wait any more. */
export function cancelScheduled(draft: Draft, id: number, by: string): void {
  const item = recordOf(draft).waiting.find((one) => one.id === id);
  if (item === undefined) return;
  endScheduled(draft, item, "cancelled", `cancelled by ${by}`);
  tellScheduled(draft, item, "info", `${id} (${intentWords(item.what)}) is cancelled by ${by}`);
}

/** What is due at that time. Until every member has reported, the rules would refuse what they allow a moment later; there is time for that. */
export function dueAt(state: ClusterState, wall: WallMs): readonly Scheduled[] {
  const due = recordOf(state).waiting.filter(({ at }) => wall >= at);
  // Asked in each step while anything waits: the services are looked at only when its time has come.
  if (due.length === 0) return due;
  const isKnown = servicesInOrder(state).every(({ doubts }) => !doubts.some((node) => isLive(state.nodes[node])));
  return due.filter(({ at }) => isKnown || wall - at > lateMsMax);
}

/** For people and programs. */
export function explainSchedule(state: Pick<ClusterState, "schedule">): ScheduleSnapshot {
  const { waiting, past } = recordOf(state);
  return {
    waiting: waiting.map((item) => ({ ...item, words: intentWords(item.what) })),
    past: past.toReversed().map((item) => ({ ...item, words: intentWords(item.what) })),
  };
}

/** What somebody counted on and what was not done, for a day. */
export function scheduleWarnings(state: Pick<ClusterState, "schedule">, wall: WallMs): readonly string[] {
  return recordOf(state).past.flatMap(({ id, what, by, at, endedAt, result, reason }) =>
    (result === "dropped" || result === "refused") && wall - endedAt < dayMs
      ? [`not done: ${intentWords(what)}, scheduled by ${by} as ${id} for ${timeText(at)}: ${reason}`]
      : [],
  );
}

/** What is scheduled that has to do with a service: with it, its clone, its node or everything. */
export function scheduledFor(state: View, service: ServiceId): readonly Scheduled[] {
  const record = state.services[service];
  const node = record === undefined ? null : phaseNode(record.phase);
  const clone = record === undefined ? undefined : definitionOf(state, record).instance?.of;
  return recordOf(state).waiting.filter(({ what }) => {
    if ("service" in what) return what.service === service || what.service === clone;
    return "node" in what ? what.node === node : true;
  });
}

/** `2026-12-01 03:00:00Z`: nodes may be in different zones. */
export function timeText(at: WallMs): string {
  // oxlint-disable-next-line no-restricted-globals -- it reads no clock: it writes the time that it is given.
  return `${new Date(at).toISOString().slice(0, 19).replace("T", " ")}Z`;
}

const dayMs = 86_400_000;

const nothing: ScheduleRecord = { waiting: [], past: [] };

function recordOf({ schedule: known }: Pick<ClusterState, "schedule">): ScheduleRecord {
  return known ?? nothing;
}

/** It waits no more, and what came of it is kept. */
export function endScheduled(draft: Draft, item: Scheduled, result: PastScheduled["result"], reason: string): void {
  const { waiting, past } = recordOf(draft);
  const over: PastScheduled = { ...item, endedAt: draft.at, result, reason };
  draft.schedule = { waiting: waiting.filter(({ id }) => id !== item.id), past: [...past, over].slice(-pastMax) };
}

/** An event, of the service or node that is meant. */
export function tellScheduled(draft: Draft, { what }: Scheduled, level: "info" | "error", text: string): void {
  const node: NodeId = "node" in what ? what.node : draft.origin;
  draft.events.push({ node, level, text, ...("service" in what ? { service: what.service } : {}) });
}
