import type { Entry } from "../../model/entry.ts";

/**
 * Who applies the entries, as far as the group must know it to put a checkpoint in their place. Pure, and the same on every member.
 *
 * The group folds the entries that it trims itself, long after they were delivered, instead of asking the manager for its state at some
 * index: so a checkpoint is a function of entries alone, and there is no moment at which two parts of it are of different ages.
 */
export interface StateMachine {
  /** Before any entry. */
  readonly initial: unknown;
  apply(state: unknown, entry: Entry): unknown;
  /** True for a value from outside that is a state, as of entry `index`. */
  accepts(state: unknown, index: number): boolean;
}
