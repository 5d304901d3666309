import type { ServiceConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import type { NodeId, ServiceId } from "../../model/ids.ts";
import type { Notice, NoticeId, NoticeOperation, NoticePlace } from "../../model/notice.ts";
import { isLive } from "../fencing/node-record.ts";
import { clonesOf } from "../placement/clones.ts";
import { stoppedFirst } from "./after.ts";
import { instancesOf } from "./clones.ts";
import { type ClusterState, type DecisionView, definitionOf } from "./cluster-state.ts";
import { type Draft, patchService } from "./draft.ts";
import { frozenText } from "./frozen.ts";
import { phaseNode, type ServiceRecord } from "./service-record.ts";

/*
 * Agents of a clone may want to know what becomes of the other instances: before it is done (pre) and when it has been (post). An order about an instance, or
 * about the promoted role, names the nodes that are to be told first; each runs its agent's notify and says so by an entry, whatever came of that; the order is
 * carried out when nobody is left who is there and has not answered. What was done is told by each node to its own instance when it reads the entry that
 * says it; nobody waits for that.
 */

/** Notifications to one instance on its node. */
export interface DueNotice extends NoticeId {
  readonly instance: ServiceId;
  readonly notice: Notice;
}

/** [PRO-7] The orders that this entry has given, of clones with notify, are announced first to whoever runs an instance. */
export function announceOrders(draft: Draft, before: Pick<ClusterState, "services">): void {
  for (const clone of notifyingClones(draft)) {
    const toTell = placesOf(draft, clone, isThereToBeTold).map(({ node }) => node);
    for (const record of membersOf(draft, clone)) {
      const { kind } = record.phase;
      if (before.services[record.service]?.order === record.order || (kind !== "starting" && kind !== "stopping"))
        continue;
      patchService(draft, record, { notice: { order: record.order, entry: draft.index, toTell } });
    }
  }
}

/** [PRO-8] Who has yet to be told before the order is carried out. Who is away, has not reported or is left alone is not waited for. */
export function untoldOf(state: DecisionView, record: ServiceRecord): readonly NodeId[] {
  const { notice, order } = record;
  if (!notice || notice.order !== order || notice.toTell.length === 0) return [];
  const clone = cloneOf(definitionOf(state, record));
  // Where the file has notify no more, nobody is told what was announced before.
  if (clone === undefined || !notifyingClones(state).includes(clone)) return [];
  const there = placesOf(state, clone, isThere).map(({ node }) => node);
  return notice.toTell.filter((node) => there.includes(node));
}

/** What the instances of a node are to be told now, before something else goes on. */
export function noticesDue(state: ClusterState, node: NodeId): readonly DueNotice[] {
  return notifyingClones(state).flatMap((clone): readonly DueNotice[] => {
    const instance = instancesOf(state, clone).find((record) => nodeOf(state, record) === node);
    if (instance === undefined) return [];
    const due = new Map<string, ServiceRecord[]>();
    for (const record of membersOf(state, clone)) {
      if (!untoldOf(state, record).includes(node)) continue;
      const key = `${record.notice?.entry ?? 0} ${operationOf(record)}`;
      due.set(key, [...(due.get(key) ?? []), record]);
    }
    return [...due.values()].flatMap((records): readonly DueNotice[] => {
      const [first] = records;
      // What is stopped at once is announced at once, when the promoted instance has been demoted.
      if (!first?.notice || records.some((record) => isHeld(state, record))) return [];
      const operation = operationOf(first);
      const notice = noticeOf(state, clone, { when: "pre", operation, records });
      return [{ clone, operation, entry: first.notice.entry, instance: instance.service, notice }];
    });
  });
}

/** [PRO-9] What an entry has brought to its end, for the instance of a node that runs after it. */
export function noticesDone(before: ClusterState, after: ClusterState, node: NodeId): readonly DueNotice[] {
  return notifyingClones(after).flatMap((clone): readonly DueNotice[] => {
    const instance = instancesOf(after, clone).find((record) => nodeOf(after, record) === node);
    if (instance === undefined || !isThereToBeTold(after, instance)) return [];
    return membersOf(after, clone).flatMap((record): readonly DueNotice[] => {
      const was = before.services[record.service];
      const operation = was === undefined ? null : endedBetween(was, record);
      if (was === undefined || operation === null) return [];
      const notice = noticeOf(before, clone, { when: "post", operation, records: [was] });
      return [{ clone, operation, entry: after.index, instance: instance.service, notice }];
    });
  });
}

/** An instance's node has told its agent, or has none that could be told. */
export function applyNotified(draft: Draft, body: Extract<EntryBody, { kind: "notified" }>): void {
  if (draft.nodes[body.node]?.incarnation !== body.incarnation) return;
  for (const record of membersOf(draft, body.clone)) {
    const { notice } = record;
    if (notice?.entry !== body.entry || operationOf(record) !== body.operation) continue;
    const toTell = notice.toTell.filter((node) => node !== body.node);
    patchService(draft, record, { notice: { ...notice, toTell } });
  }
}

type View = Pick<ClusterState, "config" | "nodes" | "services" | "maintenance">;

const notifying = new WeakMap<object, readonly ServiceId[]>();

/** Clones whose agents are told, in file order. Worked out once for each configuration. */
function notifyingClones({ config }: Pick<ClusterState, "config">): readonly ServiceId[] {
  if (config === null) return [];
  let clones = notifying.get(config.config);
  if (clones === undefined) {
    clones = [...clonesOf(config.config)].flatMap(([clone, [first]]) =>
      first !== undefined && notifyTimeoutOf(first) !== undefined ? [clone] : [],
    );
    notifying.set(config.config, clones);
  }
  return clones;
}

function notifyTimeoutOf({ resources: [resource] }: ServiceConfig): number | undefined {
  return resource?.kind === "ocf" ? resource.clone?.notifyTimeoutMs : undefined;
}

/** Its instances, and its promoted role if it has one. */
function membersOf(state: View, clone: ServiceId): readonly ServiceRecord[] {
  const role = state.services[clone];
  const instances = instancesOf(state, clone);
  return role === undefined || definitionOf(state, role).promotes !== clone ? instances : [...instances, role];
}

function cloneOf({ promotes, instance }: ServiceConfig): ServiceId | undefined {
  return promotes ?? instance?.of;
}

function nodeOf(state: View, record: ServiceRecord): NodeId | undefined {
  return definitionOf(state, record).instance?.node;
}

function placesOf(
  state: View,
  clone: ServiceId,
  isMeant: (state: View, record: ServiceRecord) => boolean,
): readonly NoticePlace[] {
  return instancesOf(state, clone).flatMap((record) => {
    const { instance } = definitionOf(state, record);
    return instance !== undefined && isMeant(state, record) ? [{ node: instance.node, number: instance.number }] : [];
  });
}

function isActive(_state: View, { phase }: ServiceRecord): boolean {
  return phase.kind === "started" || phase.kind === "stopping";
}

/** Its node answers for it. */
function isThere(state: View, record: ServiceRecord): boolean {
  const node = nodeOf(state, record);
  return (
    node !== undefined &&
    isLive(state.nodes[node]) &&
    !record.doubts.includes(node) &&
    frozenText(state, record) === null
  );
}

function isThereToBeTold(state: View, record: ServiceRecord): boolean {
  return isActive(state, record) && isThere(state, record);
}

/** What it stands for is about the clone's instance, or about the promoted role. */
function operationOf({ phase, definition }: ServiceRecord): NoticeOperation {
  const isUp = phase.kind === "starting" || phase.kind === "started";
  if (definition.promotes !== undefined) return isUp ? "promote" : "demote";
  return isUp ? "start" : "stop";
}

/** [REL-1] Something else must stop before it; it is announced when its turn comes. */
function isHeld(state: DecisionView, record: ServiceRecord): boolean {
  return record.phase.kind === "stopping" && stoppedFirst(state, record).length > 0;
}

/** What has come to its end between two states of a record; null: nothing has. Who starts again has stopped before (SVC-1). */
function endedBetween(was: ServiceRecord, is: ServiceRecord): NoticeOperation | null {
  const isRole = is.definition.promotes !== undefined;
  if (was.phase.kind === "starting" && is.phase.kind === "started" && was.order === is.order)
    return isRole ? "promote" : "start";
  const isDown = phaseNode(is.phase) === null || (is.phase.kind === "starting" && is.order !== was.order);
  if (phaseNode(was.phase) === null || !isDown) return null;
  return isRole ? "demote" : "stop";
}

interface Told {
  readonly when: Notice["when"];
  readonly operation: NoticeOperation;
  /** Whose operation it is. */
  readonly records: readonly ServiceRecord[];
}

/** @param state before the operation */
function noticeOf(state: View, clone: ServiceId, { when, operation, records }: Told): Notice {
  const all = placesOf(state, clone, () => true);
  const on = records.flatMap(({ phase }) => all.filter(({ node }) => node === phaseNode(phase)));
  const active = placesOf(state, clone, isActive);
  const role = state.services[clone];
  const isPromoted = (place: NoticePlace): boolean =>
    role !== undefined && isActive(state, role) && phaseNode(role.phase) === place.node;
  return {
    when,
    operation,
    on: all.filter((place) => on.includes(place)),
    active,
    inactive: all.filter(({ node }) => !active.some((other) => other.node === node) && isLive(state.nodes[node])),
    promoted: active.filter(isPromoted),
    unpromoted: role === undefined ? [] : active.filter((place) => !isPromoted(place)),
  };
}
