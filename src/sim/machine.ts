import type { PacketSealer } from "../daemon/codec.ts";
import type { DaemonEnd, DaemonSetup, Rules } from "../daemon/setup.ts";
import { Daemon } from "../daemon/daemon.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { LinkId, NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { HeartbeatBody } from "../model/message.ts";
import type { Channel } from "../wire/packet-format.ts";
import { carryingOpener, carryingSealer } from "./carried-packets.ts";
import { fakeAgents } from "./fake-agents.ts";
import { FakeBeater } from "./fake-beater.ts";
import { FakeClock, type MachineClock, rightClock } from "./fake-clock.ts";
import { FakeDisk, fakeJournal } from "./fake-disk.ts";
import type { FakeFence } from "./fake-fence.ts";
import { FakeKernel, type KernelWitness, type ServiceBook } from "./fake-kernel.ts";
import { FakeReach } from "./fake-reach.ts";
import { FakeWatchdog } from "./fake-watchdog.ts";
import type { FakeNetwork, Plug } from "./fake-network.ts";
import { FakeTransport } from "./fake-transport.ts";
import type { Random } from "./random.ts";
import type { SimArbiterDisk } from "./sim-arbiter-disk.ts";
import { SimProcess } from "./sim-process.ts";
import { VirtualPromise } from "./virtual-promise.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** Who is told what happens on machines. */
export interface MachineWitness extends KernelWitness {
  onPower(node: NodeId, hasPower: boolean): void;
  /** Its watchdog was not fed: the machine is to be reset. */
  onReset(node: NodeId): void;
  onDaemon(node: NodeId, what: "started" | "crashed" | "ended", reason: string): void;
  /** A daemon tells its beat thread what to say: the cheapest look at its state. */
  onBody(node: NodeId, incarnation: Incarnation, body: HeartbeatBody): void;
  onEvent(node: NodeId, event: ClusterEvent): void;
  /** The code broke one of its own promises. */
  onBroken(node: NodeId, error: unknown): void;
}

/** What machines share. */
export interface MachineSurroundings {
  readonly time: VirtualTime;
  readonly network: FakeNetwork;
  readonly fence: FakeFence;
  readonly book: ServiceBook;
  /** null without one in the configuration. */
  readonly arbiterDisk: SimArbiterDisk | null;
  readonly witness: MachineWitness;
  readonly config: ClusterConfig;
  readonly configDigest: string;
  /** From power to the daemon's start. */
  readonly bootMs: number;
  /** How long the supervisor waits before it starts a failed daemon again. */
  readonly supervisorMs: number;
  /** Default: the rules of hale. A planted bug is a change of these. */
  readonly rules: ((node: NodeId) => Rules | undefined) | undefined;
  /** How its clocks run; default: right, but for where the monotonic one counts from. */
  readonly clocks: ((node: NodeId) => Partial<MachineClock>) | undefined;
  /** The real wire instead of carried packets: slower. */
  readonly wire: MachineWire | undefined;
}

/** A configuration as a node's file has it. */
export interface ConfigFile {
  readonly config: ClusterConfig;
  readonly digest: string;
}

/** How packets become bytes and back. */
export interface MachineWire {
  opener(node: NodeId): DaemonSetup["opener"];
  sealer(node: NodeId, incarnation: Incarnation, channel: Channel): PacketSealer;
}

interface RunningDaemon {
  readonly process: SimProcess;
  readonly daemon: Daemon;
  readonly transport: FakeTransport;
}

/** One simulated machine: power, a kernel with services, a disk, and the real daemon. */
export class Machine implements Plug {
  readonly id: NodeId;
  readonly disk: FakeDisk;
  readonly clock: MachineClock;
  readonly watchdog: FakeWatchdog;
  readonly reach: FakeReach;
  readonly #around: MachineSurroundings;
  readonly #random: Random;
  readonly #place: number;
  #kernelProcess: SimProcess | null = null;
  #kernel: FakeKernel | null = null;
  #running: RunningDaemon | null = null;
  /** Not started again by the supervisor until told so. */
  #isDaemonHeld = false;
  /** What its `cluster.yaml` says. */
  file: ConfigFile;

