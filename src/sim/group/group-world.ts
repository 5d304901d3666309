import type { HeartbeatConfig, QuorumConfig } from "../../model/cluster-config.ts";
import type { DiskRecord } from "../../model/disk.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Packet } from "../../model/message.ts";
import type { GroupStep } from "../../core/group.ts";
import { type LogLimits, logLimits } from "../../core/replication/log-limits.ts";
import { groupTimers } from "../../core/membership/timers.ts";
import type { RareStates } from "../rare-states/rare-states.ts";
import { watchGroup, watchShot, watchStart } from "../rare-states/watch-group.ts";
import { Dice } from "./dice.ts";
import { VirtualTime } from "../virtual-time.ts";
import { GroupCheckers } from "./group-checkers.ts";
import { GroupArbiterDisk } from "./group-arbiter-disk.ts";
import { GroupHost, type HostWorld } from "./group-host.ts";
import { GroupWitness, witnessPlace } from "./group-witness.ts";
import { GroupNetwork } from "./group-network.ts";
import type { GroupRules } from "./group-rules.ts";

/** A cluster of hosts. */
export interface WorldSetup {
  readonly names: readonly string[];
  readonly heartbeat: HeartbeatConfig;
  readonly quorum: QuorumConfig;
  /** Votes where they are not 1; asked for by every life. */
  readonly votes?: (dice: Dice) => ReadonlyMap<NodeId, number>;
  readonly rules: GroupRules;
  readonly seed: number;
  /** Default: those of hale. */
  readonly limits?: LogLimits;
  /** How far the rates of clocks may be from true time; wall clocks are then hours apart too. Default: all are right. */
  readonly drift?: number;
}

/** Wall clocks are so far apart, where clocks are not right. */
const hoursMs = 5 * 3_600_000;

/** Hosts, network, fence device and checkers on one virtual time. */
export class GroupWorld implements HostWorld {
  readonly events = new VirtualTime();
  readonly dice: Dice;
  readonly network: GroupNetwork;
  readonly hosts: readonly GroupHost[];
  /** null but with `arbiter: witness`. */
  readonly witness: GroupWitness | null;
  /** null but with `arbiter: disk`. */
  readonly arbiterDisk: GroupArbiterDisk | null;
  readonly checkers: GroupCheckers;
  /** Steps of all hosts so far. */
  steps = 0;
  /** Fences that are under way. */
  fencesOut = 0;
  fenceDelayMin = 100;
  fenceDelayMax = 1_500;
  fenceFailure = 0;
  /** How long a fenced host stays off. */
  rebootMax = 3_000;
  /** Rare states that it has been in. */
  readonly rareStates: RareStates = new Set();
  /** Called after each step, after the checkers. */
  onStep: ((host: GroupHost, step: GroupStep) => void) | null = null;
  /** Sees every packet as it is sent; false drops it. */
  onSend: ((from: GroupHost, to: NodeId, packet: Packet) => boolean) | null = null;
  /** Sees every answer of the witness as it is sent; false drops it. */
  onGrant: ((to: NodeId, packet: Packet) => boolean) | null = null;
  /** Said of everything that goes into a run's digest. */
  trace: ((line: string) => void) | null = null;
  readonly #requested = new Set<string>();

  constructor(setup: WorldSetup) {
    this.dice = new Dice(setup.seed);
    const nodes = setup.names as readonly NodeId[];
    this.network = new GroupNetwork(this.events, this.dice, (to, packet) =>
      to === witnessPlace ? this.witness?.receive(packet) : this.host(to).receive(packet),
    );
    const { heartbeat, quorum, votes = () => new Map<NodeId, number>(), rules, limits = logLimits } = setup;
    const { events, dice } = this;
    this.arbiterDisk = quorum.kind === "disk" ? new GroupArbiterDisk(nodes, events, dice) : null;
    const { arbiterDisk } = this;
    const around = { nodes, heartbeat, quorum, votes: () => votes(dice), rules, limits, events, dice, arbiterDisk };
    this.hosts = nodes.map((node) => new GroupHost({ node, ...around }, this));
    const witness = { rules, events: this.events, dice: this.dice, send: this.#sendGrant.bind(this) };
    this.witness = quorum.kind === "witness" ? new GroupWitness(witness) : null;
    this.witness?.start();
    const { drift = 0 } = setup;
    if (drift > 0) this.#setClocks(drift);
    // By true time, the lease of a slow clock is longer.
    this.checkers = new GroupCheckers(groupTimers(heartbeat).lease / (1 - drift));
  }

  get now(): number {
    return this.events.now;
  }

  /** @throws RangeError for a name that is no host's */
  host(name: string): GroupHost {
    const host = this.hosts.find(({ node }) => node === name);
    if (host === undefined) throw new RangeError(`Cannot find host "${name}"`);
    return host;
  }

  /** `hale init` on the named host: voters are the given ones, on each of their disks. A name for each vote. */
  found(...voters: readonly string[]): void {
    const record: DiskRecord = { kind: "founded", voters: voters as readonly NodeId[] };
    for (const voter of new Set(voters)) this.host(voter).disk.apply([record]);
  }

  run(ms: number): void {
    this.events.runUntil(this.events.now + ms);
  }

  /** Runs until `done` or `limitMs` later; returns the time it took, or null. */
  runUntil(done: () => boolean, limitMs: number): number | null {
    const begin = this.now;
    while (this.now < begin + limitMs) {
      if (done()) return this.now - begin;
      this.run(1);
    }
    return null;
  }

  /** The host that coordinates the newest active view; undefined when there is none. */
  coordinator(): GroupHost | undefined {
    let newest: { counter: number; host: GroupHost } | undefined;
    for (const host of this.hosts) {
      const view = host.facts()?.view;
      if (
        view !== undefined &&
        view !== null &&
        view.coordinator === host.node &&
        view.id.counter > (newest?.counter ?? 0)
      ) {
        newest = { counter: view.id.counter, host };
      }
    }
    return newest?.host;
  }

  /** True when these hosts are active in one view of exactly these members. */
  isOneView(names: readonly string[]): boolean {
    const wanted = [...names].sort().join();
    let first: string | undefined;
    return names.every((name) => {
      const view = this.host(name).facts()?.view;
      if (view === null || view === undefined) return false;
      const id = `${view.id.counter}/${view.id.proposer}/${view.id.incarnation}`;
      first ??= id;
      return id === first && view.members.map(({ node }) => node).join() === wanted;
    });
  }

  send(from: GroupHost, to: NodeId, packet: Packet): void {
    this.trace?.(`${this.now} ${from.node} ${to} ${packet.message.kind}`);
    this.checkers.watchSend(from, packet.message, this.now);
    if (this.onSend !== null && !this.onSend(from, to, packet)) return;
    this.network.send(to, packet);
  }

  #sendGrant(to: NodeId, packet: Packet): void {
    const { witness } = this;
    if (witness === null || packet.message.kind !== "grant") return;
    this.trace?.(`${this.now} witness ${to} ${packet.message.step} ${packet.message.isGranted}`);
    this.checkers.watchGrant(witness, packet.message, this.now);
    if (this.onGrant !== null && !this.onGrant(to, packet)) return;
    this.network.send(to, packet, witnessPlace);
  }

