import type { StateMachine } from "../../core/replication/state-machine.ts";
import type { Entry } from "../../model/entry.ts";
import { entryKey } from "./entry-key.ts";

/** A state that tells which entries it was made of, and in which order. */
export interface Chain {
  readonly index: number;
  readonly sum: number;
}

/** The stand-in for the manager: two that have applied other entries, or the same ones otherwise, differ. */
export const chainMachine: StateMachine = {
  initial: { index: 0, sum: 0 } satisfies Chain,
  apply: (state, entry) => linked(state as Chain, entry),
  accepts: (state, index) => typeof state === "object" && state !== null && "index" in state && state.index === index,
};

/** The chain with one more entry. */
export function linked(chain: Chain, entry: Entry): Chain {
  const text = `${entry.index} ${entryKey(entry)}`;
  let { sum } = chain;
  for (let place = 0; place < text.length; place += 1) sum = Math.imul(sum ^ text.charCodeAt(place), 0x01000193);
  return { index: chain.index + 1, sum: sum >>> 0 };
}
