import type { DeviceId, NodeId } from "../../model/ids.ts";
import type { Intent } from "../../model/intent.ts";
import { unreachable } from "../../model/unreachable.ts";
import { fairWeather } from "../fake-network.ts";
import type { Random } from "../random.ts";
import { simDisk } from "../sim-arbiter-disk.ts";
import { simWitness } from "../sim-witness.ts";
import type { World } from "../world.ts";
import { drawFile } from "./draw-file.ts";
import type { FaultKind, Plan } from "./draw-plan.ts";
import type { Shape } from "./shapes.ts";

const goodWatchdog = { isThere: true, timeoutMsMax: 3_600_000, stepMs: 1_000, isNoWayOut: false };
const hourMs = 3_600_000;

/** What may hit a node in the middle of a view change. */
const aimed = ["power", "crash-daemon", "pause-machine", "pause-daemon", "cut-groups", "slow-disk"] as const;

/** Does faults to a world, at random times, until told to end. */
export class FaultMaker {
  /** How many of each kind were made. */
  readonly made = new Map<FaultKind, number>();
  readonly #world: World;
  readonly #random: Random;
  readonly #plan: Plan;
  readonly #shape: Shape;
  readonly #nodes: readonly NodeId[];
  #lostDisks = 0;
  #hasMadeDisk = false;
  #hasEnded = false;

  constructor(world: World, random: Random, plan: Plan, shape: Shape) {
    this.#world = world;
    this.#shape = shape;
    this.#random = random;
    this.#plan = plan;
    this.#nodes = world.config.nodes.map((node) => node.id);
    world.network.weather = { ...fairWeather, jitterMsMax: plan.jitterMsMax };
    if (plan.aim > 0) this.#aim();
  }

  start(): void {
    const { time } = this.#world;
    const gapMs = 1 + Math.floor(2 * this.#plan.gapMs * (this.#random.bits() / 4294967296));
    time.schedule(time.now + gapMs, null, () => {
      if (this.#hasEnded) return;
      this.#do(this.#random.pick(this.#plan.kinds), this.#random.pick(this.#nodes));
      this.start();
    });
  }

  /** Everything that was broken is mended at once, but for fence requests under way. */
  end(): void {
    this.#hasEnded = true;
    const world = this.#world;
    world.note(null, "-- faults end");
    world.network.healAll();
    world.network.weather = { ...fairWeather, jitterMsMax: this.#plan.jitterMsMax };
    world.arbiterDisk?.mend();
    world.witness?.mend();
    world.book.refusals.length = 0;
    for (const device of world.fence.devices.values())
      Object.assign(device, { works: true, isMute: false, actionMs: 2000 });
    for (const node of this.#nodes) {
      world.resume(node);
      Object.assign(world.machine(node).disk, { isFailing: false, writeMs: 1 });
      Object.assign(world.machine(node).watchdog.driver, goodWatchdog);
      world.machine(node).reach.reached = null;
    }
  }

  /** An adversary that knows when it hurts: who changes its view may be hit a few ms later. */
  #aim(): void {
    const statuses = new Map<NodeId, string>();
    const kinds = aimed.filter((kind) => this.#plan.kinds.includes(kind));
    if (kinds.length === 0) return;
    this.#world.watch({
      onBody: (node, _, { status }) => {
        if (this.#hasEnded || statuses.get(node) === status) return;
        statuses.set(node, status);
        if (status === "electing" || !this.#random.chance(this.#plan.aim)) return;
        const target = this.#random.chance(0.5) ? node : this.#random.pick(this.#nodes);
        const kind = this.#random.pick(kinds);
        this.#world.time.after(this.#random.between(0, 8), () => {
          if (!this.#hasEnded) this.#do(kind, target);
        });
      },
    });
  }

  #do(kind: FaultKind, node: NodeId): void {
    this.made.set(kind, (this.made.get(kind) ?? 0) + 1);
    switch (kind) {
      case "power":
        return this.#power(node);
      case "blackout":
        for (const each of this.#nodes) this.#power(each);
        return undefined;
      case "crash-daemon":
        return this.#world.crashDaemon(node, this.#random.chance(0.8) ? this.#lasts() : null);
      case "shutdown":
        return this.#shutdown(node);
      case "pause-machine":
        return this.#pause(node, "machine");
      case "pause-daemon":
        return this.#pause(node, "daemon");
      case "cut-groups":
        return this.#cutGroups();
      case "cut-pair":
      case "cut-one-way":
      case "cut-link":
        return this.#cutPair(kind);
      case "weather":
        return this.#weather();
      case "slow-disk":
      case "broken-disk":
        return this.#disk(node, kind === "broken-disk");
      case "lost-disk":
        return this.#loseDisk(node);
      case "kill-resource":
        return this.#killResource();
      case "refuse":
        return this.#refuse();
      case "fence-device":
        return this.#fenceDevice();
      case "watchdog":
        return this.#watchdog(node);
      case "arbiter-disk":
        return this.#arbiterDisk(node);
      case "reach":
        return this.#reach(node);
      case "operator":
        return this.#operator(node);
      case "freeze":
        return this.#freeze(node);
      case "remove":
        return this.#remove(node);
      case "reload":
        return this.#world.reload(node, drawFile(this.#shape, this.#random), "config reload");
      case "witness":
        return this.#witness();
      case "stop-cluster":
        return this.#stopCluster(node);
      case "wall-clock":
        return this.#world.stepWallClock(node, this.#random.between(-6 * hourMs, 6 * hourMs));
      default:
        return unreachable(kind);
    }
  }

  #lasts(): number {
    return this.#random.between(1, this.#plan.lastsMsMax);
  }

  #later(run: () => void): void {
    const { time } = this.#world;
    time.schedule(time.now + this.#lasts(), null, () => {
      if (!this.#hasEnded) run();
    });
  }

