import type { Rules } from "../daemon/setup.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { DeviceId, NodeId, ResourceId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Answer, Intent } from "../model/intent.ts";
import type { HeartbeatBody } from "../model/message.ts";
import type { Operation } from "../model/operation.ts";
import { allowedPlaceChecker } from "./checkers/allowed-place.ts";
import { calmChecker } from "./checkers/calm.ts";
import type { Checker, Disturbance, Violation } from "./checkers/checker.ts";
import { doublesChecker } from "./checkers/doubles.ts";
import { frozenChecker } from "./checkers/frozen.ts";
import { lastingDisturbances } from "./lasting-disturbances.ts";
import { knownOffChecker } from "./checkers/known-off.ts";
import { noQuorumNoServiceChecker } from "./checkers/no-quorum-no-service.ts";
import { oneOrderChecker } from "./checkers/one-order.ts";
import { oneOwnerChecker } from "./checkers/one-owner.ts";
import { recoveryChecker } from "./checkers/recovery.ts";
import { relationsChecker } from "./checkers/relations.ts";
import { resourceOrderChecker } from "./checkers/resource-order.ts";
import { type MachineClock, worldBeginning } from "./fake-clock.ts";
import { FakeFence, type DeviceState, type PowerControl } from "./fake-fence.ts";
import { ServiceBook, type ResourceTruth, usualScore } from "./fake-kernel.ts";
import { FakeNetwork } from "./fake-network.ts";
import { GroundTruth } from "./ground-truth.ts";
import { type ConfigFile, foundedRecords, Machine, type MachineWire, type MachineWitness } from "./machine.ts";
import { Random } from "./random.ts";
import { SimArbiterDisk } from "./sim-arbiter-disk.ts";
import { SimWitness, simWitness } from "./sim-witness.ts";
import { VirtualTime } from "./virtual-time.ts";

/** What a world is made of. */
export interface WorldSetup {
  readonly config: ClusterConfig;
  readonly configDigest: string;
  /** What the cluster begins with: some of the nodes found it and have this file, the others have an empty disk. Default: all as `config`. */
  readonly begin?: ConfigFile;
  readonly seed: number;
  /** From power to the daemon's start. Default 5 s. */
  readonly bootMs?: number;
  /** Planted bugs, per node. Default: the rules of hale. */
  readonly rules?: (node: NodeId) => Rules | undefined;
  /** How the clocks of a machine run; default: right. */
  readonly clocks?: (node: NodeId) => Partial<MachineClock>;
  /** Default: packets are carried, not written. */
  readonly wire?: MachineWire;
  /** Level below which events are left out of the timeline. Default "info". */
  readonly debug?: boolean;
}

/** One line of what happened. `node` is empty for what happened to the world. */
export interface TimelineLine {
  readonly atMs: number;
  readonly node: string;
  readonly text: string;
}

/** A service became active on a node, or ceased to be. */
export interface OwnerChange {
  readonly atMs: number;
  readonly service: string;
  readonly node: string;
  readonly state: "starting" | "started" | "stopping" | "stopped";
}

const sampleMs = 500;
const violationsMax = 50;

/** Simulated machines, each with the real daemon, and everything between them, on virtual time. */
export class World implements PowerControl, MachineWitness {
  readonly config: ClusterConfig;
  readonly time = new VirtualTime();
  readonly random: Random;
  readonly network: FakeNetwork;
  readonly fence: FakeFence;
  /** null but with `arbiter: witness`. */
  readonly witness: SimWitness | null;
  /** null but with `arbiter: disk`. */
  readonly arbiterDisk: SimArbiterDisk | null;
  readonly book = new ServiceBook();
  readonly truth: GroundTruth;
  readonly machines: ReadonlyMap<NodeId, Machine>;
  readonly timeline: TimelineLine[] = [];
  readonly violations: Violation[] = [];
  readonly ownerChanges: OwnerChange[] = [];
  /** How often each service was started, counted where it happens. */
  readonly starts = new Map<string, number>();
  /** Nodes whose power a fence device has cut. */
  readonly fenced: NodeId[] = [];
  /** Nodes that their watchdogs have reset, in order. */
  readonly resets: NodeId[] = [];
  readonly #checkers: Checker[];
  readonly #isDebug: boolean;
  readonly #told = new Set<string>();
  readonly #unplugged = new Set<NodeId>();
  readonly #founders: ClusterConfig["nodes"];

