import type { HeartbeatConfig, QuorumConfig } from "../../model/cluster-config.ts";
import type { Effect } from "../../model/effect.ts";
import type { EntryBody } from "../../model/entry.ts";
import type { GroupFacts } from "../../model/group-facts.ts";
import type { NodeId } from "../../model/ids.ts";
import { type Incarnation, makeIncarnation } from "../../model/incarnation.ts";
import type { Moment } from "../../model/input.ts";
import type { HeartbeatBody, Packet } from "../../model/message.ts";
import { instantMs, wallMs } from "../../model/units.ts";
import type { GroupStep } from "../../core/group.ts";
import type { GroupInput } from "../../core/group-input.ts";
import type { LogLimits } from "../../core/replication/log-limits.ts";
import { chainMachine, type ChainRoster, emptyChain, rosterAfter } from "./chain-machine.ts";
import type { Dice } from "./dice.ts";
import type { VirtualTime } from "../virtual-time.ts";
import type { GroupRules } from "./group-rules.ts";
import { witnessPlace } from "./group-witness.ts";
import type { GroupArbiterDisk } from "./group-arbiter-disk.ts";
import { GroupDisk } from "./group-disk.ts";
import { GroupDiskHand } from "./group-disk-hand.ts";

type GroupState = GroupStep["state"];

/** What a host is told about its surroundings. */
export interface HostSetup {
  readonly node: NodeId;
  readonly nodes: readonly NodeId[];
  readonly heartbeat: HeartbeatConfig;
  readonly quorum: QuorumConfig;
  /** What a life's file says of votes. */
  readonly votes: () => ReadonlyMap<NodeId, number>;
  readonly rules: GroupRules;
  readonly limits: LogLimits;
  readonly events: VirtualTime;
  readonly dice: Dice;
  /** The disk that decides; null without one. */
  readonly arbiterDisk: GroupArbiterDisk | null;
}

/** What a host does to its surroundings. */
export interface HostWorld {
  send(from: GroupHost, to: NodeId, packet: Packet): void;
  probe(from: GroupHost, to: NodeId): void;
  /** After every step. */
  stepped(host: GroupHost, before: GroupState | null, step: GroupStep): void;
  /** The core threw. */
  failed(host: GroupHost, error: unknown): void;
}

/** A machine with a disk, and on it at most one process that runs the group. */
export class GroupHost {
  readonly node: NodeId;
  readonly disk: GroupDisk;
  readonly setup: HostSetup;
  state: GroupState | null = null;
  incarnation: Incarnation | null = null;
  isPowered = false;
  /** The whole machine stands still until then. */
  frozenUntil = 0;
  /** The main loop stands still until then; the beat thread goes on for one deadtime. */
  hungUntil = 0;
  /** Read from the socket after a pause: packets count as arrived when they are read. */
  stampsAtReading = false;
  /** Milliseconds of its monotonic clock in one of true time. */
  rate = 1;
  /** How far its wall clock is ahead. */
  wallSkew = 0;
  readonly #world: HostWorld;
  #life = 0;
  #clockOffset = 0;
  #beat: HeartbeatBody | null = null;
  #beatToldAt = 0;
  #wakeAt = Number.POSITIVE_INFINITY;
  #waiting: (() => GroupInput)[] = [];
  #isDraining = false;
  #hand: GroupDiskHand | null = null;
  /** By the entries delivered here: whom the group was told to be made of. */
  #roster: ChainRoster = emptyChain;

  constructor(setup: HostSetup, world: HostWorld) {
    this.setup = setup;
    this.node = setup.node;
    this.disk = new GroupDisk(setup.events, setup.dice);
    this.#world = world;
  }

  get isRunning(): boolean {
    return this.state !== null;
  }

