import type { Entry } from "../../model/entry.ts";
import type { StateMachine } from "../replication/state-machine.ts";
import { applyEntry } from "./apply-entry.ts";
import { type ClusterState, emptyClusterState } from "./cluster-state.ts";

/** The cluster's state as the group folds it into checkpoints. */
export const clusterMachine: StateMachine = {
  initial: emptyClusterState,
  apply: (state: unknown, entry: Entry) => applyEntry(state as ClusterState, entry).state,
  accepts: isClusterState,
};

/** True when it has the parts of a state. What is in them was made by the same rules on another node, or an earlier version's. */
export function isClusterState(value: unknown, index: number): value is ClusterState {
  if (!isObject(value) || value["index"] !== index || typeof value["at"] !== "number") return false;
  const { config } = value;
  const parts = [value["nodes"], value["services"], value["fences"], value["brokenDevices"] ?? {}];
  return (
    (config === null || (isObject(config) && isObject(config["config"]))) && parts.every((part) => areRecords(part))
  );
}

function areRecords(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((record) => isObject(record));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
