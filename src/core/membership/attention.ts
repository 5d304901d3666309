import { type InstantMs, instantMs, never } from "../../model/units.ts";
import { isTwoWay, type Peer } from "./peer.ts";

/**
 * [GRP-4] After a pause of our own loop longer than half the deadtime, everyone who was alive before it gets a fresh deadtime.
 *
 * A node that was stopped has heard nothing because it did not listen. Without this rule it would declare everyone dead in the
 * first step after the pause, before it has looked at the packets that waited. Leases are not touched: see quorum/lease.ts.
 *
 * @param before when the loop last ran
 */
export function forgivePause(
  peers: readonly Peer[],
  before: InstantMs,
  now: InstantMs,
  deadtimeMs: number,
): readonly Peer[] {
  if (now - before <= deadtimeMs / 2) return peers;
  return peers.map((peer) => {
    if (peer.heardAt + deadtimeMs <= before) return peer;
    return { ...peer, heardAt: now, deafSince: peer.deafSince === never ? never : now };
  });
}

/** Keeps `twoWaySince` true to its meaning as time passes. Unchanged peers are the same objects. */
export function noteTwoWay(peers: readonly Peer[], now: InstantMs, deadtimeMs: number): readonly Peer[] {
  let changed: Peer[] | null = null;
  for (const [position, peer] of peers.entries()) {
    const twoWay = isTwoWay(peer, now, deadtimeMs);
    if (twoWay === (peer.twoWaySince !== never)) continue;
    changed ??= [...peers];
    changed[position] = { ...peer, twoWaySince: twoWay ? instantMs(now) : never };
  }
  return changed ?? peers;
}
