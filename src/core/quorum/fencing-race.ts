import type { QuorumConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Electorate } from "../../model/message.ts";
import type { InstantMs } from "../../model/units.ts";
import { instantMs } from "../../model/units.ts";
import type { Member, ViewId } from "../../model/view.ts";
import { evenFellow, type Grant } from "./votes.ts";

/**
 * Two nodes and no majority: whoever fences the other goes on.
 *
 * Safe because the winner's peer is off, and because the loser's disk still says that both have a vote, so after its reboot it can do
 * nothing alone. The winner's first entry takes the loser's vote away; from its commit the winner restarts alone. A node that rebooted
 * does not take part in the race (its log may be old, and two nodes would shoot each other in turns): it waits for its peer.
 */
export interface RaceState {
  /** Attempts grow by one with each request; a verdict on another is ignored. */
  readonly attempt: number;
  /**
   * A request whose verdict is not there. It cannot be recalled: until then the peer is not proposed with, promised to or taken in,
   * or it would be shot as a member.
   */
  readonly out: { readonly target: NodeId; readonly logView: ViewId } | null;
  readonly grant: Grant | null;
  /** A write that was asked for since the peer was last heard, and when that was. */
  readonly proof: { readonly heardAt: InstantMs; readonly write: number } | null;
  /** No new request before. */
  readonly notBefore: InstantMs;
}

/** No race yet. */
export const noRace: RaceState = { attempt: 0, out: null, grant: null, proof: null, notBefore: instantMs(0) };

/** What decides whether this node may race. */
export interface Standing {
  readonly self: NodeId;
  readonly quorum: QuorumConfig;
  /** The last view was installed in this life: the log is not an old one. */
  readonly isInstalledHere: boolean;
  /** Members of the last installed view. */
  readonly members: readonly Member[];
  /** Of the log, oldest first; none on a blank node. */
  readonly electorates: readonly Electorate[];
  readonly committed: number;
  /** This node knows that it was removed. */
  readonly isRemoved: boolean;
}

/** [GRP-34] The peer that this node may fence for quorum, or null. Who was removed fences nobody who stays. */
export function rivalOf(standing: Standing): NodeId | null {
  return standing.quorum.kind === "fencing" && !standing.isRemoved ? soleFellowVoter(standing) : null;
}

/**
 * The other one of two voters with as many votes, when everything that was ever decided is on this node's disk: the last view had both as members and was
 * installed in this life, so nothing can have been decided without this node since.
 *
 * The electorate must be of both. While it is in flight, the one before counts as well and must need this node alone, which gives its peer the vote (back): by
 * neither of the two can the peer decide anything. Any other change in flight may be on the peer's disk only, as an electorate in which it needs nobody. With
 * unequal votes one of the two never needs the other.
 *
 * [GRP-42] When that voter comes back blank, its vote is granted without any arbiter: it cannot decide anything by itself, and this node
 * misses nothing. Otherwise a lost disk would stop two nodes for good.
 */
export function soleFellowVoter(standing: Standing): NodeId | null {
  const { electorates, committed, self, members } = standing;
  const last = electorates.at(-1);
  if (last === undefined || !standing.isInstalledHere) return null;
  const neededNobody = electorates.at(-2)?.voters.every((voter) => voter === self) === true;
  if (last.index > committed && !neededNobody) return null;
  const peer = evenFellow(last.voters, self);
  return peer !== null && members.some(({ node }) => node === peer) ? peer : null;
}

/** When the peer fell silent, and what its kernel says. */
export interface Silence {
  /** Its last proof of life. */
  readonly heardAt: InstantMs;
  /** Its port answered "closed" since: the kernel lives, the daemon does not, and may come back. */
  readonly isClosed: boolean;
  /** Hosts of the reachlist that this node does not reach since. */
  readonly missingHosts: number;
}

/** The spans of the race. */
export interface RaceTimes {
  readonly deadtime: number;
  readonly daemonGrace: number;
}

/**
 * [GRP-35] When the fence may be asked for: at the peer's death, later for the node not preferred, later for a mere daemon crash.
 *
 * [GRP-46] And two delays later for each host of the reachlist that this node does not reach. So of two nodes that reach differently many the
 * one with fewer waits at least one delay longer than the other, whoever is preferred.
 */
export function fenceDueAt(self: NodeId, quorum: QuorumConfig, silence: Silence, times: RaceTimes): InstantMs {
  const delays = 2 * silence.missingHosts + (quorum.kind === "fencing" && quorum.prefer === self ? 0 : 1);
  const delay = quorum.kind === "fencing" ? delays * quorum.delayMs : 0;
  const patience = silence.isClosed ? Math.max(times.daemonGrace, times.deadtime) : times.deadtime;
  return instantMs(silence.heardAt + patience + delay);
}
