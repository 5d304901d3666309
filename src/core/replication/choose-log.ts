import type { NodeId } from "../../model/ids.ts";
import type { LogPosition } from "../../model/message.ts";
import { compareViewIds } from "../../model/view.ts";

/** A member's answer to a proposal. */
export interface Answer {
  readonly node: NodeId;
  readonly position: LogPosition;
}

/**
 * The answer whose log the new view takes: the greatest (last installed view, length) among those that have a disk.
 *
 * [GRP-50] Never by the highest promise (that moves on every attempt, by anybody) and never by length alone (a minority's old tail may
 * be longer). A blank node's log is never chosen.
 *
 * @param answers in any order; the first of equals is taken, so put the own one first to save a fetch
 * @returns undefined when all are blank
 */
export function chooseLog<A extends Answer>(answers: readonly A[]): A | undefined {
  let best: A | undefined;
  for (const answer of answers) {
    if (answer.position.isBlank) continue;
    if (best === undefined || isNewerLog(answer.position, best.position)) best = answer;
  }
  return best;
}

/** True when log `a` is to be preferred to log `b`. */
export function isNewerLog(a: LogPosition, b: LogPosition): boolean {
  const order = compareViewIds(a.logView, b.logView);
  return order > 0 || (order === 0 && a.length > b.length);
}

/** The members that vote: a blank one has forgotten what it acknowledged, so its vote counts in no quorum. */
export function votingMembers(answers: readonly Answer[]): readonly NodeId[] {
  return answers.filter(({ position }) => !position.isBlank).map(({ node }) => node);
}

/**
 * The first index that must be sent to a member so that its log becomes the chosen one.
 *
 * In one view there is one order, so two logs last installed in the same view are one the beginning of the other: then only what is
 * missing is sent. Otherwise everything after its commit index is replaced.
 */
export function firstMissing(member: LogPosition, chosen: LogPosition): number {
  const isSameView = !member.isBlank && compareViewIds(member.logView, chosen.logView) === 0;
  return (isSameView ? member.length : member.committed) + 1;
}