  constructor(setup: WorldSetup) {
    this.config = setup.config;
    this.random = new Random(setup.seed);
    this.#isDebug = setup.debug ?? false;
    const links = Math.max(1, ...setup.config.nodes.map((node) => node.addresses.length));
    this.network = new FakeNetwork(this.time, this.random.fork(), links);
    this.witness = setup.config.quorum.kind === "witness" ? new SimWitness(this.network, this.time) : null;
    this.arbiterDisk = setup.config.quorum.kind === "disk" ? this.#makeArbiterDisk() : null;
    this.fence = new FakeFence(this.time, setup.config, this);
    this.truth = new GroundTruth(setup.config);
    const around = {
      time: this.time,
      network: this.network,
      fence: this.fence,
      book: this.book,
      arbiterDisk: this.arbiterDisk,
      witness: this,
      config: setup.config,
      configDigest: setup.configDigest,
      bootMs: setup.bootMs ?? 5000,
      supervisorMs: 2000,
      rules: setup.rules,
      clocks: setup.clocks,
      wire: setup.wire,
    };
    this.machines = new Map(
      setup.config.nodes.map((node) => [node.id, new Machine(node.id, around, this.random.fork())]),
    );
    this.#founders = (setup.begin ?? setup).config.nodes;
    for (const { id } of this.#founders) if (setup.begin !== undefined) this.machine(id).file = setup.begin;
    for (const [id, machine] of this.machines) machine.disk.onDurable = (records) => this.truth.onDurable(id, records);
    const bench = {
      config: setup.config,
      truth: this.truth,
      now: () => this.time.now,
      report: (rule: string, text: string) => this.report(rule, text),
      scoreOf: (resource: ResourceId | undefined) =>
        (resource === undefined ? undefined : this.book.scores.get(resource)) ?? usualScore,
    };
    this.#checkers = [
      // First: it brings the ground truth up to what has been delivered.
      oneOrderChecker(bench),
      oneOwnerChecker(bench),
      knownOffChecker(bench),
      allowedPlaceChecker(bench),
      resourceOrderChecker(bench),
      calmChecker(bench, () => lastingDisturbances(this)),
      noQuorumNoServiceChecker(bench, {
        isConnected: (from, to) => this.network.isConnected(from, to),
        hasThirdVote: (node) => this.#hasThirdVote(node),
      }),
      relationsChecker(bench),
      recoveryChecker(bench),
      frozenChecker(bench),
      doublesChecker(bench),
    ];
    this.#sampleLater();
  }

