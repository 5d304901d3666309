import type { NodeId } from "../../model/ids.ts";
import { type WallMs, wallMs } from "../../model/units.ts";
import { type Draft, patchService } from "./draft.ts";
import { type Double, doubleUntil } from "./double-record.ts";
import { phaseNode, type ServiceRecord } from "./service-record.ts";

/** Kept per service. */
const doublesMax = 10;

/** The node is taken as off. By its own word it is known to run nothing; by anybody else's, it may turn out otherwise. */
export function noteAbandoned(draft: Draft, record: ServiceRecord, node: NodeId): ServiceRecord {
  const known = (record.abandoned ?? []).filter((other) => other.node !== node);
  return patchService(draft, record, { abandoned: [...known, { node, elsewhere: null }] });
}

/**
 * [SVC-26] A node that was abandoned reports. What it says decides whether there was a double.
 *
 * @param isActive it runs the service, or parts of it
 * @param ranMsAgo until when it did, or may have, if it has stopped it
 */
export function meetAgain(
  draft: Draft,
  before: ServiceRecord,
  node: NodeId,
  { isActive, ranMsAgo }: { readonly isActive: boolean; readonly ranMsAgo: number | undefined },
): ServiceRecord {
  const met = before.abandoned?.find((other) => other.node === node);
  if (met === undefined) return before;
  const record = patchService(draft, before, { abandoned: before.abandoned?.filter((other) => other !== met) ?? [] });
  const isElsewhere = phaseNode(record.phase) !== null && phaseNode(record.phase) !== node;
  const stoppedAt = wallMs(draft.at - (ranMsAgo ?? Number.MAX_SAFE_INTEGER));
  const double = doubleUntil(met, isActive ? null : stoppedAt);
  if (double === null) return record;
  const endedWithIt = isElsewhere ? null : record.since;
  return addDouble(draft, record, { ...double, endedAt: isActive ? endedWithIt : stoppedAt });
}

/** A node runs it beside its place. */
export function beginDouble(draft: Draft, record: ServiceRecord, node: NodeId, place: NodeId): ServiceRecord {
  if (record.doubles?.some((double) => double.endedAt === null && double.nodes[0] === node)) return record;
  return addDouble(draft, record, { nodes: [node, place], beganAt: draft.at, endedAt: null });
}

/** The node runs it no more. */
export function endDouble(draft: Draft, before: ServiceRecord, node: NodeId): void {
  const record = draft.services[before.service] ?? before;
  for (const double of record.doubles ?? []) {
    if (double.endedAt !== null || double.nodes[0] !== node) continue;
    const ended = { ...double, endedAt: draft.at };
    const doubles = record.doubles?.map((other) => (other === double ? ended : other)) ?? [];
    patchService(draft, record, { doubles });
    tell(draft, record, ended);
  }
}

/** `ran on n1 and n2 at once for 14 s`. @param at when it is told, for one that goes on */
export function doubleText({ nodes, beganAt, endedAt }: Double, at: WallMs): string {
  const span = secondsText((endedAt ?? at) - beganAt);
  const where = `on ${nodes[0]} and ${nodes[1]} at once`;
  return endedAt === null ? `runs ${where}, for ${span} so far` : `ran ${where} for ${span}`;
}

function addDouble(draft: Draft, record: ServiceRecord, double: Omit<Double, "entry">): ServiceRecord {
  const added = { ...double, entry: draft.index };
  tell(draft, record, added);
  return patchService(draft, record, { doubles: [...(record.doubles ?? []), added].slice(-doublesMax) });
}

function tell(draft: Draft, { service }: ServiceRecord, double: Double): void {
  draft.events.push({ node: double.nodes[0], service, level: "error", text: doubleText(double, draft.at) });
}

function secondsText(spanMs: number): string {
  return spanMs < 1_000 ? "less than 1 s" : `${Math.round(spanMs / 1_000)} s`;
}
