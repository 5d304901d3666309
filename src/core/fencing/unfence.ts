import type { ClusterConfig, FenceDeviceConfig, FenceStep } from "../../model/cluster-config.ts";
import type { DeviceId, NodeId } from "../../model/ids.ts";
import { sbdAgent } from "../../model/sbd.ts";
import type { NodeRecord } from "./node-record.ts";

/**
 * Devices that cut off instead of switching off: from storage (SCSI reservations), from a network (the port of a switch).
 *
 * What they cut off stays so, through reboots, until somebody switches it on again. Nobody does that for another node: a node that is
 * only cut off may still run, and switching it on would give it the data back. It asks for itself, in each stay, before anything
 * starts on it.
 */
export interface UnfenceStep {
  readonly device: FenceDeviceConfig;
  readonly step: FenceStep;
}

/** Whether a node that it has fenced runs on, without its storage or network. A message on a shared disk ends the node. */
export function leavesRunning({ unfence, agent }: FenceDeviceConfig): boolean {
  return unfence === true && agent !== sbdAgent;
}

/** What has to be switched on for a node, in the order of its levels, each plug once. */
export function unfenceSteps(config: ClusterConfig, node: NodeId): readonly UnfenceStep[] {
  if (config.fencing.kind !== "devices") return [];
  const { devices } = config.fencing;
  const steps = config.nodes.find(({ id }) => id === node)?.fence.flat() ?? [];
  const found = steps.flatMap((step): readonly [string, UnfenceStep][] => {
    const device = devices.find(({ id, unfence }) => id === step.device && unfence === true);
    return device === undefined ? [] : [[`${device.id} ${step.plug ?? ""}`, { device, step }]];
  });
  return [...new Map(found).values()];
}

/** Devices that have not switched the node on in this stay. */
export function notUnfenced(config: ClusterConfig, { node, unfencedBy = [] }: NodeRecord): readonly DeviceId[] {
  const devices = new Set(unfenceSteps(config, node).map(({ device }) => device.id));
  return [...devices].filter((device) => !unfencedBy.includes(device));
}
