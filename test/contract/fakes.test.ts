import { formatConfigError } from "../../src/config/config-error.ts";
import { parseConfig } from "../../src/config/parse-config.ts";
import type { ResourceConfig } from "../../src/model/cluster-config.ts";
import { type NodeId, parseNodeId, parseServiceId, resourceId } from "../../src/model/ids.ts";
import type { Incarnation } from "../../src/model/incarnation.ts";
import { durationMs, type InstantMs, instantMs } from "../../src/model/units.ts";
import type { ReceivedBytes } from "../../src/ports/transport.ts";
import { type CarriedBytes, carryingSealer } from "../../src/sim/carried-packets.ts";
import { fakeAgents } from "../../src/sim/fake-agents.ts";
import { FakeBeater } from "../../src/sim/fake-beater.ts";
import { FakeClock, rightClock } from "../../src/sim/fake-clock.ts";
import { FakeDisk, fakeJournal } from "../../src/sim/fake-disk.ts";
import { FakeFence } from "../../src/sim/fake-fence.ts";
import { FakeKernel, ServiceBook } from "../../src/sim/fake-kernel.ts";
import { FakeNetwork } from "../../src/sim/fake-network.ts";
import { FakeTransport } from "../../src/sim/fake-transport.ts";
import { Random } from "../../src/sim/random.ts";
import { simWitness } from "../../src/sim/sim-witness.ts";
import { SimProcess } from "../../src/sim/sim-process.ts";
import { VirtualTime } from "../../src/sim/virtual-time.ts";
import { type Beat, beaterContract } from "./beater.contract.ts";
import { clockContract } from "./clock.contract.ts";
import { fenceDeviceContract } from "./fence-device.contract.ts";
import { journalContract } from "./journal.contract.ts";
import { resourceAgentContract } from "./resource-agent.contract.ts";
import { transportContract } from "./transport.contract.ts";
import { witnessLinkContract } from "./witness-link.contract.ts";

// What the simulator puts in the place of the outside must keep the same promises as the outside.

function process(time: VirtualTime): SimProcess {
  return new SimProcess(time, (error) => {
    throw error;
  });
}

/** Turns the time until `promise` has settled. */
async function settle<Value>(time: VirtualTime, promise: Promise<Value>): Promise<Value> {
  time.runUntil(time.now + 10_000);
  return promise;
}

async function until(time: VirtualTime, condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < 10_000; turn += 1) {
    if (condition()) return;
    time.runUntil(time.now + 1);
  }
  throw new Error("It never came to be");
}

clockContract("fake", () => {
  const time = new VirtualTime();
  const clock = new FakeClock(time, process(time), rightClock(1_000_000));
  return { clock, pass: async (at) => time.runUntil(at - 1_000_000) };
});

journalContract("fake", async () => {
  const time = new VirtualTime();
  const disk = new FakeDisk(time, new Random(1));
  let life = process(time);
  return {
    make: () => {
      life = process(time);
      return fakeJournal(disk, life);
    },
    kill: async () => {
      life.kill();
      disk.cutOff();
    },
    damage: async () => disk.damage(),
    settle: (promise) => settle(time, promise),
    dispose: async () => undefined,
  };
});

transportContract("fake", async () => {
  const time = new VirtualTime();
  const network = new FakeNetwork(time, new Random(1), 2);
  const names = [parseNodeId("n1"), parseNodeId("n2")] as const;
  const open = async (self: NodeId) => {
    // What is under way to the life before arrives there.
    time.runUntil(time.now + 10);
    const life = process(time);
    const transport = new FakeTransport({ self, network, time, process: life, clock: new FakeClock(time, life) });
    const received: ReceivedBytes[] = [];
    network.connect(self, {
      receive: (bytes, link, from) => transport.deliver(bytes, link, from),
      portState: () => (transport.isOpen ? "open" : "closed"),
    });
    await transport.open((one) => received.push(one));
    return { transport, received };
  };
  return {
    names,
    place: (id) => ({ id, addresses: [] }),
    open,
    until: (condition) => until(time, condition),
    settle: (promise) => settle(time, promise),
    dispose: async () => undefined,
  };
});

beaterContract("fake", async () => {
  const time = new VirtualTime();
  const clock = new FakeClock(time, process(time));
  const beats: Beat[] = [];
  const self = parseNodeId("n1");
  const beater = new FakeBeater({
    clock,
    sealer: carryingSealer(self, "0".repeat(28) as Incarnation),
    peers: [parseNodeId("n2")],
    keepaliveMs: 20,
    silentAfterMs: 100,
    onBody: () => undefined,
    send: (_to, bytes) => {
      const { message } = (bytes as CarriedBytes).packet;
      if (message.kind === "heartbeat") beats.push({ body: message, arrivedAt: clock.now() });
    },
  });
  return {
    beater,
    beats,
    peers: [{ id: parseNodeId("n2"), addresses: [] }],
    keepaliveMs: 20,
    silentAfterMs: 100,
    now: () => clock.now(),
    until: (condition) => until(time, condition),
    pass: async (spanMs) => time.runUntil(time.now + spanMs),
    dispose: async () => beater.stop(),
  };
});