  moment(): Moment {
    const { now } = this.setup.events;
    return {
      now: instantMs(now * this.rate + this.#clockOffset),
      wall: wallMs(1_700_000_000_000 + this.wallSkew + Math.round(now)),
    };
  }

  /** Virtual time of an instant of this host's clock. */
  toWorldTime(instant: number): number {
    return (instant - this.#clockOffset) / this.rate;
  }

  facts(): GroupFacts | null {
    return this.state === null ? null : this.setup.rules.groupFacts(this.state, this.moment());
  }

  /** Power on, or start the process again: one more boot record, then the group begins. */
  start(bootAbove = 0): void {
    const { rules, dice, node, nodes, heartbeat, quorum, votes, events, limits } = this.setup;
    if (this.state !== null) return;
    if (!this.isPowered) this.#clockOffset = dice.between(1_000, 100_000) - events.now * this.rate;
    this.isPowered = true;
    this.frozenUntil = 0;
    this.hungUntil = 0;
    const boot = Math.max(rules.replayDisk(this.disk.records).boot, bootAbove) + 1;
    this.disk.apply([{ kind: "boot", boot }]);
    this.#life += 1;
    this.incarnation = makeIncarnation({ boot, startedAt: Math.round(events.now), random: dice.below(0xffff) });
    this.#waiting = [];
    this.#hand = this.#reachDisk(this.incarnation);
    this.#roster = emptyChain;
    const disk = rules.replayDisk(this.disk.records);
    const seed = dice.below(0x7fffffff);
    const machine = chainMachine;
    this.#run(() =>
      rules.startGroup(
        {
          self: node,
          incarnation: this.incarnation as Incarnation,
          nodes,
          heartbeat,
          quorum,
          votes: votes(),
          disk,
          seed,
          machine,
          limits,
        },
        this.moment(),
      ),
    );
    this.#tickLater();
    this.#beatLater();
  }

  /** Power off: the process and what was not yet on disk are gone. */
  cutPower(): void {
    this.#hand?.cutPower();
    this.#end();
    this.isPowered = false;
    this.disk.cutPower();
  }

  /** The process dies, the machine lives. */
  killProcess(): void {
    this.#end();
    this.disk.loseProcess();
  }

  input(make: () => GroupInput): void {
    if (this.state === null) return;
    this.#waiting.push(make);
    this.#drain();
  }

  receive(packet: Packet): void {
    const arrivedAt = this.moment().now;
    this.input(() => ({ kind: "packet", packet, arrivedAt: this.stampsAtReading ? this.moment().now : arrivedAt }));
  }

  submit(body: EntryBody): GroupStep["submitted"] {
    if (this.state === null || this.#isStill()) return undefined;
    const before = this.#submitted;
    this.input(() => ({ kind: "submit", body }));
    return this.#submitted === before ? undefined : this.#submitted;
  }

  #submitted: GroupStep["submitted"] = undefined;

  #isStill(): boolean {
    const { now } = this.setup.events;
    return now < this.frozenUntil || now < this.hungUntil;
  }

  #drain(): void {
    if (this.#isDraining || this.#isStill()) return;
    this.#isDraining = true;
    for (let make = this.#waiting.shift(); make !== undefined && this.state !== null; make = this.#waiting.shift()) {
      const { state } = this;
      const input = make();
      this.#run(() => this.setup.rules.stepGroup(state, input, this.moment()));
    }
    this.#isDraining = false;
  }

  #run(compute: () => GroupStep): void {
    const before = this.state;
    let step: GroupStep;
    try {
      step = compute();
    } catch (error) {
      this.#world.failed(this, error);
      return;
    }
    this.state = step.state;
    if (step.submitted !== undefined) this.#submitted = step.submitted;
    for (const effect of step.effects) this.#execute(effect);
    this.#world.stepped(this, before, step);
    if (this.state === null) return;
    if (this.setup.rules.hasLeft(step.state) || step.state.removedBy !== null) return this.killProcess();
    if (this.#followEntries(step)) return;
    const bootAbove = step.state.bootAbove === null ? null : this.facts()?.bootAbove;
    if (typeof bootAbove === "number") {
      this.killProcess();
      this.start(bootAbove);
      return;
    }
    this.#wakeLater(this.toWorldTime(step.wakeAt));
  }

  /** Does what the manager does: tells the group who is removed. @returns true when the group has stepped by that */
  #followEntries({ restored, delivered }: GroupStep): boolean {
    const before = this.#roster.removed;
    if (restored !== null) this.#roster = restored.state as ChainRoster;
    for (const entry of delivered) this.#roster = rosterAfter(this.#roster, entry);
    const { state } = this;
    const { removed } = this.#roster;
    if (state === null || removed.join() === before.join()) return false;
    const nodes = this.setup.nodes.filter((node) => !removed.includes(node));
    const { quorum } = this.setup;
    this.#run(() => this.setup.rules.stepGroup(state, { kind: "roster", nodes, removed, quorum }, this.moment()));
    return true;
  }

