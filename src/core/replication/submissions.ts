import type { Checkpoint } from "../../model/checkpoint.ts";
import type { SubmitId } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";

/** The last submission of each node that is in the log: replicated state, as everyone computes it from the same entries. */
export type LastSubmissions = ReadonlyMap<NodeId, { readonly incarnation: Incarnation; readonly sequence: number }>;

/**
 * [GRP-61] Whether a submission is the next one of its origin: only then may it be ordered.
 *
 * `old`: it is in the log already, or its life is over. `early`: one before it is missing (datagrams overtake each other); the origin
 * sends both again. So each is ordered at most once, in the order of its origin.
 */
export function placeOf(id: SubmitId, last: LastSubmissions): "next" | "old" | "early" {
  const known = last.get(id.origin);
  if (known !== undefined && id.incarnation < known.incarnation) return "old";
  const sequence = known !== undefined && known.incarnation === id.incarnation ? known.sequence : 0;
  if (id.sequence <= sequence) return "old";
  return id.sequence === sequence + 1 ? "next" : "early";
}

/** With one more in the log. View entries (sequence 0) were submitted by nobody. */
export function withSubmission(last: LastSubmissions, id: SubmitId): LastSubmissions {
  if (id.sequence === 0) return last;
  const next = new Map(last);
  next.set(id.origin, { incarnation: id.incarnation, sequence: id.sequence });
  return next;
}

/** As of a checkpoint. */
export function submissionsOf({ submissions }: Checkpoint): LastSubmissions {
  return new Map(submissions.map(({ origin, incarnation, sequence }) => [origin, { incarnation, sequence }]));
}
