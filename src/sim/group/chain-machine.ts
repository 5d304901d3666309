import type { StateMachine } from "../../core/replication/state-machine.ts";
import type { Entry } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import { entryKey } from "./entry-key.ts";

/** Which nodes are removed, by the entries. */
export interface ChainRoster {
  readonly members: readonly NodeId[];
  /** Sorted. */
  readonly removed: readonly NodeId[];
}

/** A state that tells which entries it was made of, and in which order. */
export interface Chain extends ChainRoster {
  readonly index: number;
  readonly sum: number;
}

/** Before any entry. */
export const emptyChain: Chain = { index: 0, sum: 0, members: [], removed: [] };

/** The stand-in for the manager: two that have applied other entries, or the same ones otherwise, differ. */
export const chainMachine: StateMachine = {
  initial: emptyChain,
  apply: (state, entry) => linked(state as Chain, entry),
  accepts: (state, index) => typeof state === "object" && state !== null && "index" in state && state.index === index,
};

/** The chain with one more entry. */
export function linked(chain: Chain, entry: Entry): Chain {
  const text = `${entry.index} ${entryKey(entry)}`;
  let { sum } = chain;
  for (let place = 0; place < text.length; place += 1) sum = Math.imul(sum ^ text.charCodeAt(place), 0x01000193);
  return { index: chain.index + 1, sum: sum >>> 0, ...rosterAfter(chain, entry) };
}

/** With one more entry. As the manager's rules have it: no member is removed. */
export function rosterAfter({ members, removed }: ChainRoster, { body }: Entry): ChainRoster {
  if (body.kind === "view") return { members: body.members.map(({ node }) => node), removed };
  if (body.kind !== "intent") return { members, removed };
  const { intent } = body;
  if (intent.kind === "readmit-node") return { members, removed: removed.filter((node) => node !== intent.node) };
  if (intent.kind !== "remove-node" || members.includes(intent.node) || removed.includes(intent.node))
    return { members, removed };
  return { members, removed: [...removed, intent.node].toSorted() };
}
