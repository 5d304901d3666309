import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { DeviceId } from "../../model/ids.ts";
import type { DeviceSnapshot } from "../../model/snapshot.ts";
import { disbelieved } from "../fencing/fence-record.ts";
import { isLive } from "../fencing/node-record.ts";
import { notUnfenced } from "../fencing/unfence.ts";
import type { DeviceWatches } from "../fencing/device-watch.ts";
import { type ClusterState, nodesInOrder } from "./cluster-state.ts";

/** The fence devices of a snapshot, with what the telling node has found itself. */
export function explainDevices(
  state: ClusterState,
  { fencing }: ClusterConfig,
  watches: DeviceWatches,
): readonly DeviceSnapshot[] {
  if (fencing.kind !== "devices") return [];
  return fencing.devices.map(({ id, agent }) => ({
    device: id,
    agent,
    last: watches[id]?.last ?? null,
    broken: brokenFor(state, id),
  }));
}

/** A broken fence device is a fence that fails: it has to be mended before. */
export function deviceWarnings(state: ClusterState): readonly string[] {
  const devices = Object.keys(state.brokenDevices ?? {}).toSorted() as DeviceId[];
  return devices.flatMap((device) => {
    const broken = brokenFor(state, device);
    const [first] = broken;
    if (first === undefined) return [];
    const nodes = broken.map(({ node }) => node).join(", ");
    return [`fence device ${device} does not work for ${nodes}: ${first.reason}`];
  });
}

/** [FEN-24] Somebody has to look at the device, and at its plug. */
export function survivalWarnings(state: ClusterState): readonly string[] {
  return nodesInOrder(state).flatMap(({ node, incarnation }) => {
    const devices = disbelieved(state.fences[node], incarnation);
    if (devices.length === 0) return [];
    const named = devices.join(", ");
    return [
      `node ${node} lived on when ${named} had confirmed that it was off: nothing more of that is believed; look at its plug, and test it: hale fence test ${node}`,
    ];
  });
}

/** Nothing starts on a node that is cut off. Told after its first report: until then it is on its way. */
export function unfenceWarnings(state: ClusterState): readonly string[] {
  const config = state.config?.config;
  if (config === undefined) return [];
  return nodesInOrder(state).flatMap((record) => {
    const devices = isLive(record) && record.eligibleSince >= record.enteredAt ? notUnfenced(config, record) : [];
    if (devices.length === 0) return [];
    return [
      `node ${record.node} may run nothing before it is switched on by ${devices.join(", ")}: hale events tells why`,
    ];
  });
}

/** Members only: what an absent node has found is no longer its word. */
function brokenFor(state: ClusterState, device: DeviceId): DeviceSnapshot["broken"] {
  const told = state.brokenDevices?.[device] ?? {};
  return nodesInOrder(state).flatMap(({ node, isMember }) => {
    const fault = told[node];
    return fault === undefined || !isMember ? [] : [{ node, ...fault }];
  });
}
