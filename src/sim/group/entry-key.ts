import type { Entry } from "../../model/entry.ts";

/** A delivered entry as the checkers compare it. */
export function entryKey(entry: Entry): string {
  const { id, view, body } = entry;
  return `${view.counter}/${view.proposer}/${view.incarnation} ${id.origin}/${id.incarnation}/${id.sequence} ${JSON.stringify(body)}`;
}