  #execute(effect: Effect): void {
    const life = this.#life;
    switch (effect.kind) {
      case "persist":
        this.disk.write(effect.records, effect.isRewrite === true, () => {
          if (life === this.#life) this.input(() => ({ kind: "persisted", write: effect.write }));
        });
        return;
      case "send":
        this.#world.send(this, effect.to, {
          from: this.node,
          incarnation: this.incarnation as Incarnation,
          message: effect.message,
        });
        return;
      case "ask-witness":
        if (this.#hand !== null) return this.#hand.ask(effect.message);
        this.#world.send(this, witnessPlace, {
          from: this.node,
          incarnation: this.incarnation as Incarnation,
          message: effect.message,
        });
        return;
      case "beat":
        this.#beat = effect.body;
        this.#beatToldAt = this.setup.events.now;
        if (effect.atOnce) this.#beatNow();
        return;
      case "count-reach": {
        // Any number at any time: the reachlist may delay a fence, and must not do more.
        const { call, hosts, timeoutMs } = effect;
        const { events, dice } = this.setup;
        const reached = dice.below(hosts.length + 1);
        events.after(dice.between(1, timeoutMs), () => {
          if (life === this.#life) this.input(() => ({ kind: "reach-counted", call, reached }));
        });
        return;
      }
      case "probe-port":
        this.#world.probe(this, effect.node);
        return;
      case "run":
      case "notify":
      case "cancel":
      case "fence":
      case "cancel-fence":
      case "arm-watchdog":
      case "feed-watchdog":
      case "disarm-watchdog":
      case "announce":
      case "keep-away":
      case "progress":
      case "answer":
      case "event":
      case "exit":
        // The manager's; no group asks for them.
        return;
    }
  }

  #beatNow(): void {
    if (this.#beat === null) return;
    const message = { kind: "heartbeat" as const, sentAt: this.moment().now, ...this.#beat };
    for (const to of this.state?.setup.nodes ?? []) {
      if (to !== this.node)
        this.#world.send(this, to, { from: this.node, incarnation: this.incarnation as Incarnation, message });
    }
  }

  #beatLater(): void {
    const life = this.#life;
    const { events, heartbeat } = this.setup;
    events.after(heartbeat.keepaliveMs / this.rate, () => {
      if (life !== this.#life) return;
      const isSilent = events.now < this.frozenUntil || events.now - this.#beatToldAt > heartbeat.deadtimeMs;
      if (!isSilent) this.#beatNow();
      this.#beatLater();
    });
  }

  #tickLater(): void {
    const life = this.#life;
    this.setup.events.after(this.setup.heartbeat.keepaliveMs / 2 / this.rate, () => {
      if (life !== this.#life) return;
      if (!this.#isStill()) {
        this.#drain();
        this.input(() => ({ kind: "tick" }));
      }
      this.#tickLater();
    });
  }

  #wakeLater(at: number): void {
    const { events } = this.setup;
    if (at >= this.#wakeAt && this.#wakeAt > events.now) return;
    if (at > events.now + this.setup.heartbeat.keepaliveMs) return;
    this.#wakeAt = at;
    const life = this.#life;
    // At least a microsecond: rounding must not make time stand still.
    events.after(Math.max(0.001, at - events.now), () => {
      if (life !== this.#life || this.#wakeAt !== at) return;
      this.#wakeAt = Number.POSITIVE_INFINITY;
      if (!this.#isStill()) this.input(() => ({ kind: "tick" }));
    });
  }

  #reachDisk(incarnation: Incarnation): GroupDiskHand | null {
    const { arbiterDisk: disk, rules, events, dice, heartbeat } = this.setup;
    if (disk === null) return null;
    return new GroupDiskHand({
      disk,
      rules,
      events,
      dice,
      self: this.node,
      incarnation,
      deadtimeMs: heartbeat.deadtimeMs,
      now: () => this.moment().now,
      frozenUntil: () => this.frozenUntil,
      stillUntil: () => Math.max(this.frozenUntil, this.hungUntil),
      granted: (from, grant) => this.receive({ from, incarnation, message: { kind: "grant", ...grant } }),
    });
  }

  #end(): void {
    this.#life += 1;
    this.#hand?.loseProcess();
    this.#hand = null;
    this.state = null;
    this.#beat = null;
    this.#waiting = [];
    this.#wakeAt = Number.POSITIVE_INFINITY;
  }
}
