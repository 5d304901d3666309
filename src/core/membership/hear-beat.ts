import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { HeartbeatBody } from "../../model/message.ts";
import { type InstantMs, instantMs, never } from "../../model/units.ts";
import { hearingOf, inNewLife, type Peer } from "./peer.ts";

/** A heartbeat as it came in. */
export interface HeardBeat {
  readonly incarnation: Incarnation;
  /** Sender's clock. */
  readonly sentAt: InstantMs;
  /** Our clock, at most now. */
  readonly arrivedAt: InstantMs;
  readonly body: HeartbeatBody;
}

/** Who listens. */
export interface Listener {
  readonly node: NodeId;
  readonly incarnation: Incarnation;
}

/** [GRP-1] A packet of a life that is over, or of one that has left, is worth nothing. */
export function isOutdated(peer: Peer, incarnation: Incarnation): boolean {
  return (peer.incarnation !== null && incarnation < peer.incarnation) || incarnation === peer.gone;
}

/** The peer known to live at least this life: unchanged unless it is newer than the one known. */
export function knowLife(peer: Peer, incarnation: Incarnation): Peer {
  return peer.incarnation !== null && incarnation <= peer.incarnation ? peer : inNewLife(peer, incarnation);
}

/**
 * Takes a heartbeat in.
 *
 * [GRP-1] Dropped (the same peer comes back) when it is of an older life, or not sent after the last one of this life: the network
 * may hold packets back for seconds, and links deliver each heartbeat once per link.
 * [GRP-4] It proves life at its arrival, not at its handling: a loop that was away finds old packets in its queue.
 */
export function hearBeat(peer: Peer, heard: HeardBeat, listener: Listener): Peer {
  if (isOutdated(peer, heard.incarnation)) return peer;
  const known = knowLife(peer, heard.incarnation);
  if (known.beat !== null && heard.sentAt <= known.sentAt) return peer;
  const hearing = hearingOf(heard.body, listener.node);
  const hearsMe = hearing !== undefined && hearing.isHeard && hearing.incarnation === listener.incarnation;
  const isChanging = heard.body.status === "proposing" || heard.body.status === "promised";
  return {
    ...known,
    heardAt: instantMs(Math.max(known.heardAt, heard.arrivedAt)),
    beat: heard.body,
    sentAt: heard.sentAt,
    hearsMe,
    changingSince: !isChanging ? never : known.changingSince === never ? heard.arrivedAt : known.changingSince,
    deafSince: hearsMe ? never : known.deafSince === never ? heard.arrivedAt : known.deafSince,
    port: null,
    probedAt: never,
  };
}
