import type { NodeId } from "../../model/ids.ts";
import { type ClusterState, definitionOf } from "./cluster-state.ts";
import { inItsPlace, instancesOf, isAbleOn } from "./clones.ts";
import { blockersOf } from "./eligibility.ts";
import { isWanted, type ServiceRecord } from "./service-record.ts";

type View = Pick<ClusterState, "config" | "nodes" | "services" | "fences" | "at">;

/** [CLN-4] An instance keeps others from starting only where a limit is set, and one more could run on another node if it did not. */
export function isInTheWayOfOthers(state: View, record: ServiceRecord): boolean {
  const { instance } = definitionOf(state, record);
  if (instance === undefined) return true;
  if (instance.limit === undefined) return false;
  return instancesOf(state, instance.of).some((other) =>
    waitsForAPlace(state, other, other.service !== record.service),
  );
}

function waitsForAPlace(state: View, record: ServiceRecord, isOther: boolean): boolean {
  const { instance } = definitionOf(state, record);
  const node: NodeId | undefined = instance?.node;
  return (
    isOther &&
    node !== undefined &&
    record.phase.kind === "stopped" &&
    isWanted(record) &&
    blockersOf(state, record).length === 0 &&
    inItsPlace(state, record).length > 0 &&
    isAbleOn(state, record, node)
  );
}