  /** It reaches the witness or the arbiter disk, whichever there is. */
  #hasThirdVote(node: NodeId): boolean {
    if (this.arbiterDisk !== null) return this.arbiterDisk.isReached(node);
    return this.network.isConnected(node, simWitness) && this.network.isConnected(simWitness, node);
  }

  #makeArbiterDisk(): SimArbiterDisk {
    const { network, time, config } = this;
    const nodes = config.nodes.map((node) => node.id);
    return new SimArbiterDisk({ network, time, random: this.random.fork(), cluster: config.cluster, nodes });
  }

  /** The cluster as set up together: every disk names all nodes that it begins with as voters. */
  found(): void {
    for (const { id } of this.#founders) this.machine(id).disk.fill(foundedRecords(this.#founders));
  }

  /** The administrator puts a file on every node that it names, and has one of them reload it. */
  reload(node: NodeId, file: ConfigFile, words: string): void {
    for (const { id } of file.config.nodes) this.machine(id).file = file;
    const { daemon } = this.machine(node);
    this.note(node, `-- hale ${words}`);
    this.disturb({ text: words, nodes: file.config.nodes.map(({ id }) => id) });
    const told = (text: string): void => this.note(node, `-- hale ${words}: ${text}`);
    if (daemon === null) return told("NOT_REACHED: no daemon runs here");
    const signal = new AbortController().signal;
    const answered = (answer: Answer): void => told(`${answer.ok ? "done" : answer.code}: ${answer.text}`);
    daemon.reload("operator", signal).then(answered, () => undefined);
  }

  machine(node: NodeId): Machine {
    const machine = this.machines.get(node);
    if (machine === undefined) throw new RangeError(`Cannot find machine "${node}": not configured`);
    return machine;
  }

  /** From now on, this one too is told what happens. */
  watch(checker: Checker): void {
    this.#checkers.push(checker);
  }

  runUntil(atMs: number): void {
    this.time.runUntil(atMs);
  }

  /** Faults are over and there was time to recover: the rules about progress are judged. */
  judgeQuiet(): void {
    for (const checker of this.#checkers) checker.onQuiet?.();
  }

  // --- what can be done to it ---

  hasPower(node: NodeId): boolean {
    return this.machine(node).hasPower;
  }

  powerOff(node: NodeId, why: string): void {
    if (why === "cable") this.#unplugged.add(node);
    if (!this.hasPower(node)) return;
    this.note(node, `-- power off (${why})`);
    if (why === "fence device" && !this.fenced.includes(node)) this.fenced.push(node);
    if (why === "fence device") for (const checker of this.#checkers) checker.onFence?.(node);
    this.disturb({ text: `power off of ${node}`, nodes: [node] });
    this.machine(node).powerOff();
  }

  powerOn(node: NodeId, why: string): void {
    if (why === "cable") this.#unplugged.delete(node);
    // A switch gives no power to a machine whose cord is out.
    if (this.hasPower(node) || this.#unplugged.has(node)) return;
    this.note(node, `-- power on (${why})`);
    this.disturb({ text: `power on of ${node}`, nodes: [node] });
    this.machine(node).powerOn();
  }

  pause(node: NodeId, what: "machine" | "daemon"): void {
    const machine = this.machine(node);
    if (!machine.hasPower || (what === "daemon" && machine.daemon === null)) return;
    this.note(node, `-- ${what} stands still`);
    if (what === "machine") machine.pauseMachine();
    else machine.pauseDaemon();
    const truth = this.truth.of(node);
    truth.isPaused = true;
    truth.isImpaired = true;
  }

  resume(node: NodeId): void {
    if (!this.machine(node).isPaused) return;
    this.note(node, "-- goes on");
    this.truth.of(node).isPaused = false;
    this.machine(node).resume();
  }

  crashDaemon(node: NodeId, restartMs: number | null): void {
    if (this.machine(node).daemon === null) return;
    this.machine(node).crashDaemon(restartMs);
  }

  shutdown(node: NodeId): void {
    this.note(node, "-- daemon is told to stop");
    this.disturb({ text: `shutdown of ${node}`, nodes: [node] });
    this.machine(node).shutdown();
  }

  startDaemon(node: NodeId): void {
    this.machine(node).startDaemon();
  }

  loseDisk(node: NodeId): void {
    this.note(node, "-- disk replaced by an empty one");
    this.machine(node).disk.lose();
    this.truth.of(node).log = [];
  }

  /** Somebody sets the wall clock of `node`, forwards or back. */
  stepWallClock(node: NodeId, byMs: number): void {
    this.note(node, `-- wall clock set by ${byMs} ms`);
    this.machine(node).clock.wallSkewMs += byMs;
    for (const checker of this.#checkers) checker.onClockStep?.(node);
  }

  /** The resource dies by itself on `node`. @param isSeen its daemon is told at once, and not by the next monitor */
  killResource(node: NodeId, resource: ResourceId, isSeen: boolean): void {
    this.note(node, `-- ${resource} dies`);
    const service = this.truth.serviceOf(resource);
    if (service !== undefined) this.disturb({ text: `death of ${resource}`, nodes: [], service: service.id });
    this.machine(node).kernel?.kill(resource, isSeen);
  }

  device(device: DeviceId): DeviceState {
    const state = this.fence.devices.get(device);
    if (state === undefined) throw new RangeError(`Cannot find fence device "${device}": not configured`);
    return state;
  }

  /** The wall clock of `node`. */
  wallOf(node: NodeId): number {
    return this.time.now + worldBeginning + this.machine(node).clock.wallSkewMs;
  }

  /** What an operator wants is a cause. */
  disturbBy(intent: Intent, text: string): void {
    if ("service" in intent) this.disturb({ text, nodes: [], service: intent.service });
    else this.disturb({ text, nodes: "node" in intent ? [intent.node] : [...this.machines.keys()] });
  }

  /** An operator asks the daemon of `node`; the answer goes into the timeline. */
  ask(node: NodeId, intent: Intent, words: string, onAnswer: (answer: Answer) => void = () => undefined): void {
    const { daemon } = this.machine(node);
    this.note(node, `-- hale ${words}`);
    this.disturbBy(intent, `${words} of an operator`);
    const done = (answer: Answer): void => {
      this.note(node, `-- hale ${words}: ${answer.ok ? "done" : `${answer.code}`}: ${answer.text}`);
      onAnswer(answer);
    };
    if (daemon === null) return done({ ok: false, code: "NOT_REACHED", text: "no daemon runs here" });
    daemon.request(intent, "operator", { progress: () => undefined, done });
  }

  /** Something happens that may have consequences. */
  disturb(disturbance: Disturbance): void {
    for (const checker of this.#checkers) checker.onDisturbance?.(disturbance);
  }

  note(node: NodeId | null, text: string): void {
    this.timeline.push({ atMs: this.time.now, node: node ?? "", text });
  }

  report(rule: string, text: string): void {
    if (this.violations.length >= violationsMax) return;
    const isKnown = this.violations.some((known) => known.rule === rule && known.text === text);
    if (isKnown) return;
    this.violations.push({ rule, atMs: this.time.now, text });
    this.note(null, `VIOLATION ${rule} ${text}`);
  }

  // --- what machines tell ---

  onOperation(node: NodeId, operation: Operation): void {
    const service = this.truth.service(operation.service);
    // What is looked at may be frozen no more since this very step.
    if (operation.action === "start" || this.truth.wishes.isFrozen(operation.service, this.truth.of(node).delivered))
      this.#catchUp(node);
    if (operation.action === "start" && service !== undefined && !this.truth.isActive(node, service)) {
      // What was being started when its node was cut off goes on, as during any fence; and who is being fenced acts on until its lease is over.
      if (this.fence.isCutOff(node) && !this.#isBeingFenced(node))
        this.report("FEN-18", `${node} starts ${service.id} while it is cut off`);
      this.starts.set(service.id, (this.starts.get(service.id) ?? 0) + 1);
    }
    for (const checker of this.#checkers) checker.onOperation?.(node, operation);
  }

  #isBeingFenced(node: NodeId): boolean {
    const { wishes, entries } = this.truth;
    return Boolean(wishes.stateAt(entries.length).fences[node]?.inFlight);
  }

  onTruth(node: NodeId, resource: ResourceId, truth: ResourceTruth): void {
    const own = this.truth.of(node);
    own.resources.set(resource, truth);
    const service = this.truth.serviceOf(resource);
    if (service !== undefined) {
      const isStarted = this.truth.isStarted(node, service);
      const isActive = this.truth.isActive(node, service);
      const whileActive = truth === "stopping" || truth === "stopped" ? "stopping" : "starting";
      this.#owner(service.id, node, isStarted ? "started" : isActive ? whileActive : "stopped");
    }
    for (const checker of this.#checkers) checker.onTruth?.(node, resource, truth);
    if (own.isImpaired && !own.isPaused && own.hasDaemon && this.#isIdle(node)) own.isImpaired = false;
  }

  onPower(node: NodeId, hasPower: boolean): void {
    const truth = this.truth.of(node);
    truth.hasPower = hasPower;
    truth.isPaused = false;
    truth.isImpaired = false;
    truth.hasDaemon = false;
    truth.body = null;
    truth.resources.clear();
    if (!hasPower) for (const service of this.config.services) this.#owner(service.id, node, "stopped");
    for (const checker of this.#checkers) checker.onPower?.(node, hasPower);
  }

  onReset(node: NodeId): void {
    this.note(node, "-- reset by its watchdog");
    this.resets.push(node);
    this.disturb({ text: `reset of ${node}`, nodes: [node] });
    for (const checker of this.#checkers) checker.onReset?.(node);
    this.machine(node).powerOff();
    if (!this.#unplugged.has(node)) this.machine(node).powerOn();
  }

  onDaemon(node: NodeId, what: "started" | "crashed" | "ended", reason: string): void {
    this.note(node, `-- daemon ${what}${reason === "" ? "" : `: ${reason}`}`);
    this.disturb({ text: `daemon of ${node} ${what}`, nodes: [node] });
    const truth = this.truth.of(node);
    truth.hasDaemon = what === "started";
    truth.body = null;
    if (what === "started") {
      truth.delivered = 0;
      if (this.#isIdle(node)) truth.isImpaired = false;
    } else {
      // Without a daemon nobody stops its services.
      truth.isImpaired = true;
      truth.isPaused = this.machine(node).isPaused;
    }
    for (const checker of this.#checkers) checker.onDaemon?.(node, what, reason);
  }

  onBody(node: NodeId, incarnation: Incarnation, body: HeartbeatBody): void {
    for (const checker of this.#checkers) checker.onBody?.(node, incarnation, body);
    this.truth.of(node).body = body;
  }

  onEvent(node: NodeId, event: ClusterEvent): void {
    if (event.level === "debug" && !this.#isDebug) return;
    const text = `${subjectOf(event)}${event.text}`;
    if (event.entry !== undefined) {
      // Every node tells of every entry, and again when it reads its disk: once is enough.
      const key = `${event.entry} ${text}`;
      if (this.#told.has(key)) return;
      this.#told.add(key);
    }
    this.note(node, text);
  }

  onBroken(node: NodeId, error: unknown): void {
    const text = error instanceof Error ? `${error.message} ${firstFrames(error)}` : String(error);
    this.report("BROKEN", `${node}: ${text}`);
    this.onDaemon(node, "crashed", "broken promise");
  }

  /** An operation may follow a delivery in one step, before the beat thread is told: look at the daemon itself. */
  #catchUp(node: NodeId): void {
    const { daemon } = this.machine(node);
    if (daemon?.incarnation === undefined || daemon.incarnation === null) return;
    const { delivered } = daemon.snapshot().group;
    if (delivered > this.truth.of(node).delivered) {
      for (const conflict of this.truth.onDelivered(node, delivered)) this.report("SAFE-3", conflict.text);
    }
  }

  onRefused(node: NodeId, operation: Operation): void {
    const text = `${operation.action} of ${operation.resource.id} that fails on ${node}`;
    // A stop that fails has its node fenced.
    if (operation.action === "stop") this.disturb({ text, nodes: [node], stuck: operation.service });
    this.disturb({ text, nodes: [], service: operation.service });
  }

  #isIdle(node: NodeId): boolean {
    return this.config.services.every((service) => !this.truth.isActive(node, service));
  }

  #owner(service: string, node: NodeId, state: OwnerChange["state"]): void {
    const last = this.ownerChanges.findLast((change) => change.service === service && change.node === node);
    if ((last?.state ?? "stopped") === state) return;
    this.ownerChanges.push({ atMs: this.time.now, service, node, state });
  }

  #sampleLater(): void {
    this.time.schedule(this.time.now + sampleMs, null, () => {
      for (const checker of this.#checkers) checker.onSample?.();
      this.#sampleLater();
    });
  }
}

/** Whom an event is about, where its text does not say so. */
function subjectOf(event: ClusterEvent): string {
  if (event.service !== undefined) return `service ${event.service}: `;
  return /^(\w+ -> \w+|(no )?watchdog\b|fence device\b|switched on by\b|.*\bquarantine\b|losses forgotten)/.test(
    event.text,
  )
    ? `node ${event.node}: `
    : "";
}

function firstFrames(error: Error): string {
  const frames = (error.stack ?? "").split("\n").slice(1, 4);
  return frames.map((frame) => frame.trim().replace(/\(?(file:)?\/\S*\/src\//, "(src/")).join(" < ");
}
