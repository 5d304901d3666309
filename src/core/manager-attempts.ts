import type { NodeId } from "../model/ids.ts";
import type { FenceRecord } from "./fencing/fence-record.ts";
import type { Work } from "./manager-work.ts";

const prefix = "fence:";

/** What an attempt that is to begin is submitted by. */
export function fenceKey(target: NodeId, attempt: number): string {
  return `${prefix}${target}:${attempt}`;
}

/**
 * [FEN-26] This life has an attempt of its own: its device acts, also when nobody is here any more who awaits it. One that is alone has one only while a device
 * is at work: the others have given up what is still to begin.
 */
export function isFencing({ state, facts }: Work): boolean {
  const { cluster, self, incarnation, fencer, outbox, pending } = state;
  if (fencer.jobs.some(({ phase, waitsUntil }) => phase === "off" && waitsUntil === null)) return true;
  if (facts.view === null && !facts.isLeased) return false;
  const isBeginning = [...outbox.map(({ key }) => key), ...Object.keys(pending)].some((key) => key.startsWith(prefix));
  const isOurs = ({ inFlight }: FenceRecord): boolean =>
    inFlight?.by === self && inFlight.byIncarnation === incarnation;
  return isBeginning || Object.values(cluster.fences).some(isOurs);
}