  probe(from: GroupHost, to: NodeId): void {
    const target = this.host(to);
    const isCut = this.network.isCut(from.node, to) || this.network.isCut(to, from.node);
    const isReached = target.isPowered && this.now >= target.frozenUntil && !isCut;
    const state = !isReached ? "silent" : target.isRunning ? "open" : "closed";
    this.events.after(isReached ? 1 : 100, () => from.input(() => ({ kind: "port-state", node: to, state })));
  }

  stepped(host: GroupHost, before: GroupStep["state"] | null, step: GroupStep): void {
    this.steps += 1;
    if (before === null) this.#watchBegin(host);
    else watchGroup(this.rareStates, before, step.state, host.moment().now);
    this.checkers.watch(host, this.hosts, step, this.now);
    for (const entry of step.delivered)
      this.trace?.(`${this.now} ${host.node} delivers ${entry.index} ${entry.body.kind}`);
    this.#watchFence(host);
    this.onStep?.(host, step);
  }

  failed(host: GroupHost, error: unknown): void {
    this.checkers.report(
      "throw",
      this.now,
      `${host.node}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    host.cutPower();
  }

  #setClocks(drift: number): void {
    for (const host of this.hosts) {
      host.rate = 1 + (drift * this.dice.between(-1000, 1000)) / 1000;
      host.wallSkew = this.dice.between(-hoursMs, hoursMs);
    }
  }

  #watchBegin(host: GroupHost): void {
    const others = this.hosts.filter((other) => other !== host);
    watchStart(
      this.rareStates,
      others.map(({ state }) => state),
    );
  }

  #watchFence(host: GroupHost): void {
    if (host.state === null || host.state.race.out === null) return;
    const wish = host.facts()?.arbiterFence;
    if (wish === null || wish === undefined) return;
    const name = `${host.node}/${host.incarnation}/${wish.attempt}`;
    if (this.#requested.has(name)) return;
    this.#requested.add(name);
    this.fencesOut += 1;
    const { incarnation } = host;
    this.events.after(this.dice.between(this.fenceDelayMin, this.fenceDelayMax), () => {
      this.fencesOut -= 1;
      const confirmed = !this.dice.chance(this.fenceFailure);
      if (confirmed) this.#shoot(host, incarnation, wish.target);
      this.trace?.(`${this.now} fence ${wish.target} ${confirmed}`);
      if (host.incarnation !== incarnation) return;
      host.input(() => ({ kind: "fence-verdict", target: wish.target, attempt: wish.attempt, confirmed }));
    });
  }

  #shoot(shooter: GroupHost, life: GroupHost["incarnation"], target: NodeId): void {
    const host = this.host(target);
    // A shooter that has rebooted since knows nothing of its request: nothing can recall it then.
    const phase = shooter.incarnation === life ? shooter.state?.phase : undefined;
    if (phase?.kind === "active" && phase.view.members.some(({ node }) => node === target)) {
      this.checkers.report("fence", this.now, `${shooter.node} has ${target} shot, a member of its view`);
    }
    if (!host.isPowered) return;
    watchShot(this.rareStates, host.state);
    host.cutPower();
    this.events.after(this.dice.between(0, this.rebootMax), () => {
      if (!host.isPowered) host.start();
    });
  }
}
