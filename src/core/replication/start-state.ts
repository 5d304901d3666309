import type { HeartbeatConfig, QuorumConfig } from "../../model/cluster-config.ts";
import type { DiskState } from "../../model/disk.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import { after, type InstantMs, instantMs, never } from "../../model/units.ts";
import { knowLife } from "../membership/hear-beat.ts";
import { newPeer, type Peer } from "../membership/peer.ts";
import { groupTimers } from "../membership/timers.ts";
import { noRace } from "../quorum/fencing-race.ts";
import { noReach } from "../quorum/reach.ts";
import { unknownWitness } from "../quorum/known-witness.ts";
import type { GroupState } from "./group-state.ts";
import { entriesBetween, lastStamp, type Log } from "./log.ts";
import { type LogLimits, logLimits } from "./log-limits.ts";
import { logOf } from "./replay-disk.ts";
import type { StateMachine } from "./state-machine.ts";

/** What a life of the group begins with. */
export interface GroupBoot {
  readonly self: NodeId;
  /** Made of the boot record that the daemon has written before. */
  readonly incarnation: Incarnation;
  /** All configured nodes, this one included, in any order. */
  readonly nodes: readonly NodeId[];
  /** How many votes a node is to have, where it is not 1. */
  readonly votes?: ReadonlyMap<NodeId, number>;
  readonly heartbeat: HeartbeatConfig;
  readonly quorum: QuorumConfig;
  readonly disk: DiskState;
  readonly machine: StateMachine;
  /** Default: `logLimits`. Small ones trim all the time, for the simulator. */
  readonly limits?: LogLimits;
  /** Of the random waits. */
  readonly seed: number;
}

/**
 * Electing, with what the disk holds. [GRP-7] Nothing behind the commit index is believed until a view installs it, and lives that
 * the log names are remembered, so that packets of older ones are known to be old.
 */
export function startState(boot: GroupBoot, now: InstantMs): GroupState {
  const { disk, self, incarnation, quorum } = boot;
  const timers = groupTimers(boot.heartbeat);
  const nodes = [...boot.nodes].sort();
  const log = logOf(disk);
  const { machine, limits = logLimits, votes = new Map<NodeId, number>() } = boot;
  const durable = { promised: disk.promised, logView: disk.logView, length: log.length };
  return {
    setup: {
      self,
      rank: nodes.indexOf(self),
      incarnation,
      listed: nodes,
      strangers: [],
      nodes,
      votes,
      removed: [],
      isRemoved: false,
      quorum,
      timers,
      startedAt: now,
      machine,
      limits,
    },
    seed: boot.seed,
    steppedAt: now,
    wantedAt: never,
    loopLateMs: 0,
    stamped: { stamp: lastStamp(log), since: now },
    peers: rememberedPeers(nodes, self, log),
    phase: { kind: "electing", since: now, notBefore: after(now, timers.deadtime), calmSince: now, lostView: null },
    promised: disk.promised,
    logView: disk.logView,
    viewMembers: disk.members,
    base: disk.base,
    log,
    committed: disk.committed,
    delivered: 0,
    isBlank: disk.isBlank,
    disk: {
      durable,
      writes: [],
      next: 1,
      committed: disk.committed,
      grownBytes: disk.grownBytes,
      rewriteAtBytes: limits.rewriteBytes,
      untrimmedBytes: 0,
    },
    isInstalledHere: false,
    hasSeenAll: false,
    leaseUntil: instantMs(0),
    pending: [],
    submitted: 0,
    submitTimer: { at: now, resends: 0 },
    lastDelivered: new Map(),
    race: noRace,
    reach: noReach,
    witness: unknownWitness(now),
    leave: null,
    refusedCounter: 0,
    backoffMs: timers.backoffMin,
    held: null,
    bootAbove: null,
    refused: null,
    removedBy: null,
    intruders: new Map(),
    refusal: null,
  };
}

/** The others of the sorted `nodes`, in the lives that the log names. */
export function rememberedPeers(nodes: readonly NodeId[], self: NodeId, log: Log): readonly Peer[] {
  const peers = new Map<NodeId, Peer>();
  for (const [rank, node] of nodes.entries()) if (node !== self) peers.set(node, newPeer(node, rank));
  for (const { node, incarnation } of log.checkpoint?.lives ?? []) {
    const peer = peers.get(node);
    if (peer !== undefined) peers.set(node, knowLife(peer, incarnation));
  }
  for (const { body } of entriesBetween(log, 1, log.length)) {
    if (body.kind !== "view") continue;
    for (const { node, incarnation } of body.members) {
      const peer = peers.get(node);
      if (peer !== undefined) peers.set(node, knowLife(peer, incarnation));
    }
  }
  return [...peers.values()];
}
