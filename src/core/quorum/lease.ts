import type { NodeId } from "../../model/ids.ts";
import type { Electorate } from "../../model/message.ts";
import { type InstantMs, instantMs } from "../../model/units.ts";

/**
 * Ordering is safe without clocks; running a service is not: a node that was paused orders nothing when it wakes, but its services
 * go on. So a node may act only for `lease` after a moment at which a quorum was surely still with it. That moment is one of its own
 * send times, come back in the heartbeats of members active in the same view; they stop echoing into the old view before they help
 * to install a new one.
 *
 * Not the arrival time of their heartbeats: a node that wakes reads old packets from its socket and would believe it is quorate.
 */

/**
 * [GRP-40] When the lease ends that the present echoes give: `leaseMs` after the newest of them that a quorum's votes are not older
 * than, counted in every electorate that must agree. Each vote has its voter's echo.
 *
 * @param echoOf own newest send time that the voter has echoed while active in the present view; 0 when none; `now` for itself
 * @returns 0 when no quorum has echoed anything
 */
export function leaseEnd(
  electorates: readonly Electorate[],
  echoOf: (voter: NodeId) => InstantMs,
  leaseMs: number,
): InstantMs {
  if (electorates.length === 0) return instantMs(0);
  let basis = Number.MAX_SAFE_INTEGER;
  for (const { voters } of electorates) {
    const echoes = voters.map(echoOf).sort((a, b) => b - a);
    basis = Math.min(basis, echoes[Math.floor(voters.length / 2)] ?? 0);
  }
  return instantMs(basis <= 0 ? 0 : basis + leaseMs);
}
