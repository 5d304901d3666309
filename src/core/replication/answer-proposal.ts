import type { NodeId } from "../../model/ids.ts";
import { compareViewIds, sameViewId, type ViewId } from "../../model/view.ts";

/** A proposal as it came in. */
export interface Proposal {
  readonly view: ViewId;
  readonly members: readonly NodeId[];
  readonly from: NodeId;
}

/** What the answer depends on. */
export interface Answerer {
  readonly self: NodeId;
  /** The highest id answered, by anybody's proposal. */
  readonly promised: ViewId;
  /** The promised view was installed already. */
  readonly isInstalled: boolean;
  /** A node whose fence this node has asked for. */
  readonly fenceOut: NodeId | null;
  /** The view this node is active in, while it hears its coordinator (or is it); null otherwise. */
  readonly liveView: { readonly coordinator: NodeId; readonly members: readonly NodeId[] } | null;
}

/**
 * - `promise`: never seen before, and high enough
 * - `repeat`: a duplicate of the one that was promised
 * - `refuse`: too low; the proposer is told how far to jump
 * - `hold`: the present view is alive; look again when it is not
 * - `ignore`: not for this node, or it must not be answered
 */
export type ProposalAnswer = "promise" | "repeat" | "refuse" | "hold" | "ignore";

/**
 * How a node answers a proposal.
 *
 * [GRP-10] A promise only grows. Equal counter and proposer in another life is not the same id: refused.
 * [GRP-11] A living view is left only for its own coordinator, or for a larger set of nodes: else any node that has lost one neighbour
 * would stop everybody's work.
 * [GRP-36] Nothing is promised to a set with a node that is about to be shot.
 */
export function answerProposal(proposal: Proposal, answerer: Answerer): ProposalAnswer {
  if (!proposal.members.includes(answerer.self)) return "ignore";
  if (sameViewId(proposal.view, answerer.promised)) return answerer.isInstalled ? "ignore" : "repeat";
  if (compareViewIds(proposal.view, answerer.promised) <= 0) return "refuse";
  if (answerer.fenceOut !== null && proposal.members.includes(answerer.fenceOut)) return "ignore";
  if (answerer.liveView !== null && !mayLeave(answerer.liveView, proposal)) return "hold";
  return "promise";
}

function mayLeave(
  view: { readonly coordinator: NodeId; readonly members: readonly NodeId[] },
  proposal: Proposal,
): boolean {
  if (proposal.from === view.coordinator) return true;
  return proposal.members.length > view.members.length && view.members.every((node) => proposal.members.includes(node));
}
