import type { FenceReport } from "../../model/snapshot.ts";
import type { FenceRecord } from "../fencing/fence-record.ts";
import type { ClusterState } from "./cluster-state.ts";

/** What was done, and is being done, to make nodes known to be off. Newest first. */
export function explainFences({ fences }: Pick<ClusterState, "fences">): readonly FenceReport[] {
  const records = Object.values(fences);
  const past = records.flatMap(reportsOf).toSorted((a, b) => (b.entry ?? 0) - (a.entry ?? 0));
  return [...records.flatMap(underWay), ...past];
}

function underWay({ target, attempt, inFlight }: FenceRecord): readonly FenceReport[] {
  if (inFlight === null) return [];
  const { by, reason: why, at: startedAt } = inFlight;
  const open = { reason: "", devices: [], endedAt: null, entry: null, times: 1 };
  return [{ target, by, result: "under way", means: "devices", why, startedAt, attempt, ...open }];
}

function reportsOf({ target, history = [] }: FenceRecord): readonly FenceReport[] {
  return history.map(({ confirmed, at: endedAt, ...past }) => ({
    target,
    result: confirmed ? "confirmed" : "failed",
    endedAt,
    ...past,
  }));
}
