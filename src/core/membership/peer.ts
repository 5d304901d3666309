import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { Hearing, HeartbeatBody } from "../../model/message.ts";
import { type InstantMs, instantMs, never } from "../../model/units.ts";

/** Before every reading of the clock: a node that was not heard. */
export const longAgo: InstantMs = instantMs(-Number.MAX_SAFE_INTEGER);

/** What a port probe said last. */
export type PortState = "open" | "closed" | "silent";

/**
 * What this node knows of another configured node: its newest life, and what was heard of that life.
 *
 * Invariant: everything but `node`, `rank`, `gone` and `slowUntil` is about `incarnation`; a newer life starts afresh.
 */
export interface Peer {
  readonly node: NodeId;
  /** Position of the name among all configured nodes, sorted. */
  readonly rank: number;
  /** The newest life known, from its packets or from a view entry of the log; null when none. */
  readonly incarnation: Incarnation | null;
  /** Last proof of life. */
  readonly heardAt: InstantMs;
  /** Its last heartbeat. */
  readonly beat: HeartbeatBody | null;
  /** Its own send time of that heartbeat; 0 when none. This is what we echo. */
  readonly sentAt: InstantMs;
  /** Its last heartbeat says that it hears this very life of ours. */
  readonly hearsMe: boolean;
  /** Since when its heartbeats do not say so; `never` while they do. */
  readonly deafSince: InstantMs;
  /** Since when its heartbeats show it proposing a view, or sworn to one; `never` while they do not. */
  readonly changingSince: InstantMs;
  /** Since when it is heard both ways without a gap; `never` while it is not. */
  readonly twoWaySince: InstantMs;
  /** Our newest send time that it echoed while active in our present view; 0 when none. */
  readonly echo: InstantMs;
  /** Left out of proposals that can do without it, until then. */
  readonly slowUntil: InstantMs;
  /** A life that has left or said goodbye: never heard again. */
  readonly gone: Incarnation | null;
  /** What its port said since it was last heard; null when it was not asked. */
  readonly port: PortState | null;
  /** When it was last probed in this silence; `never` when it was not. */
  readonly probedAt: InstantMs;
}

/** A peer of which nothing is known. */
export function newPeer(node: NodeId, rank: number): Peer {
  return {
    node,
    rank,
    incarnation: null,
    heardAt: longAgo,
    beat: null,
    sentAt: instantMs(0),
    hearsMe: false,
    deafSince: never,
    changingSince: never,
    twoWaySince: never,
    echo: instantMs(0),
    slowUntil: longAgo,
    gone: null,
    port: null,
    probedAt: never,
  };
}

/** The peer in a life that was not known before: nothing heard of the old one counts. */
export function inNewLife(peer: Peer, incarnation: Incarnation): Peer {
  return { ...newPeer(peer.node, peer.rank), incarnation, gone: peer.gone, slowUntil: peer.slowUntil };
}

/** What `beat` says of `node`; undefined when it does not know it. */
export function hearingOf(beat: HeartbeatBody, node: NodeId): Hearing | undefined {
  for (const hearing of beat.hears) if (hearing.node === node) return hearing;
  return undefined;
}

/** Less than a deadtime ago. */
export function isHeardAt(heardAt: InstantMs, now: number, deadtimeMs: number): boolean {
  return heardAt + deadtimeMs > now;
}

/** [GRP-3] Heard within deadtime, and not known to have left. */
export function isHeard(peer: Peer, now: InstantMs, deadtimeMs: number): boolean {
  return isHeardAt(peer.heardAt, now, deadtimeMs) && peer.incarnation !== peer.gone;
}

/** [GRP-3] Heard, and it hears this life of ours: the only kind of neighbour that views are made of. */
export function isTwoWay(peer: Peer, now: InstantMs, deadtimeMs: number): boolean {
  return peer.hearsMe && isHeard(peer, now, deadtimeMs);
}
