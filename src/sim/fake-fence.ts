import type { ClusterConfig, FenceDeviceConfig } from "../model/cluster-config.ts";
import type { DeviceId, NodeId } from "../model/ids.ts";
import { sbdAgent } from "../model/sbd.ts";
import type { FenceCall, FenceOutcome } from "../model/operation.ts";
import type { FenceDevice } from "../ports/fence-device.ts";
import { unfenceSteps } from "../core/fencing/unfence.ts";
import type { SimProcess } from "./sim-process.ts";
import { VirtualPromise } from "./virtual-promise.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** How a simulated power switch behaves. */
export interface DeviceState {
  works: boolean;
  /** From the request to the confirmation. The power goes after half of it. */
  actionMs: number;
  /** Cuts the power, but does not manage to say so. */
  isMute: boolean;
}

/** A device that works answers a question in this time. */
const questionMs = 100;

/** What the switches do to machines. */
export interface PowerControl {
  powerOff(node: NodeId, why: string): void;
  powerOn(node: NodeId, why: string): void;
  hasPower(node: NodeId): boolean;
}

/** All the power switches of a world. They have power of their own and a wire of their own to every machine. */
export class FakeFence {
  readonly #time: VirtualTime;
  readonly #power: PowerControl;
  readonly #config: ClusterConfig;
  readonly devices = new Map<DeviceId, DeviceState>();
  /** Nodes that were switched on by a device that cuts off, and not cut off since. Nobody is, at first. */
  readonly #switchedOn = new Map<DeviceId, Set<NodeId>>();
  /** Requests under way: a fence cannot be recalled, so a fault period ends only after them. */
  underWay = 0;

  constructor(time: VirtualTime, config: ClusterConfig, power: PowerControl) {
    this.#time = time;
    this.#power = power;
    this.#config = config;
    if (config.fencing.kind === "devices") {
      for (const device of config.fencing.devices) {
        this.devices.set(device.id, { works: true, actionMs: 2000, isMute: false });
      }
    }
  }

  /** Whether a device that cuts off, of those that are configured for the node, has cut it off, or never switched it on. */
  isCutOff(node: NodeId): boolean {
    return unfenceSteps(this.#config, node).some(({ device }) => this.#switchedOn.get(device.id)?.has(node) !== true);
  }

  /** The fence driver of one process. What it has asked for happens whether or not the asking process lives on. */
  forProcess(process: SimProcess): FenceDevice {
    return { run: (call, signal) => this.#run(call, process, signal) };
  }

  #run(call: FenceCall, process: SimProcess, signal: AbortSignal): Promise<FenceOutcome> {
    const done = new VirtualPromise<FenceOutcome>();
    const startedAt = this.#time.now;
    const finish = (confirmed: boolean, reason: string): void => {
      const durationMs = this.#time.now - startedAt;
      process.call(() => done.resolve({ confirmed, reason, output: "", durationMs }));
    };
    if (signal.aborted) {
      this.#time.schedule(startedAt, null, () => finish(false, "cancelled before it was asked"));
      return done;
    }
    // A question that is cancelled has done nothing; an order has happened all the same.
    signal.addEventListener("abort", () => finish(false, "cancelled"), { once: true });
    const found = this.#find(call);
    const state = found === undefined ? undefined : this.devices.get(found.device);
    if (found === undefined || state === undefined) {
      this.#time.schedule(startedAt + 10, null, () => finish(false, `no such device: ${call.agent}`));
      return done;
    }
    // Whether the switch works is decided when it is asked; the power goes in the middle.
    if (!state.works) {
      this.#time.schedule(startedAt + Math.min(state.actionMs, call.timeoutMs), null, () =>
        finish(false, "device does not answer"),
      );
      return done;
    }
    if (call.action === "monitor" || call.action === "status") {
      const isOn = this.#power.hasPower(found.node);
      const answer = call.action === "monitor" ? "works" : isOn ? "on" : "off";
      this.#time.schedule(startedAt + questionMs, null, () =>
        finish(!state.isMute, state.isMute ? "no answer" : answer),
      );
      return done;
    }
    this.underWay += 1;
    this.#time.schedule(startedAt + state.actionMs / 2, null, () => this.#act(call, found));
    this.#time.schedule(startedAt + Math.min(state.actionMs, call.timeoutMs), null, () => {
      this.underWay -= 1;
      const isDone = this.#isDone(call, found);
      if (call.action === "reboot") this.#power.powerOn(found.node, "fence device");
      if (state.isMute || state.actionMs > call.timeoutMs) finish(false, "no answer in time");
      else finish(isDone, call.action);
    });
    return done;
  }

  #act(call: FenceCall, { device, node }: { readonly device: DeviceId; readonly node: NodeId }): void {
    if (unfenceSteps(this.#config, node).some((each) => each.device.id === device)) {
      const nodes = this.#switchedOn.get(device) ?? new Set();
      this.#switchedOn.set(device, nodes);
      if (call.action === "on") nodes.add(node);
      else nodes.delete(node);
      // A message on a shared disk also ends the node; `on` is then its own word that its watcher runs.
      if (call.agent !== sbdAgent || call.action === "on") return;
    }
    if (call.action === "off" || call.action === "reboot") this.#power.powerOff(node, "fence device");
    if (call.action === "on") this.#power.powerOn(node, "fence device");
  }

  #isDone(call: FenceCall, { device, node }: { readonly device: DeviceId; readonly node: NodeId }): boolean {
    if (this.#switchedOn.has(device) && call.agent !== sbdAgent) return true;
    if (call.action === "off" || call.action === "reboot") return !this.#power.hasPower(node);
    // The switch is on; whether the machine gets any power is not its business.
    return true;
  }

  /** The device is known by its agent and parameters, the node by its plug. */
  #find(call: FenceCall): { readonly device: DeviceId; readonly node: NodeId } | undefined {
    if (this.#config.fencing.kind !== "devices") return undefined;
    const same = this.#config.fencing.devices.filter((device) => isSameDevice(device, call));
    for (const node of this.#config.nodes) {
      for (const step of node.fence.flat()) {
        const device = same.find((candidate) => candidate.id === step.device);
        if (device !== undefined && (call.plug === undefined || call.plug === (step.plug ?? node.id))) {
          return { device: device.id, node: node.id };
        }
      }
    }
    return undefined;
  }
}

function isSameDevice(device: FenceDeviceConfig, call: FenceCall): boolean {
  if (device.agent !== call.agent) return false;
  return Object.entries(device.parameters).every(([key, value]) => call.parameters[key] === value);
}
