import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { EntryBody } from "../../model/entry.ts";
import type { DeviceId } from "../../model/ids.ts";
import { isLive } from "../fencing/node-record.ts";
import type { Draft } from "./draft.ts";

/** [FEN-16] A node tells that a fence device stopped working for it, or works again. */
export function applyDevice(draft: Draft, body: Extract<EntryBody, { kind: "device" }>): void {
  const { node, device, isWorking, reason } = body;
  const record = draft.nodes[node];
  if (record?.incarnation !== body.incarnation || !isLive(record) || !hasDevice(draft.config?.config, device)) return;
  const { [node]: known, ...others } = draft.brokenDevices[device] ?? {};
  if (isWorking === (known === undefined)) return;
  if (isWorking) {
    if (Object.keys(others).length > 0) draft.brokenDevices[device] = others;
    else delete draft.brokenDevices[device];
    draft.events.push({ node, level: "info", text: `fence device ${device} works again` });
    return;
  }
  draft.brokenDevices[device] = { ...others, [node]: { reason, since: draft.at } };
  draft.events.push({ node, level: "warning", text: `fence device ${device} does not work: ${reason}` });
}

/** What was told of a device that is gone. */
export function forgetDevices(draft: Draft, config: ClusterConfig): void {
  for (const device of Object.keys(draft.brokenDevices) as DeviceId[]) {
    if (!hasDevice(config, device)) delete draft.brokenDevices[device];
  }
}

function hasDevice(config: ClusterConfig | undefined, device: DeviceId): boolean {
  return config?.fencing.kind === "devices" && config.fencing.devices.some(({ id }) => id === device);
}
