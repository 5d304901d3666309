import type { Checkpoint } from "../model/checkpoint.ts";
import type { NodeId } from "../model/ids.ts";
import { abandonRequests } from "./manager-requests.ts";
import { patch, type Work } from "./manager-work.ts";
import { isClusterState } from "./services/cluster-machine.ts";
import type { ClusterState } from "./services/cluster-state.ts";

/**
 * Takes the state of a checkpoint over: at a start from the own disk, later because this node was away for so long that the others do
 * not have the entries any more. What this node submitted and is in it has been decided; how, nobody can tell any more.
 *
 * @throws RangeError when it is no state: on disk, damage that the group's own part did not show
 */
export function restore(work: Work, checkpoint: Checkpoint, isReplay: boolean): void {
  const { index, at, state } = checkpoint;
  if (!isClusterState(state, index)) throw new RangeError(`Cannot restore the state of entry ${index}: it is none`);
  const before = work.state.cluster;
  patch(work, { cluster: state });
  const text = isReplay
    ? `what happened up to entry ${index} is known in sum only: the entries were trimmed`
    : `took up the state of the group as of entry ${index}, in the place of the entries missed`;
  work.effects.push({ kind: "event", event: { at, entry: index, node: work.state.self, level: "info", text } });
  if (isReplay) return;
  settleSubmissions(work, checkpoint);
  noteLosses(work, before, state);
}

function settleSubmissions(work: Work, { submissions }: Checkpoint): void {
  const { self, incarnation, pending, reporting } = work.state;
  const own = submissions.find(({ origin }) => origin === self);
  const ordered = own?.incarnation === incarnation ? own.sequence : 0;
  const open = Object.entries(pending).filter(([, sequence]) => sequence > ordered);
  const isReported = pending["observed"] !== undefined && pending["observed"] <= ordered;
  patch(work, { pending: Object.fromEntries(open), reporting: isReported ? [] : reporting });
  abandonRequests(work);
}

/** Patience with absent nodes counts from when this node learns that they are. */
function noteLosses(work: Work, before: ClusterState, after: ClusterState): void {
  const lostSince: Record<NodeId, (typeof work.state.lostSince)[NodeId]> = { ...work.state.lostSince };
  for (const { node, isMember } of Object.values(after.nodes)) {
    if (isMember) delete lostSince[node];
    else if (before.nodes[node]?.isMember === true) lostSince[node] ??= work.moment.now;
  }
  // [FEN-11] Who came and went in the entries that were missed had a lease meanwhile: an absence begins anew.
  const absent = Object.values(after.nodes).filter(({ isMember }) => !isMember);
  const outsideSince = Object.fromEntries(absent.map(({ node }) => [node, work.moment.now]));
  patch(work, { lostSince, outsideSince });
}