  constructor(id: NodeId, around: MachineSurroundings, random: Random) {
    this.id = id;
    this.#around = around;
    this.file = { config: around.config, digest: around.configDigest };
    this.#random = random;
    this.#place = around.config.nodes.findIndex((node) => node.id === id);
    this.clock = { ...rightClock((this.#place + 1) * 1_000_000), ...around.clocks?.(id) };
    this.disk = new FakeDisk(around.time, random.fork());
    this.reach = new FakeReach(around.time);
    this.watchdog = new FakeWatchdog(around.time, () => around.witness.onReset(id));
    around.network.connect(id, this);
  }

  get hasPower(): boolean {
    return this.#kernelProcess !== null;
  }

  /** null without power. */
  get kernel(): FakeKernel | null {
    return this.#kernel;
  }

  /** null while none runs. */
  get daemon(): Daemon | null {
    return this.#running?.daemon ?? null;
  }

  get isPaused(): boolean {
    return this.#kernelProcess?.isPaused === true || this.#running?.process.isPaused === true;
  }

  powerOn(bootMs: number = this.#around.bootMs): void {
    if (this.#kernelProcess !== null) return;
    const { time, witness, book } = this.#around;
    const process = new SimProcess(time, (error) => {
      throw error;
    });
    this.#kernelProcess = process;
    this.#kernel = new FakeKernel({ node: this.id, time, process, book, random: this.#random.fork(), witness });
    this.#isDaemonHeld = false;
    witness.onPower(this.id, true);
    time.schedule(time.now + bootMs, process, () => this.startDaemon());
  }

  powerOff(): void {
    if (this.#kernelProcess === null) return;
    this.#stopRunning();
    this.#kernelProcess.kill();
    this.#around.arbiterDisk?.cutPower(this.id);
    this.watchdog.cutOff();
    this.#kernelProcess = null;
    this.#kernel = null;
    this.#around.witness.onPower(this.id, false);
  }

  /** Everything on the machine stands still: a virtual machine that gets no processor. */
  pauseMachine(): void {
    this.#kernelProcess?.pause();
    this.#running?.process.pause();
  }

  /** Only the daemon stands still; its services run on. */
  pauseDaemon(): void {
    this.#running?.process.pause();
  }

  resume(): void {
    this.#kernelProcess?.resume();
    this.#running?.process.resume();
  }

  /** kill -9. The kernel and the services go on; operations under way are half done. `restartMs` null: nobody restarts it. */
  crashDaemon(restartMs: number | null): void {
    if (this.#running === null) return;
    this.#stopRunning();
    this.#around.witness.onDaemon(this.id, "crashed", "killed");
    this.#superviseAfter(restartMs);
  }

  /** A clean stop; the daemon ends by itself when it has left. */
  shutdown(): void {
    const running = this.#running;
    this.#isDaemonHeld = true;
    running?.process.call(() => running.daemon.shutdown());
  }

  startDaemon(): void {
    if (this.#kernel === null || this.#running !== null || this.#kernelProcess?.isPaused === true) return;
    this.#isDaemonHeld = false;
    const process = new SimProcess(this.#around.time, (error) => this.#broke(error));
    this.#running = this.#makeDaemon(this.#kernel, process);
    this.#around.witness.onDaemon(this.id, "started", "");
    const { daemon } = this.#running;
    process.call(() => {
      // A rejection is followed by the daemon's end, which is reported; here nobody waits for the promise.
      daemon.start().catch(() => undefined);
    });
  }

  receive(bytes: Uint8Array, link: LinkId | null, from: NodeId): void {
    this.#running?.transport.deliver(bytes, link, from);
  }

  portState(): "open" | "closed" | "silent" {
    if (this.#kernelProcess === null || this.#kernelProcess.isPaused) return "silent";
    return this.#running?.transport.isOpen === true ? "open" : "closed";
  }

  #makeDaemon(kernel: FakeKernel, process: SimProcess): RunningDaemon {
    const { time, network, fence, arbiterDisk, witness, rules, wire } = this.#around;
    const { id } = this;
    const { config, digest } = this.file;
    const clock = new FakeClock(time, process, this.clock);
    const transport = new FakeTransport({ self: id, network, time, process, clock });
    const random = this.#random.fork();
    const ownRules = rules?.(id);
    const sealer = (incarnation: Incarnation, channel: Channel) =>
      wire?.sealer(id, incarnation, channel) ?? carryingSealer(id, incarnation);
    const peers = config.nodes.map((node) => node.id).filter((node) => node !== id);
    const daemon = new Daemon({
      self: id,
      config,
      configDigest: digest,
      version: "simulated",
      opener: wire?.opener(id) ?? carryingOpener(this.#place, [id, ...peers]),
      // The witness's packets are always carried: the wire has tests of its own for them.
      witnessOpener: carryingOpener(this.#place, null),
      makeSealer: (incarnation, channel) =>
        channel === "witness" ? carryingSealer(id, incarnation) : sealer(incarnation, channel),
      readConfig: () => VirtualPromise.of({ ok: true, ...this.file }),
      parseConfig: () => ({ ok: true, ...this.file }),
      keepConfig: () => VirtualPromise.of(undefined),
      seed: () => random.bits(),
      onEnd: (end) => this.#ended(process, end),
      ...(ownRules === undefined ? {} : { rules: ownRules }),
      ports: {
        clock,
        journal: fakeJournal(this.disk, process),
        transport,
        ...(config.quorum.kind === "witness" ? { witness: transport.witnessLink() } : {}),
        ...(arbiterDisk === null ? {} : { arbiterDisk: arbiterDisk.forProcess(id, process) }),
        agents: fakeAgents(kernel, process, clock),
        fence: fence.forProcess(process),
        watchdog: this.watchdog.forProcess(process),
        reach: this.reach.forProcess(process),
        announcer: { announce: () => undefined },
        // Nobody sets an address by hand there.
        warden: { keepAway: () => undefined, onRemoved: () => undefined },
        log: { write: () => undefined },
        makeBeater: (incarnation) =>
          new FakeBeater({
            clock,
            sealer: sealer(incarnation, "heartbeat"),
            peers,
            keepaliveMs: config.heartbeat.keepaliveMs,
            silentAfterMs: config.heartbeat.deadtimeMs / 2,
            send: (to, bytes) => transport.sendDatagram(to, bytes),
            onBody: (body) => witness.onBody(id, incarnation, body),
          }),
      },
    });
    daemon.onEvent((event) => witness.onEvent(id, event));
    return { process, daemon, transport };
  }

  #ended(process: SimProcess, end: DaemonEnd): void {
    if (this.#running?.process !== process) return;
    this.#stopRunning();
    this.#around.witness.onDaemon(this.id, "ended", end.reason);
    if (end.kind === "failed") this.#superviseAfter(this.#around.supervisorMs);
  }

  #broke(error: unknown): void {
    this.#around.witness.onBroken(this.id, error);
    this.#stopRunning();
    this.#superviseAfter(this.#around.supervisorMs);
  }

  #superviseAfter(restartMs: number | null): void {
    this.#isDaemonHeld = restartMs === null;
    if (restartMs === null) return;
    const { time } = this.#around;
    time.schedule(time.now + restartMs, this.#kernelProcess, () => {
      if (!this.#isDaemonHeld) this.startDaemon();
    });
  }

  #stopRunning(): void {
    this.#running?.process.kill();
    if (this.#running !== null) this.watchdog.died(this.#running.process);
    this.#running = null;
    this.disk.cutOff();
    this.#kernel?.orphan();
  }
}

/** What is on the disk of a node that was set up together with all the others: it is a voter. */
export function foundedRecords(nodes: ClusterConfig["nodes"]): ReturnType<FakeDisk["load"]>["records"] {
  const voters = nodes.flatMap(({ id, votes = 1 }) => Array.from({ length: votes }, () => id));
  return [{ kind: "founded", voters }];
}