  #power(node: NodeId): void {
    this.#world.powerOff(node, "cable");
    this.#later(() => this.#world.powerOn(node, "cable"));
  }

  #shutdown(node: NodeId): void {
    if (this.#world.machine(node).daemon === null) return;
    this.#world.shutdown(node);
    this.#later(() => this.#world.startDaemon(node));
  }

  /** A node leaves, or is off, and is removed, which may be refused; it tries to come back, and may do so later. */
  #remove(node: NodeId): void {
    const ask = (kind: "remove-node" | "readmit-node"): void => {
      const other = this.#random.pick(this.#nodes.filter((each) => each !== node));
      this.#world.ask(other, { kind, node }, `node ${kind.replace("-node", "")} ${node}`);
    };
    if (this.#random.chance(0.7)) this.#world.shutdown(node);
    else this.#world.powerOff(node, "cable");
    this.#later(() => {
      ask("remove-node");
      this.#later(() => {
        this.#world.powerOn(node, "cable");
        this.#world.startDaemon(node);
      });
      this.#later(() => ask("readmit-node"));
    });
  }

  /** All of it; nodes are started again at any time, one of them perhaps before the others have ended. */
  #stopCluster(on: NodeId): void {
    this.#world.ask(on, { kind: "stop-cluster" }, "cluster stop");
    for (const node of this.#nodes) this.#later(() => this.#world.startDaemon(node));
  }

  #pause(node: NodeId, what: "machine" | "daemon"): void {
    if (this.#world.truth.of(node).isPaused) return;
    this.#world.pause(node, what);
    this.#later(() => this.#world.resume(node));
  }

  /** Whatever can be cut off: the nodes, and their witness or their disk. */
  #places(): readonly NodeId[] {
    if (this.#world.arbiterDisk !== null) return [...this.#nodes, simDisk];
    return this.#world.witness === null ? this.#nodes : [...this.#nodes, simWitness];
  }

  #cutGroups(): void {
    const places = this.#places();
    const inFirst = places.map(() => this.#random.chance(0.5));
    const groupOf = (index: number): boolean => inFirst[index] ?? false;
    this.#world.note(null, `-- cut: ${places.filter((_, index) => groupOf(index)).join(" ")} | the others`);
    for (const [i, a] of places.entries()) {
      for (const [j, b] of places.entries()) if (groupOf(i) !== groupOf(j)) this.#world.network.cut(a, b);
    }
    this.#later(() => this.#heal());
  }

  #cutPair(kind: "cut-pair" | "cut-one-way" | "cut-link"): void {
    const places = this.#places();
    const from = this.#random.pick(places);
    const to = this.#random.pick(places.filter((node) => node !== from));
    const link = kind === "cut-link" ? this.#random.between(0, 1) : undefined;
    this.#world.note(null, `-- ${kind}: ${from} ${to}${link === undefined ? "" : ` link ${link}`}`);
    this.#world.network.cut(from, to, link);
    if (kind !== "cut-one-way") this.#world.network.cut(to, from, link);
    this.#later(() => this.#heal());
  }

  #heal(): void {
    this.#world.note(null, "-- all cables are good again");
    this.#world.network.healAll();
  }

  #weather(): void {
    const loss = this.#random.pick([0.1, 0.5, 1]) * this.#plan.lossMax;
    const duplication = this.#random.pick([0, 0.1, 0.3]);
    const jitterMsMax = this.#random.pick([0, 10, 200]);
    this.#world.note(null, `-- weather: loss ${loss}, duplication ${duplication}, jitter ${jitterMsMax} ms`);
    this.#world.network.weather = {
      loss,
      duplication,
      delayMs: 1,
      jitterMsMax,
      strayMsMax: this.#random.pick([50, 4000]),
    };
    this.#later(() => {
      this.#world.note(null, "-- weather: fair");
      this.#world.network.weather = { ...fairWeather, jitterMsMax: this.#plan.jitterMsMax };
    });
  }

  #disk(node: NodeId, isBroken: boolean): void {
    const { disk } = this.#world.machine(node);
    const writeMs = this.#random.between(1, this.#plan.writeMsMax);
    this.#world.note(node, isBroken ? "-- disk refuses to write" : `-- disk takes ${writeMs} ms to write`);
    if (isBroken) disk.isFailing = true;
    else disk.writeMs = writeMs;
    this.#later(() => {
      this.#world.note(node, "-- disk is good again");
      Object.assign(disk, { isFailing: false, writeMs: 1 });
    });
  }

  /** Once per seed, and only in a clear case: a majority of empty disks is the operator's business. */
  #loseDisk(node: NodeId): void {
    if (this.#lostDisks > 0) return;
    this.#lostDisks += 1;
    this.#world.powerOff(node, "cable");
    this.#world.loseDisk(node);
    this.#later(() => this.#world.powerOn(node, "cable"));
  }

  #killResource(): void {
    const service = this.#random.pick(this.#world.config.services);
    const [node] = this.#world.truth.activeNodes(service);
    if (node === undefined) return;
    const resource = this.#random.pick(service.resources).id;
    // Some processes end and nothing is wrong: whoever acts on that alone moves a service without a cause.
    if (this.#random.chance(0.3)) this.#world.machine(node).kernel?.hint(resource);
    else this.#world.killResource(node, resource, this.#random.chance(0.5));
  }

  #refuse(): void {
    const resource = this.#random.pick(this.#random.pick(this.#world.config.services).resources).id;
    const action = this.#random.pick(["start", "start", "stop", "monitor"] as const);
    // Who trusts in time alone must have services that stop.
    if (action === "stop" && this.#world.config.fencing.kind === "none") return;
    const how = this.#random.pick(["fail", "hang"] as const);
    const timesLeft = this.#random.between(1, 3);
    this.#world.note(null, `-- ${resource}: ${action} will ${how} ${timesLeft} times`);
    this.#world.book.refusals.push({ resource, action, node: null, how, timesLeft });
  }

  /** Some hosts of the reachlist are out of its reach. */
  #reach(node: NodeId): void {
    const { reach } = this.#world.machine(node);
    reach.reached = this.#random.between(0, 2);
    this.#world.note(node, `-- reaches ${reach.reached} hosts of the reachlist`);
    this.#world.time.after(this.#lasts(), () => {
      reach.reached = null;
    });
  }

  #fenceDevice(): void {
    const device = this.#random.pick<DeviceId>([...this.#world.fence.devices.keys()]);
    const state = this.#world.device(device);
    const fault = this.#random.pick(["broken", "mute", "slow"] as const);
    this.#world.note(null, `-- fence device ${device} is ${fault}`);
    if (fault === "broken") state.works = false;
    if (fault === "mute") state.isMute = true;
    if (fault === "slow") state.actionMs = 9000;
    this.#later(() => {
      this.#world.note(null, `-- fence device ${device} works`);
      Object.assign(state, { works: true, isMute: false, actionMs: 2000 });
    });
  }

  /** From now on; one that is armed stays so. */
  #watchdog(node: NodeId): void {
    const { driver } = this.#world.machine(node).watchdog;
    const fault = this.#random.pick(["none", "short", "no way out"] as const);
    this.#world.note(node, `-- watchdog: ${fault}`);
    if (fault === "none") driver.isThere = false;
    if (fault === "short") driver.stepMs = 4_000;
    if (fault === "no way out") driver.isNoWayOut = true;
    this.#later(() => {
      this.#world.note(node, "-- watchdog: good");
      Object.assign(driver, goodWatchdog);
    });
  }

  /** It is slow, refuses one node, or is made anew, once. */
  #arbiterDisk(node: NodeId): void {
    const { arbiterDisk: disk } = this.#world;
    if (disk === null) return;
    const fault = this.#random.pick(["slow", "failing", "anew"] as const);
    if (fault === "anew" && this.#hasMadeDisk) return;
    this.#world.disturb({ text: "the arbiter disk", nodes: fault === "failing" ? [simDisk, node] : [simDisk] });
    this.#world.note(null, `-- arbiter disk: ${fault}${fault === "failing" ? ` for ${node}` : ""}`);
    if (fault === "slow") disk.latencyMs = this.#random.pick([20, 200, 1000]);
    if (fault === "failing") disk.failing.add(node);
    if (fault === "anew") {
      this.#hasMadeDisk = true;
      return disk.makeAnew();
    }
    this.#later(() => {
      this.#world.note(null, "-- arbiter disk: good again");
      disk.mend();
    });
  }

  /** Its disk is slow, or its power fails, and comes back when the cables do. */
  #witness(): void {
    const { witness, network } = this.#world;
    if (witness === null) return;
    if (this.#random.chance(0.5)) {
      witness.writeMs = this.#random.pick([20, 300, 2_000]);
      this.#world.note(null, `-- witness: its disk takes ${witness.writeMs} ms to write`);
      return this.#later(() => {
        this.#world.note(null, "-- witness: its disk is good again");
        witness.mend();
      });
    }
    this.#world.note(null, "-- witness: no power");
    witness.cutPower();
    for (const node of this.#nodes) {
      network.cut(node, simWitness);
      network.cut(simWitness, node);
    }
    this.#later(() => this.#heal());
  }

  #operator(on: NodeId): void {
    const service = this.#random.pick(this.#world.config.services).id;
    const node = this.#random.pick(this.#nodes);
    const intent = this.#random.pick<Intent>([
      { kind: "relocate-service", service },
      { kind: "relocate-service", service, to: node },
      { kind: "restart-service", service },
      { kind: "stop-service", service },
      { kind: "stop-service", service },
      { kind: "start-service", service },
      { kind: "disable-service", service },
      { kind: "enable-service", service },
      { kind: "enable-service", service },
      { kind: "standby-node", node },
      { kind: "online-node", node },
      { kind: "online-node", node },
      { kind: "fence-node", node },
    ]);
    this.#world.ask(on, intent, wordsOf(intent));
  }

  /** A service, a node, or everything is left alone for a while. Who unfreezes it may be another one, who may be out of reach: then it stays frozen. */
  #freeze(on: NodeId): void {
    const service = this.#random.pick(this.#world.config.services).id;
    const node = this.#random.pick(this.#nodes);
    const [begin, end] = this.#random.pick<readonly [Intent, Intent]>([
      [
        { kind: "freeze-service", service },
        { kind: "unfreeze-service", service },
      ],
      [
        { kind: "freeze-node", node },
        { kind: "unfreeze-node", node },
      ],
      [{ kind: "begin-maintenance" }, { kind: "end-maintenance" }],
    ]);
    this.#world.ask(on, begin, wordsOf(begin));
    this.#later(() => this.#world.ask(this.#random.pick(this.#nodes), end, wordsOf(end)));
  }
}

function wordsOf(intent: Intent): string {
  return [
    intent.kind,
    ...("service" in intent ? [intent.service] : []),
    ...("node" in intent ? [intent.node] : []),
  ].join(" ");
}
