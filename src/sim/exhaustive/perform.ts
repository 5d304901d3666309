import type { GroupInput } from "../../core/group-input.ts";
import type { GroupStep } from "../../core/group.ts";
import type { DiskRecord } from "../../model/disk.ts";
import type { Effect } from "../../model/effect.ts";
import type { EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import type { HeartbeatBody, Message, Packet } from "../../model/message.ts";
import { instantMs, wallMs } from "../../model/units.ts";
import { compareViewIds, sameViewId } from "../../model/view.ts";
import { chainMachine } from "../group/chain-machine.ts";
import { quickHeartbeat } from "../group/stage.ts";
import type { Action } from "./actions.ts";
import { brokenByDisks } from "./check-disks.ts";
import { type Broken, remembered } from "./history.ts";
import { clockOf, type Flight, flightKey, isOld, type Seat, type SmallWorld } from "./small-world.ts";

/** The world after an action. The one before stays what it was. */
export function perform(world: SmallWorld, action: Action): SmallWorld {
  const draft = new Draft(world);
  switch (action.kind) {
    case "deliver":
      draft.takeAway(action.flight);
      draft.deliver(action.flight);
      break;
    case "twice":
      draft.spendFault();
      draft.hold(action.flight);
      draft.deliver(action.flight);
      break;
    case "late":
      draft.spendFault();
      draft.hold(action.flight);
      break;
    case "lost":
      draft.spendFault();
      draft.takeAway(action.flight);
      break;
    case "slow":
      draft.spendFault();
      draft.change(action.seat, { isSlow: true });
      break;
    case "persist":
      draft.persist(action.seat);
      break;
    case "crash":
      draft.spendFault();
      draft.crash(action.seat, action.kept);
      break;
    case "restart":
      draft.start(action.seat);
      break;
    case "advance":
      draft.advance(action.seat);
      break;
  }
  return draft.done();
}

/** A machine is switched on, or off, or told to submit something: the beginnings of a walk. */
export const direct = {
  start: (world: SmallWorld, seat: number): SmallWorld => directly(world, (draft) => draft.start(seat)),
  crash: (world: SmallWorld, seat: number, mayReturn: boolean): SmallWorld =>
    directly(world, (draft) => {
      draft.crash(seat, 0);
      draft.change(seat, { mayReturn });
    }),
  submit: (world: SmallWorld, seat: number, body: EntryBody): SmallWorld =>
    directly(world, (draft) => draft.input(seat, { kind: "submit", body })),
};

function directly(world: SmallWorld, change: (draft: Draft) => void): SmallWorld {
  const draft = new Draft(world);
  change(draft);
  return draft.done();
}

/** A copy of a world, one level deep, that is changed in place. */
class Draft {
  readonly #before: SmallWorld;
  readonly #seats: Seat[];
  #flights: Flight[];
  #faultsLeft: number;
  #history: SmallWorld["history"];
  #broken: Broken | null = null;
  /** Heartbeats that arrive with the action that sends them. */
  readonly #prompt: { readonly to: number; readonly packet: Packet }[] = [];
  /** Heartbeats are sent in this order: whole actions before, then within this one. */
  #sent = 0;

  constructor(world: SmallWorld) {
    this.#before = world;
    this.#seats = [...world.seats];
    this.#flights = [...world.flights];
    this.#faultsLeft = world.faultsLeft;
    this.#history = world.history;
  }

  done(): SmallWorld {
    for (let next = this.#prompt.shift(); next !== undefined; next = this.#prompt.shift())
      this.#receive(next.to, next.packet);
    const { scope, steps } = this.#before;
    const running = this.#seats.filter(({ state }) => state !== null);
    const isOver = running.length > 0 && running.every(({ clock }) => clock > this.#before.round);
    const world: SmallWorld = {
      scope,
      seats: this.#seats,
      flights: this.#arriving().sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)),
      faultsLeft: this.#faultsLeft,
      round: this.#before.round + (isOver ? 1 : 0),
      steps: steps + 1,
      history: this.#history,
      broken: this.#broken,
    };
    const isSame =
      world.history === this.#before.history &&
      world.seats.every(({ records }, seat) => records === this.#before.seats[seat]?.records);
    return this.#broken !== null || isSame ? world : { ...world, broken: brokenByDisks(world) };
  }

  /** What goes to a machine that is off goes nowhere, unless it may be on again before it arrives. */
  #arriving(): Flight[] {
    if (this.#before.scope.hasFreeStarts) return this.#flights;
    return this.#flights.filter(({ to, isHeld }) => isHeld || this.#seat(to).state !== null);
  }

  spendFault(): void {
    this.#faultsLeft -= 1;
  }

  takeAway(flight: Flight): void {
    this.#flights = this.#flights.filter(({ key }) => key !== flight.key);
  }

  hold(flight: Flight): void {
    this.takeAway(flight);
    this.#launch(flight.from, flight.to, flight.packet, true);
  }

  deliver({ to, packet }: Flight): void {
    this.#receive(to, packet);
    if (packet.message.kind === "heartbeat") this.#dropOld();
  }

  persist(at: number): void {
    const seat = this.#seat(at);
    const [first, ...rest] = seat.writes;
    if (first === undefined) return;
    this.#write(at, first.records);
    this.change(at, { writes: rest, isSlow: seat.isSlow && rest.length > 0 });
    this.input(at, { kind: "persisted", write: first.write });
  }

  crash(at: number, kept: number): void {
    const waiting = this.#seat(at).writes.flatMap(({ records }) => records);
    this.#write(at, waiting.slice(0, kept));
    this.change(at, { state: null, incarnation: null, body: null, writes: [], isSlow: false });
  }

  start(at: number): void {
    const { scope, round } = this.#before;
    const seat = this.#seat(at);
    const boot = seat.boot + 1;
    const incarnation = makeIncarnation({ boot, startedAt: 0, random: 0 });
    this.#write(at, [{ kind: "boot", boot }]);
    this.change(at, { boot, incarnation, clock: round });
    const { node, records } = this.#seat(at);
    const { nodes, votes, quorum, rules } = scope;
    const machine = chainMachine;
    const disk = rules.replayDisk(records);
    const self = {
      self: node,
      incarnation,
      nodes,
      votes,
      heartbeat: quickHeartbeat,
      quorum,
      disk,
      seed: seedOf(at),
      machine,
    };
    this.#run(at, 0, () => rules.startGroup(self, this.#moment(at)));
  }

  /** Its clock goes into the next round: it judges, and its heartbeat thread sends what it says of itself. */
  advance(at: number): void {
    this.change(at, { clock: this.#seat(at).clock + 1 });
    this.input(at, { kind: "tick" });
    const { body } = this.#seat(at);
    if (body === null) return;
    const packet = this.#beat(at, body);
    for (const to of this.#others(at)) {
      if (this.#before.scope.hasFreeBeats) this.#launch(at, to, packet, false);
      else this.#receive(to, packet);
    }
    this.#dropOld();
  }

  input(at: number, input: GroupInput): void {
    const { state } = this.#seat(at);
    if (state === null) return;
    this.#run(at, state.delivered, () => this.#before.scope.rules.stepGroup(state, input, this.#moment(at)));
  }

  change(at: number, changed: Partial<Seat>): void {
    this.#seats[at] = { ...this.#seat(at), ...changed };
  }

  #receive(to: number, packet: Packet): void {
    this.input(to, { kind: "packet", packet, arrivedAt: this.#moment(to).now });
  }

  #run(at: number, delivered: number, compute: () => GroupStep): void {
    let step: GroupStep;
    try {
      step = compute();
    } catch (error) {
      this.#fail({ rule: "throw", text: `${this.#seat(at).node}: ${String(error)}` });
      this.change(at, { state: null });
      return;
    }
    // Every random wait of a node is the same one: how often it was drawn makes no difference between worlds.
    this.change(at, { state: { ...step.state, seed: seedOf(at) } });
    for (const effect of step.effects) this.#execute(at, effect);
    const { history, broken } = remembered(this.#history, this.#seat(at).node, delivered, step);
    this.#history = history;
    if (broken !== null) this.#fail(broken);
  }

  #execute(at: number, effect: Effect): void {
    const seat = this.#seat(at);
    if (effect.kind === "persist")
      this.change(at, { writes: [...seat.writes, { write: effect.write, records: effect.records }] });
    else if (effect.kind === "send") this.#send(at, effect.to, effect.message);
    else if (effect.kind === "beat") {
      this.change(at, { body: effect.body });
      if (!effect.atOnce) return;
      const packet = this.#beat(at, effect.body);
      for (const to of this.#others(at)) {
        if (this.#before.scope.beatsMax > 0) this.#launch(at, to, packet, false);
        else this.#prompt.push({ to, packet });
      }
    }
    // Ports are asked for the sake of fences and of services only.
  }

  #send(at: number, node: NodeId, message: Message): void {
    const seat = this.#seat(at);
    if (!isOnDisk(seat.records, message, this.#before.scope.rules.replayDisk))
      this.#fail({ rule: "disk", text: `${seat.node} says ${message.kind} before it is on disk` });
    const to = this.#seats.findIndex((other) => other.node === node);
    const { incarnation } = seat;
    if (to >= 0 && incarnation !== null) this.#launch(at, to, { from: seat.node, incarnation, message }, false);
  }

  #launch(from: number, to: number, packet: Packet, isHeld: boolean): void {
    const node = this.#seat(to).node;
    const key = flightKey(packet, node, isHeld);
    this.#flights = this.#flights.filter((flight) => flight.key !== key);
    if (packet.message.kind === "heartbeat" && !isHeld) {
      const older = this.#flights.filter((flight) => isBeatOn(flight, from, to));
      const surplus = older.length + 1 - this.#before.scope.beatsMax;
      older.sort((a, b) => sentAt(a) - sentAt(b));
      const dropped = older.slice(0, Math.max(0, surplus));
      this.#flights = this.#flights.filter((flight) => !dropped.includes(flight));
    }
    this.#flights.push({ key, from, to, packet, isHeld });
  }

  /** Heartbeats that were overtaken count for nothing. */
  #dropOld(): void {
    const world = { ...this.#before, seats: this.#seats };
    this.#flights = this.#flights.filter((flight) => flight.isHeld || !isOld(world, flight));
  }

  #beat(at: number, body: HeartbeatBody): Packet {
    const seat = this.#seat(at);
    this.#sent += 1;
    const order = (this.#before.steps + this.#sent / 1_000) / 1_000_000;
    const message: Message = { kind: "heartbeat", sentAt: instantMs(clockOf(seat) + order), ...body };
    if (seat.incarnation === null) throw new TypeError(`Cannot beat for "${seat.node}": it is off`);
    return { from: seat.node, incarnation: seat.incarnation, message };
  }

  #write(at: number, records: readonly DiskRecord[]): void {
    if (records.length === 0) return;
    const { replayDisk } = this.#before.scope.rules;
    const seat = this.#seat(at);
    const written = [...seat.records, ...records];
    this.change(at, { records: written });
    const [before, after] = [replayDisk(seat.records), replayDisk(written)];
    if (compareViewIds(after.promised, before.promised) < 0)
      this.#fail({ rule: "promise", text: `${seat.node} has a lower promise on disk than before` });
  }

  #fail(broken: Broken): void {
    this.#broken ??= broken;
  }

  #moment(at: number): { now: ReturnType<typeof instantMs>; wall: ReturnType<typeof wallMs> } {
    const now = clockOf(this.#seat(at));
    return { now: instantMs(now), wall: wallMs(1_700_000_000_000 + now) };
  }

  #others(at: number): readonly number[] {
    return [...this.#seats.keys()].filter((seat) => seat !== at);
  }

  #seat(at: number): Seat {
    const seat = this.#seats[at];
    if (seat === undefined) throw new RangeError(`Cannot find seat ${at}`);
    return seat;
  }
}

function seedOf(seat: number): number {
  return seat + 1;
}

function isBeatOn(flight: Flight, from: number, to: number): boolean {
  return !flight.isHeld && flight.from === from && flight.to === to && flight.packet.message.kind === "heartbeat";
}

function sentAt({ packet }: Flight): number {
  return packet.message.kind === "heartbeat" ? packet.message.sentAt : 0;
}

/** [GRP-15] What a message says must be on its sender's disk. A proposal says nothing: it asks. */
function isOnDisk(
  records: readonly DiskRecord[],
  message: Message,
  replayDisk: SmallWorld["scope"]["rules"]["replayDisk"],
): boolean {
  if (message.kind === "promise")
    return records.some((record) => record.kind === "promise" && sameViewId(record.promised, message.view));
  if (message.kind === "installed")
    return records.some((record) => record.kind === "install" && sameViewId(record.view, message.view));
  return message.kind !== "ack" || replayDisk(records).log.length >= message.length;
}
