import type { DeviceId, NodeId } from "../model/ids.ts";
import type { FenceOutcome } from "../model/operation.ts";
import { type DeviceWatch, monitorOf, nextTurn, onDeviceCheck, verdictOn, watchesFor } from "./fencing/device-watch.ts";
import { takeCall } from "./fencing/fence-runner.ts";
import { managerConfig, patch, submit, wake, type Work } from "./manager-work.ts";

/** [FEN-17] Whoever asks a device that a fence wants is killed, on every node, before the fence begins. */
export function freeDevices(work: Work): void {
  const running = Object.values(work.state.deviceWatches).filter(({ call }) => call !== 0);
  if (running.length === 0) return;
  const wanted = wantedDevices(work);
  for (const watch of running) {
    if (!wanted.has(watch.device.id)) continue;
    work.effects.push({ kind: "cancel-fence", call: watch.call });
    keep(work, {
      ...watch,
      call: 0,
      dueAt: nextTurn(watch.dueAt, monitorOf(watch.device).intervalMs, work.moment.now),
    });
  }
}

/** Asks the devices whose turn it is, and tells the others when one has stopped working, or works again. */
export function watchDevices(work: Work): void {
  const { self, deviceWatches, watchedConfig, shutdown } = work.state;
  const config = managerConfig(work.state);
  if (config !== watchedConfig) {
    const watches = watchesFor(deviceWatches, config, self, work.moment.now);
    patch(work, { deviceWatches: watches, watchedConfig: config });
  }
  if (shutdown !== null) return;
  for (const watch of Object.values(work.state.deviceWatches)) ask(work, watch);
  tellDevices(work);
}

/** A device that was asked has answered. @returns false when the call is no such one */
export function takeDeviceCheck(work: Work, call: number, outcome: FenceOutcome): boolean {
  const watch = Object.values(work.state.deviceWatches).find((candidate) => candidate.call === call);
  if (watch === undefined) return false;
  keep(work, onDeviceCheck(watch, outcome, work.moment.now, work.moment.wall));
  return true;
}

function ask(work: Work, watch: DeviceWatch): void {
  const { now } = work.moment;
  if (watch.call !== 0) return;
  if (now < watch.dueAt) return wake(work, watch.dueAt);
  if (wantedDevices(work).has(watch.device.id)) {
    const dueAt = nextTurn(watch.dueAt, monitorOf(watch.device).intervalMs, now);
    keep(work, { ...watch, dueAt });
    return wake(work, dueAt);
  }
  const { runner, call: id } = takeCall(work.state.fencer);
  patch(work, { fencer: runner });
  keep(work, { ...watch, call: id });
  const { agent, parameters } = watch.device;
  const { timeoutMs } = monitorOf(watch.device);
  const call = { id, agent, parameters, action: "monitor" as const, timeoutMs };
  work.effects.push({ kind: "fence", call });
}

/** Devices of the nodes that are being fenced, by whomever. */
function wantedDevices({ state, facts }: Work): ReadonlySet<DeviceId> {
  const targets = new Set<NodeId>(state.fencer.jobs.map(({ target }) => target));
  for (const { target, inFlight } of Object.values(state.cluster.fences)) if (inFlight !== null) targets.add(target);
  if (facts.arbiterFence !== null) targets.add(facts.arbiterFence.target);
  const { nodes } = managerConfig(state);
  return new Set(
    nodes.filter(({ id }) => targets.has(id)).flatMap(({ fence }) => fence.flat().map(({ device }) => device)),
  );
}

/** [FEN-16] An entry when what the others know of a device is not what is so. */
function tellDevices(work: Work): void {
  const { cluster, self, incarnation, deviceWatches } = work.state;
  const here = cluster.nodes[self];
  if (work.facts.view === null || here?.incarnation !== incarnation || !here.isMember || here.off !== null) return;
  for (const watch of Object.values(deviceWatches)) {
    const verdict = verdictOn(watch);
    const { id: device } = watch.device;
    const isKnownBroken = cluster.brokenDevices?.[device]?.[self] !== undefined;
    if (verdict === null || verdict.isWorking !== isKnownBroken) continue;
    const { isWorking, reason } = verdict;
    submit(work, `device:${device}`, { kind: "device", node: self, incarnation, device, isWorking, reason });
  }
}

function keep(work: Work, watch: DeviceWatch): void {
  patch(work, { deviceWatches: { ...work.state.deviceWatches, [watch.device.id]: watch } });
}
