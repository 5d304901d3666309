import { type Extent, walkOrders } from "../../src/sim/group/arbiter-disk-orders.ts";
import type { Story } from "../../src/sim/group/stories.ts";
import type { DirectedMistake } from "./directed-mistakes.ts";
import { patch } from "./plant-mistake.ts";

const rules = "quorum/arbiter-disk.ts";
const table = "quorum/slot-table.ts";

const together: Extent = { crashes: 0, attempts: 1, listens: true };
const withCrash: Extent = { crashes: 1, attempts: 1, listens: false };
const withTwo: Extent = { crashes: 2, attempts: 2, listens: false, isInTurn: true };

/** Two nodes want the vote of one disk, in every order. */
function inEveryOrder(extent: Extent): Story {
  return (planted) => {
    const { broken } = walkOrders(planted, extent);
    return broken === null ? [] : [broken];
  };
}

/** Mistakes in how nodes share an arbiter disk. */
export const diskMistakes: readonly DirectedMistake[] = [
  {
    name: "the disk is not looked at again after the claim",
    story: inEveryOrder(together),
    patches: [
      patch(rules, "grantOf(turn, ask, table, judgeAsk(table, ask) !== null)", "grantOf(turn, ask, table, true)"),
    ],
  },
  {
    name: "the installation is not written to the disk",
    story: inEveryOrder(together),
    patches: [patch(rules, ": { logView: ask.view };", ": {};")],
  },
  {
    name: "only the own slot is asked for promises",
    story: inEveryOrder(together),
    patches: [
      patch(
        table,
        "promised: votes.map(({ promised }) => promised).reduce(higher, noView)",
        "promised: ownVote.promised",
      ),
    ],
  },
  {
    name: "only the own slot is asked for installations",
    story: inEveryOrder(together),
    patches: [
      patch(table, "logView: votes.map(({ logView }) => logView).reduce(higher, noView)", "logView: ownVote.logView"),
    ],
  },
  {
    name: "of two copies the older one counts",
    story: inEveryOrder(withCrash),
    patches: [patch(table, "|| isNewerVote(vote, found)", "|| isNewerVote(found, vote)")],
  },
  {
    name: "an earlier life's copy counts beside a later life's sign of life",
    story: inEveryOrder(withTwo),
    patches: [patch(table, "return whole === 1 && isOutlived ? null : found;", "return found;")],
  },
  {
    name: "a life claims before it has made the slot its own",
    story: inEveryOrder(withTwo),
    patches: [patch(rules, 'ask.step !== "hear" && found.seen.hasBeaten)', 'ask.step !== "hear")')],
  },
];
