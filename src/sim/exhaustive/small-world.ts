import type { GroupStep } from "../../core/group.ts";
import type { QuorumConfig } from "../../model/cluster-config.ts";
import type { DiskRecord } from "../../model/disk.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { HeartbeatBody, Packet } from "../../model/message.ts";
import type { GroupRules } from "../group/group-rules.ts";
import { canonicalText, digest, timelessText } from "./canonical.ts";
import { type Broken, type History, historyText } from "./history.ts";

/**
 * A few nodes as one value: their state machines, disks, and everything that may happen next. Steps give a new world and share what did
 * not change, so a walk can go back to any of them.
 *
 * Time goes in rounds of one keepalive. Within a round no clock moves: what is in flight arrives and what is written gets to disk, in any
 * order. The next round begins when nothing is left of that but what a fault holds back.
 */
export interface SmallWorld {
  readonly scope: Scope;
  readonly seats: readonly Seat[];
  /** Sorted by key; each key once. */
  readonly flights: readonly Flight[];
  readonly faultsLeft: number;
  /** Rounds that are over for everybody. */
  readonly round: number;
  /** Actions so far: only for the order in which heartbeats were sent. */
  readonly steps: number;
  readonly history: History;
  readonly broken: Broken | null;
}

/** What may go wrong: `late` holds a message back for as long as one likes, `lost` for ever; `slow` does so with a disk's writes. */
export const faultKinds = ["crash", "lost", "late", "twice", "slow"] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What is the same in all worlds of one walk. */
export interface Scope {
  readonly rules: GroupRules;
  readonly quorum: QuorumConfig;
  readonly nodes: readonly NodeId[];
  /** What a node that starts reads in its file, where it is not 1. */
  readonly votes: ReadonlyMap<NodeId, number>;
  readonly faults: ReadonlySet<FaultKind>;
  /** Regular heartbeats arrive in any order too, not by name at the beginning of a round. */
  readonly hasFreeBeats: boolean;
  /** Clocks go into the next round in any order, not by name. */
  readonly hasFreeClocks: boolean;
  /** A node that is off may be started at any moment, not only at the beginning of a round. */
  readonly hasFreeStarts: boolean;
  /** Heartbeats between two nodes that may be in flight at once; a newer one takes the place of the oldest. 0: each arrives with the action that sends it. */
  readonly beatsMax: number;
}

/** A machine with its disk. */
export interface Seat {
  readonly node: NodeId;
  /** null: off. */
  readonly state: GroupStep["state"] | null;
  readonly incarnation: Incarnation | null;
  readonly boot: number;
  readonly records: readonly DiskRecord[];
  readonly writes: readonly QueuedWrite[];
  /** A fault: its writes may take rounds. */
  readonly isSlow: boolean;
  /** Once off it may be started again. */
  readonly mayReturn: boolean;
  readonly body: HeartbeatBody | null;
  /** Rounds that are over for it: the world's, or one more. */
  readonly clock: number;
}

interface QueuedWrite {
  readonly write: number;
  readonly records: readonly DiskRecord[];
}

/** A message on its way. */
export interface Flight {
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly packet: Packet;
  /** A fault: need not arrive in this round. */
  readonly isHeld: boolean;
}

export const roundMs = 100;

/** What a seat's clock shows. */
export function clockOf(seat: Seat): number {
  return 1_000_000 + seat.clock * roundMs;
}

/** The name of a message in flight: what it says, from whom, to whom. */
export function flightKey(packet: Packet, to: NodeId, isHeld: boolean): string {
  const { from, incarnation, message } = packet;
  const life = Number.parseInt(incarnation.slice(0, 8), 16);
  return `${from}${life}>${to}${isHeld ? "*" : ""} ${message.kind} ${digest(timelessText(message)).toString(36)}`;
}

const seatDigests = new WeakMap<Seat, string>();
const recordTexts = new WeakMap<readonly DiskRecord[], string>();

/** The number of the world among all worlds: see `canonical.ts`. */
export function worldDigest(world: SmallWorld): number {
  let text = `${world.faultsLeft} ${historyText(world.history)}`;
  for (const seat of world.seats) text += ` ${seatDigest(world.scope, seat)}${seat.clock - world.round}`;
  for (const flight of world.flights) text += ` ${flight.key}${flight.isHeld && isOld(world, flight) ? "-" : ""}`;
  return digest(text);
}

function seatDigest(scope: Scope, seat: Seat): string {
  let known = seatDigests.get(seat);
  if (known === undefined) {
    const state = seat.state === null ? "off" : stateText(seat.state, clockOf(seat));
    const writes = seat.writes.map(({ records }) => records.map(timelessText).join()).join("|");
    const body = seat.body === null ? "" : timelessText(seat.body);
    const flags = `${seat.boot} ${seat.isSlow} ${seat.mayReturn}`;
    const disk = diskText(scope, seat.records);
    known = digest(`${state} ${disk} ${writes} ${body} ${flags}`).toString(36);
    seatDigests.set(seat, known);
  }
  return known;
}

function stateText(state: GroupStep["state"], now: number): string {
  const isFirst = state.phase.kind === "electing" && state.phase.since === state.setup.startedAt;
  return `${isFirst ? "first" : ""}${canonicalText(state, now)}`;
}

function diskText({ rules }: Scope, records: readonly DiskRecord[]): string {
  let text = recordTexts.get(records);
  if (text === undefined) {
    text = canonicalText(rules.replayDisk(records), 0);
    recordTexts.set(records, text);
  }
  return text;
}

/** A heartbeat that was overtaken: it counts for nothing. */
export function isOld(world: SmallWorld, { from, to, packet }: Flight): boolean {
  if (packet.message.kind !== "heartbeat") return false;
  const sender = world.seats[from]?.node;
  const peer = world.seats[to]?.state?.peers.find(({ node }) => node === sender);
  return peer !== undefined && peer.incarnation === packet.incarnation && packet.message.sentAt <= peer.sentAt;
}
