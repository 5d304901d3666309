import type { EntryBody } from "../../model/entry.ts";
import type { NodeId, ServiceId } from "../../model/ids.ts";
import { isLive } from "../fencing/node-record.ts";
import { isKeptThere } from "./apply-degraded.ts";
import { instancesOf } from "./clones.ts";
import { type ClusterState, definitionOf } from "./cluster-state.ts";
import { type Draft, patchService } from "./draft.ts";
import { phaseNode, type ServiceRecord } from "./service-record.ts";

/*
 * The promoted role of a clone is a service beside its instances: whoever owns it is promoted, its start is the agent's promote, its stop demote. So one node
 * is promoted at most, and another only when that one is known not to be. What is more is whose data is newest: agents say so by scores, and these count only
 * when they were asked for after the last promoted one was known to be gone.
 */

type View = Pick<ClusterState, "config" | "nodes" | "services">;

/** The round of scores that decides who is promoted: it begins with the entry by which nobody was any more. null: somebody is, or may be. */
export function roundOf(role: ServiceRecord): number | null {
  if (phaseNode(role.phase) !== null || role.doubts.length > 0 || role.strays.length > 0) return null;
  return role.history.at(-1)?.entry ?? 0;
}

/** The service whose owner is promoted, of an instance of a promotable clone. */
export function roleOf(state: View, instance: ServiceRecord): ServiceRecord | undefined {
  const { of } = definitionOf(state, instance).instance ?? {};
  const role = of === undefined ? undefined : state.services[of];
  return role !== undefined && definitionOf(state, role).promotes !== undefined ? role : undefined;
}

/** [PRO-3] True when its score was asked for in this round, of what runs now. */
export function hasFreshScore({ score, order }: ServiceRecord, round: number): boolean {
  return score !== undefined && score.round === round && score.order === order;
}

/** [PRO-3] Instances that run here and there and have not told their score in this round, or are yet to say whether they run. */
export function awaitedScores(state: View, role: ServiceRecord): readonly ServiceId[] {
  const round = roundOf(role);
  if (round === null) return [];
  return candidatesOf(state, role).flatMap((instance) =>
    hasFreshScore(instance, round) && !isDoubted(instance) ? [] : [instance.service],
  );
}

/** [PRO-2] Why the instance on a node may not be promoted; null: as far as its data goes, it may. */
export function promotionAgainst(state: View, role: ServiceRecord, node: NodeId): string | null {
  const { promotes } = definitionOf(state, role);
  if (promotes === undefined) return null;
  const candidates = candidatesOf(state, role);
  const own = candidates.find((instance) => phaseNode(instance.phase) === node);
  if (own === undefined) return null;
  if (own.score === undefined) return `${own.service} has told no promotion score`;
  if (own.score.value < 0) return `${own.service} must not be promoted, by its score (${own.score.value})`;
  // While somebody is promoted, the others' scores are of different moments.
  if (roundOf(role) === null) return null;
  const { value } = own.score;
  const newer = candidates.find(({ score }) => score !== undefined && score.value > value);
  return newer === undefined ? null : `${newer.service} has newer data, by its score (${newer.score?.value ?? 0})`;
}

/** Instances that are started on members: who of them has still to report may have the newest data. */
function candidatesOf(state: View, role: ServiceRecord): readonly ServiceRecord[] {
  const { promotes } = definitionOf(state, role);
  if (promotes === undefined) return [];
  return instancesOf(state, promotes).filter(
    ({ phase }) => phase.kind === "started" && isLive(state.nodes[phase.node]),
  );
}

function isDoubted({ phase, doubts }: ServiceRecord): boolean {
  return phase.kind === "started" && doubts.includes(phase.node);
}

/** An instance tells its score. One about an earlier order counts for nothing. */
export function applyScore(draft: Draft, body: Extract<EntryBody, { kind: "score" }>): void {
  const record = draft.services[body.service];
  if (record === undefined || draft.nodes[body.node]?.incarnation !== body.incarnation) return;
  if (!isKeptThere(draft, record, body.node) || record.order !== body.attempt) return;
  const { round, value } = body;
  patchService(draft, record, { score: { round, value, order: body.attempt } });
}
