import type { ClusterConfig, WatchdogConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import { canFence } from "./fence-runner.ts";
import { isArmed, type NodeRecord } from "./node-record.ts";

/** The watchdog that resets the node when nothing else does, by the configuration: its only fence, or the one after its devices. */
export function ownWatchdog({ fencing, nodes }: ClusterConfig, node: NodeId): WatchdogConfig | null {
  if (fencing.kind === "watchdog") return fencing;
  if (fencing.kind !== "devices" || fencing.watchdog === undefined) return null;
  return nodes.find(({ id }) => id === node)?.watchdog === true ? fencing.watchdog : null;
}

/**
 * [FEN-23] Whether its watchdog resets the node, or has: it has said in this life that it is armed, and no device can, or all levels have failed.
 *
 * @param failures attempts that failed in a row, while it was needed
 */
export function isResetByItself(config: ClusterConfig, record: NodeRecord, failures: number): boolean {
  if (!isArmed(record) || ownWatchdog(config, record.node) === null) return false;
  const node = config.nodes.find(({ id }) => id === record.node);
  return failures > 0 || !canFence(config, node);
}