witnessLinkContract("fake", async () => {
  const time = new VirtualTime();
  const network = new FakeNetwork(time, new Random(1), 1);
  const [self, other] = [parseNodeId("n1"), parseNodeId("n2")];
  const life = process(time);
  const transport = new FakeTransport({ self, network, time, process: life, clock: new FakeClock(time, life) });
  network.connect(self, {
    receive: (bytes, link, from) => transport.deliver(bytes, link, from),
    portState: () => "open",
  });
  const atWitness: Uint8Array[] = [];
  network.connect(simWitness, { receive: (bytes) => void atWitness.push(bytes), portState: () => "silent" });
  return {
    link: transport.witnessLink(),
    atWitness,
    answer: (bytes) => network.sendDatagram(simWitness, self, bytes),
    intrude: (bytes) => network.sendDatagram(other, self, bytes),
    until: (condition) => until(time, condition),
    close: () => undefined,
  };
});

fenceDeviceContract("fake", () => {
  const time = new VirtualTime();
  const ends = ["pdu", "bad", "slow"].map((name) => `${name}: { agent: fence_pdu, ip: ${name} }`);
  const steps = ["pdu", "bad", "slow"].map((name) => `[{ device: ${name}, plug: 1 }]`);
  const file = [
    "cluster: fake",
    "nodes:",
    `  n1: { addresses: [10.1.0.1], fence: [${steps.join(", ")}] }`,
    "  n2: { addresses: [10.1.0.2], fence: [] }",
    "  n3: { addresses: [10.1.0.3], fence: [] }",
    "quorum: majority",
    `fencing: { devices: { ${ends.join(", ")} } }`,
  ];
  const parsed = parseConfig(file.join("\n"), "fake");
  if (!parsed.ok) throw new RangeError(parsed.errors.map(formatConfigError).join("\n"));
  let isOn = true;
  const power = { powerOff: () => void (isOn = false), powerOn: () => void (isOn = true), hasPower: () => isOn };
  const fence = new FakeFence(time, parsed.config, power);
  const [, bad, slow] = [...fence.devices.values()];
  Object.assign(bad ?? {}, { works: false });
  Object.assign(slow ?? {}, { actionMs: 3_600_000 });
  const named = (ip: string) => ({ agent: "fence_pdu", parameters: { ip }, plug: "1" });
  return {
    device: fence.forProcess(process(time)),
    works: named("pdu"),
    refuses: named("bad"),
    hangs: named("slow"),
    missing: { ...named("pdu"), agent: "fence_nowhere" },
    settle: (promise) => settle(time, promise),
    isOn: () => isOn,
    close: () => undefined,
  };
});

resourceAgentContract("fake", () => {
  const time = new VirtualTime();
  const life = process(time);
  const book = new ServiceBook();
  const node = parseNodeId("n1");
  const service = parseServiceId("web");
  const witness = { onOperation: () => undefined, onTruth: () => undefined, onRefused: () => undefined };
  const kernel = new FakeKernel({ node, time, process: life, book, random: new Random(1), witness });
  const base = {
    startTimeoutMs: durationMs(1000),
    stopTimeoutMs: durationMs(1000),
    monitorTimeoutMs: durationMs(1000),
    monitorIntervalMs: durationMs(0),
  };
  const resource: ResourceConfig = {
    kind: "lsb",
    script: "/etc/init.d/web",
    id: resourceId(service, "web"),
    name: "web",
    ...base,
  };
  const foreign: ResourceConfig = { ...resource, kind: "exec", start: ["a"], stop: ["b"], monitor: ["c"] };
  let now: InstantMs = instantMs(0);
  const [, , lsb] = fakeAgents(kernel, life, { now: () => now });
  if (lsb === undefined) throw new Error("There is no agent for lsb");
  return {
    // Whoever waits here waits in real time: turn the virtual one as soon as something was asked.
    agent: {
      ...lsb,
      run: (operation, signal) => {
        const outcome = lsb.run(operation, signal);
        time.runUntil(time.now + 1000);
        return outcome;
      },
    },
    resource,
    foreign,
    setNow: (instant) => {
      now = instant;
    },
    isRunning: () => kernel.truthOf(resource.id) === "running",
    kill: () => kernel.kill(resource.id, true),
    tellsDeaths: true,
    failing: (action) => {
      book.refusals.push({ resource: resource.id, action, node: null, how: "fail", timesLeft: 1 });
      return resource;
    },
    close: () => undefined,
  };
});
