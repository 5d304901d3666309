import type { NodeId } from "../../model/ids.ts";
import type { LogPosition } from "../../model/message.ts";
import { compareViewIds, sameViewId, type ViewId } from "../../model/view.ts";
import { entryAt, type Log } from "./log.ts";

/** The least that a member's disk must hold: by what was committed while it was a member. */
export interface DiskFloor {
  readonly logView: ViewId;
  readonly length: number;
}

/**
 * What this log proves about the disk of `node`: the last view that it was a member of, and that has ordered something, was on its disk
 * up to the view's own entry, or it would not have begun. If no other view has followed, so was everything committed since.
 *
 * Beware: a view entry alone proves nothing. The view may never have begun, and its entry was committed by a later one with the rest of
 * the log; and a later view may have committed what was ordered in this one and never reached the node.
 *
 * @returns null when the log says nothing
 */
export function diskFloor(log: Log, committed: number, node: NodeId): DiskFloor | null {
  let isLast = true;
  for (let index = committed; index > log.trimmed; index -= 1) {
    const entry = entryAt(log, index);
    if (entry?.body.kind !== "view") continue;
    const next = entryAt(log, index + 1);
    const hasBegun = next !== undefined && sameViewId(next.view, entry.view);
    const isMember = entry.body.members.some((member) => member.node === node);
    if (hasBegun && isMember) return { logView: entry.view, length: isLast ? committed : index };
    isLast = false;
  }
  return floorBefore(log, committed, node, isLast);
}

/** What the checkpoint remembers: the entries that told it are gone. `isLast`: no view entry stands behind it. */
function floorBefore(log: Log, committed: number, node: NodeId, isLast: boolean): DiskFloor | null {
  const { checkpoint } = log;
  if (checkpoint === null) return null;
  const { lastView, floors } = checkpoint;
  const next = lastView === null ? undefined : entryAt(log, lastView.index + 1);
  if (
    lastView !== null &&
    next !== undefined &&
    sameViewId(next.view, lastView.view) &&
    lastView.members.includes(node)
  )
    return { logView: lastView.view, length: isLast ? committed : lastView.index };
  const floor = floors.find((mark) => mark.node === node);
  if (floor === undefined) return null;
  return { logView: floor.view, length: isLast && floor.index === lastView?.index ? committed : floor.index };
}

/**
 * [GRP-8] True when a disk holds less than it once did: it was put back from a backup. It has forgotten what it acknowledged, so its node
 * counts as blank, although it does not know that itself. (A disk older than the boot counter that peers remember says so by itself,
 * see GRP-6; a backup of the same life does not.)
 */
export function isBelow(position: LogPosition, floor: DiskFloor | null): boolean {
  if (floor === null || position.isBlank) return false;
  const order = compareViewIds(position.logView, floor.logView);
  return order < 0 || (order === 0 && position.length < floor.length);
}
