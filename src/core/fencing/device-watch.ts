import {
  type ClusterConfig,
  type DeviceMonitorConfig,
  deviceMonitorDefault,
  type FenceDeviceConfig,
} from "../../model/cluster-config.ts";
import type { DeviceId, NodeId } from "../../model/ids.ts";
import type { FenceOutcome } from "../../model/operation.ts";
import { after, type InstantMs, type WallMs } from "../../model/units.ts";

/**
 * Asks fence devices whether they work, so that a broken one is known before it is needed.
 *
 * Each node asks the devices that it may have to use, which are those of the other nodes, at an interval. The nodes take their turns
 * within it: a device that has one session for everybody is not asked by all at once. One failure may be such a session, so a
 * second one, soon after, is what counts.
 */
export type DeviceWatches = Readonly<Record<DeviceId, DeviceWatch>>;

/** One device, as this node finds it. */
export interface DeviceWatch {
  readonly device: FenceDeviceConfig;
  /** When it is asked next. */
  readonly dueAt: InstantMs;
  /** The outstanding call; 0: none. */
  readonly call: number;
  /** In a row. */
  readonly failures: number;
  readonly last: DeviceCheck | null;
}

/** What was found. */
export interface DeviceCheck {
  readonly at: WallMs;
  readonly isWorking: boolean;
  readonly reason: string;
}

/** Failures in a row that make a device broken. */
const failuresMin = 2;
/** The second look comes after this part of the interval. */
const soonPart = 10;

/** Devices that the node may have to use and that are to be asked: those of the other nodes, in file order. */
export function devicesToWatch(config: ClusterConfig, self: NodeId): readonly FenceDeviceConfig[] {
  if (config.fencing.kind !== "devices") return [];
  const steps = config.nodes.filter(({ id }) => id !== self).flatMap(({ fence }) => fence.flat());
  return config.fencing.devices.filter(
    (device) => monitorOf(device).intervalMs > 0 && steps.some((step) => step.device === device.id),
  );
}

/** How the device is watched. */
export function monitorOf({ monitor = deviceMonitorDefault }: FenceDeviceConfig): DeviceMonitorConfig {
  return monitor;
}

/** Takes up the devices of a configuration. What is asked already, and is the same, goes on. */
export function watchesFor(watches: DeviceWatches, config: ClusterConfig, self: NodeId, now: InstantMs): DeviceWatches {
  const devices = devicesToWatch(config, self);
  const place = Math.max(
    0,
    config.nodes.findIndex(({ id }) => id === self),
  );
  const next = devices.map((device, index): readonly [DeviceId, DeviceWatch] => {
    const known = watches[device.id];
    if (known !== undefined && JSON.stringify(known.device) === JSON.stringify(device)) return [device.id, known];
    // A turn of the interval for each node, and within it one after the other.
    const turn = (place + index / devices.length) / config.nodes.length;
    const dueAt = after(now, Math.ceil(monitorOf(device).intervalMs * turn));
    return [device.id, { device, dueAt, call: 0, failures: 0, last: null }];
  });
  return Object.fromEntries(next);
}

/** It has answered, or has not. */
export function onDeviceCheck(watch: DeviceWatch, outcome: FenceOutcome, now: InstantMs, at: WallMs): DeviceWatch {
  const { intervalMs } = monitorOf(watch.device);
  const failures = outcome.confirmed ? 0 : watch.failures + 1;
  const isToSee = failures > 0 && failures < failuresMin;
  const soonAt = after(now, Math.ceil(intervalMs / soonPart));
  return {
    ...watch,
    call: 0,
    failures,
    last: { at, isWorking: outcome.confirmed, reason: outcome.reason },
    dueAt: isToSee ? soonAt : nextTurn(watch.dueAt, intervalMs, now),
  };
}

/** Its own turn again, whatever was missed. */
export function nextTurn(dueAt: InstantMs, intervalMs: number, now: InstantMs): InstantMs {
  return after(dueAt, Math.max(1, Math.ceil((now - dueAt + 1) / intervalMs)) * intervalMs);
}

/** null: nothing can be said of it yet, or it has failed once. */
export function verdictOn({ last, failures }: DeviceWatch): DeviceCheck | null {
  return last === null || (failures > 0 && failures < failuresMin) ? null : last;
}
