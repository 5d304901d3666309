import { describe, expect, it } from "vitest";
import type { ClusterConfig, DeviceMonitorConfig } from "../../model/cluster-config.ts";
import { parseDeviceId, parseNodeId } from "../../model/ids.ts";
import { durationMs, instantMs, wallMs } from "../../model/units.ts";
import { devicesToWatch, type DeviceWatch, onDeviceCheck, verdictOn, watchesFor } from "./device-watch.ts";

const names = ["n1", "n2", "n3", "n4"];
const minute: DeviceMonitorConfig = { intervalMs: durationMs(60_000), timeoutMs: durationMs(20_000) };

/** Each node has a board of its own; one strip is for all. */
function configWith(monitor: DeviceMonitorConfig = minute): ClusterConfig {
  const span = durationMs(1_000);
  const heartbeat = { keepaliveMs: span, warntimeMs: span, deadtimeMs: span, initdeadMs: span, daemonGraceMs: span };
  const device = (id: string) => ({
    id: parseDeviceId(id),
    agent: `fence_${id}`,
    parameters: {},
    timeoutMs: span,
    monitor,
  });
  const nodes = names.map((name) => ({
    id: parseNodeId(name),
    addresses: [],
    fence: [[{ device: parseDeviceId(`board-${name}`) }], [{ device: parseDeviceId("strip"), plug: name }]],
  }));
  const devices = ["strip", ...names.map((name) => `board-${name}`)].map(device);
  return {
    cluster: "c",
    heartbeat: { ...heartbeat, port: 1 },
    nodes,
    quorum: { kind: "majority" },
    fencing: { kind: "devices", devices },
    services: [],
  };
}

function watched(name: string, config = configWith()): readonly DeviceWatch[] {
  return Object.values(watchesFor({}, config, parseNodeId(name), instantMs(1_000)));
}

describe("who asks which device, and when", () => {
  it("[FEN-16] a node asks the devices of the others, not the one that only fences itself", () => {
    expect(watched("n2").map(({ device }) => device.id)).toEqual(["strip", "board-n1", "board-n3", "board-n4"]);
    expect(devicesToWatch(configWith({ ...minute, intervalMs: durationMs(0) }), parseNodeId("n1"))).toEqual([]);
    const { fencing: _, ...rest } = configWith();
    const without: ClusterConfig = { ...rest, fencing: { kind: "none", assumeOffAfterMs: durationMs(1) } };
    expect(watched("n1", without)).toEqual([]);
  });

  it("[FEN-16] the nodes take turns, and a node its devices", () => {
    const dues = names.map((name) => watched(name).map(({ dueAt }) => dueAt));
    expect(dues).toEqual([
      [1_000, 4_750, 8_500, 12_250],
      [16_000, 19_750, 23_500, 27_250],
      [31_000, 34_750, 38_500, 42_250],
      [46_000, 49_750, 53_500, 57_250],
    ]);
  });

  it("[FEN-16] a new configuration leaves alone what is the same", () => {
    const self = parseNodeId("n1");
    const first = watchesFor({}, configWith(), self, instantMs(1_000));
    expect(watchesFor(first, configWith(), self, instantMs(9_000))).toEqual(first);
    const slower = watchesFor(first, configWith({ ...minute, intervalMs: durationMs(80_000) }), self, instantMs(9_000));
    expect(Object.values(slower).map(({ dueAt }) => dueAt)).toEqual([9_000, 14_000, 19_000, 24_000]);
  });
});

describe("what is made of an answer", () => {
  const [watch] = watched("n1");
  if (watch === undefined) throw new Error("it is watched");
  const asked: DeviceWatch = { ...watch, call: 7 };
  const good = { confirmed: true, reason: "works", output: "", durationMs: 1 };
  const bad = { ...good, confirmed: false, reason: "no answer" };

  it("[FEN-16] one failure is looked at again, soon; the second counts", () => {
    const once = onDeviceCheck(asked, bad, instantMs(21_000), wallMs(5));
    expect([once.call, once.dueAt, verdictOn(once)]).toEqual([0, 27_000, null]);
    expect(once.last).toEqual({ at: 5, isWorking: false, reason: "no answer" });
    const twice = onDeviceCheck({ ...once, call: 8 }, bad, instantMs(47_000), wallMs(6));
    expect(verdictOn(twice)).toEqual({ at: 6, isWorking: false, reason: "no answer" });
    expect(twice.dueAt).toBe(87_000);
    expect(verdictOn(onDeviceCheck({ ...once, call: 8 }, good, instantMs(27_100), wallMs(6)))?.isWorking).toBe(true);
  });

  it("[FEN-16] it keeps its turn, however long the answer took", () => {
    expect(onDeviceCheck(asked, good, instantMs(1_100), wallMs(5)).dueAt).toBe(61_000);
    expect(onDeviceCheck(asked, good, instantMs(61_000), wallMs(5)).dueAt).toBe(121_000);
    expect(onDeviceCheck(asked, good, instantMs(200_000), wallMs(5)).dueAt).toBe(241_000);
  });
});
