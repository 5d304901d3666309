import type { HeartbeatConfig, QuorumConfig } from "../../model/cluster-config.ts";
import type { DiskState } from "../../model/disk.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import { after, type InstantMs, instantMs, never } from "../../model/units.ts";
import { knowLife } from "../membership/hear-beat.ts";
import { newPeer, type Peer } from "../membership/peer.ts";
import { groupTimers } from "../membership/timers.ts";
import { noRace } from "../quorum/fencing-race.ts";
import type { GroupState } from "./group-state.ts";
import { appendEntries, emptyLog, type Log } from "./log.ts";

/** What a life of the group begins with. */
export interface GroupBoot {
  readonly self: NodeId;
  /** Made of the boot record that the daemon has written before. */
  readonly incarnation: Incarnation;
  /** All configured nodes, this one included, in any order. */
  readonly nodes: readonly NodeId[];
  readonly heartbeat: HeartbeatConfig;
  readonly quorum: QuorumConfig;
  readonly disk: DiskState;
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
  const log = appendEntries(emptyLog(disk.founding), disk.log);
  const durable = { promised: disk.promised, logView: disk.logView, length: log.length };
  return {
    setup: { self, rank: nodes.indexOf(self), incarnation, nodes, quorum, timers, startedAt: now },
    seed: boot.seed,
    steppedAt: now,
    wantedAt: never,
    loopLateMs: 0,
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
    disk: { durable, writes: [], next: 1, committed: disk.committed },
    isInstalledHere: false,
    leaseUntil: instantMs(0),
    pending: [],
    submitted: 0,
    submitTimer: { at: now, resends: 0 },
    lastDelivered: new Map(),
    race: noRace,
    leave: null,
    refusedCounter: 0,
    backoffMs: timers.backoffMin,
    held: null,
    bootAbove: null,
  };
}

function rememberedPeers(nodes: readonly NodeId[], self: NodeId, log: Log): readonly Peer[] {
  const peers = new Map<NodeId, Peer>();
  for (const [rank, node] of nodes.entries()) if (node !== self) peers.set(node, newPeer(node, rank));
  for (const { body } of log.entries) {
    if (body.kind !== "view") continue;
    for (const { node, incarnation } of body.members) {
      const peer = peers.get(node);
      if (peer !== undefined) peers.set(node, knowLife(peer, incarnation));
    }
  }
  return [...peers.values()];
}
