import type { RunKind } from "../../src/sim/group/group-run.ts";
import { patch, type Patch } from "./plant-mistake.ts";

/** A mistake that seeds find. */
export interface Mistake {
  readonly name: string;
  readonly kind: RunKind;
  readonly patches: readonly Patch[];
  /** So many seeds, from 0, are enough by far: about six times as many as it takes on average. */
  readonly within: number;
}

const three: RunKind = { name: "3", nodes: 3, arbiter: "majority" };
const threeHot: RunKind = { ...three, name: "3 hot", hot: true };
const five: RunKind = { name: "5", nodes: 5, arbiter: "majority" };
const threeTiny: RunKind = { ...three, name: "3 tiny", tiny: true };
const threeHotTiny: RunKind = { ...threeHot, name: "3 hot tiny", tiny: true };
const fencing: RunKind = { name: "2 fencing", nodes: 2, arbiter: "fencing" };
const fencingChurn: RunKind = { ...fencing, name: "2 fencing churn", churn: true };

const witnessed: RunKind = { name: "2 witness", nodes: 2, arbiter: "witness" };

const threeWeighted: RunKind = { ...three, name: "3 weighted", votes: "aabc" };
const threeChanging: RunKind = { ...three, name: "3 changing", votes: "any", churn: true };

const witness = "quorum/witness.ts";
const choose = "replication/choose-log.ts";
const electing = "replication/judge-electing.ts";
const votes = "quorum/votes.ts";
const follow = "replication/follow.ts";
const install = "replication/install.ts";
const packets = "replication/packets.ts";
const promise = "replication/promise.ts";
const order = "replication/order.ts";
const trim = "replication/trim.ts";
const fold = "replication/fold-entries.ts";

const bothElectorates = "last.index > committed && before !== undefined ? [before, last] : [last]";

/** Those that seeds find. Those that only stories find are in directed-mistakes.ts, disk-mistakes.ts and roster-mistakes.ts. */
export const mistakes: readonly Mistake[] = [
  {
    name: "the log is chosen by the highest promise",
    kind: three,
    patches: [
      patch(
        promise,
        "state.promised = proposal.view;",
        "state.logView = state.promised; state.promised = proposal.view;",
      ),
    ],
    within: 80,
  },
  {
    name: "delivered at a majority of acknowledgements",
    kind: three,
    patches: [
      patch(
        "replication/commit-index.ts",
        "return Math.min(...acknowledged);",
        "return [...acknowledged].sort((a, b) => b - a)[Math.floor(acknowledged.length / 2)] ?? 0;",
      ),
    ],
    within: 5,
  },
  {
    name: "acknowledged from memory, not from disk",
    kind: three,
    patches: [patch(follow, "length: durable.length }", "length: turn.state.log.length }")],
    within: 5,
  },
  {
    name: "the last installed view is set by a promise",
    kind: three,
    patches: [
      patch(
        promise,
        "state.promised = proposal.view;",
        "state.logView = proposal.view; state.promised = proposal.view;",
      ),
    ],
    within: 5,
  },
  {
    name: "a blank node votes",
    kind: threeHot,
    patches: [
      patch(
        choose,
        "return answers.filter(({ position }) => !position.isBlank).map(({ node }) => node);",
        "return answers.map(({ node }) => node);",
      ),
      patch(
        electing,
        "peers.filter(({ beat }) => beat?.isBlank === false)",
        "peers.filter(({ beat }) => beat !== null)",
      ),
    ],
    within: 150,
  },
  {
    name: "a node that rebooted fences for quorum",
    kind: fencing,
    patches: [patch("replication/start-state.ts", "isInstalledHere: false", "isInstalledHere: !disk.isBlank")],
    within: 30,
  },
  {
    name: "an electorate in flight is counted alone",
    kind: fencingChurn,
    patches: [patch(votes, bothElectorates, "before !== undefined && committed < 0 ? [before, last] : [last]")],
    within: 1000,
  },
  {
    name: "the lease runs from the arrival of heartbeats",
    kind: five,
    patches: [patch(packets, "{ ...heard, echo: hearing.echo }", "{ ...heard, echo: arrivedAt }")],
    within: 60,
  },
  {
    name: "the peer is taken in while its fence is in flight",
    kind: fencing,
    patches: [
      patch("replication/turn.ts", " && peer.node !== race.out?.target", " && race !== null"),
      patch(
        "replication/answer-proposal.ts",
        "answerer.fenceOut !== null && proposal.members.includes(answerer.fenceOut)",
        "answerer.fenceOut === answerer.self",
      ),
      patch(
        follow,
        "if (!isMember || speaker.node === state.race.out?.target) return null;",
        "if (!isMember) return null;",
      ),
    ],
    within: 30,
  },
  {
    name: "the tail is delivered at the installation",
    kind: three,
    patches: [patch(install, "persist(turn, [record]);", "persist(turn, [record]); commitUpTo(turn, install.base);")],
    within: 5,
  },
  {
    name: "logs are taken for equal up to their length",
    kind: three,
    patches: [
      patch(
        choose,
        "!member.isBlank && compareViewIds(member.logView, chosen.logView) === 0",
        "!member.isBlank && member.length <= chosen.length",
      ),
    ],
    within: 50,
  },
  {
    name: "a submission is ordered as often as it comes",
    kind: three,
    patches: [patch(order, `if (place !== "next") return true;`, "")],
    within: 5,
  },
  {
    name: "votes are counted over the nodes heard",
    kind: three,
    patches: [patch(votes, "return 2 * votes > voters.length;", "return 2 * votes > present.length;")],
    within: 5,
  },
  {
    name: "a node that has not seen all begins",
    kind: { ...three, name: "3 waits for all", waitForAll: true },
    patches: [
      patch("quorum/wait-for-all.ts", "|| hasBeenInView || hasSeenAll", "|| hasBeenInView || hasSeenAll !== null"),
    ],
    within: 30,
  },
  {
    name: "votes are held against the number of nodes",
    kind: threeWeighted,
    patches: [patch(votes, "return 2 * votes > voters.length;", "return 2 * votes > new Set(voters).size;")],
    within: 30,
  },
  {
    name: "many votes at once count before they are committed",
    kind: threeChanging,
    patches: [patch(votes, bothElectorates, "[last]")],
    within: 220,
  },
  {
    name: "a node with fewer votes than its peer fences for quorum",
    kind: { ...fencing, name: "2 fencing, unequal", votes: "abb" },
    patches: [patch(votes, "2 * others.length === voters.length &&", "voters.length > 0 &&")],
    within: 60,
  },
  {
    name: "a promise is forgotten by a reboot",
    kind: three,
    patches: [
      patch("replication/replay-disk.ts", "return { ...replay, promised: record.promised };", "return replay;"),
    ],
    within: 30,
  },
  {
    name: "sent before it is on disk",
    kind: three,
    patches: [
      patch(
        "replication/durability.ts",
        "    if (done.write > write) break;",
        "    if (done.write > write + 2) break;",
      ),
    ],
    within: 5,
  },
  {
    name: "the checkpoint is taken ahead of what is committed",
    kind: threeTiny,
    patches: [
      patch(
        trim,
        "const delivered = deliveredByAll(turn, active);",
        "const delivered = Math.max(deliveredByAll(turn, active), state.log.length + limits.keepEntries);",
      ),
    ],
    within: 5,
  },
  {
    name: "trimmed before all members have delivered",
    kind: threeTiny,
    patches: [
      patch(
        trim,
        "return Math.min(least, isHere ? beat.delivered : committed - windowEntriesMax);",
        "return isHere ? least : Math.min(least, committed);",
      ),
    ],
    within: 30,
  },
  {
    name: "a checkpoint without the memory of submissions",
    kind: threeTiny,
    patches: [
      patch(
        "replication/deliver.ts",
        "state.lastDelivered = submissionsOf(checkpoint);",
        "state.lastDelivered = new Map(); void submissionsOf;",
      ),
    ],
    within: 10,
  },
  {
    name: "a checkpoint without the electorates that entries have set",
    kind: { ...threeTiny, churn: true },
    patches: [
      patch(
        fold,
        "draft.electorates = withElectorateOf(draft.electorates, entry).slice(-2);",
        "void withElectorateOf;",
      ),
    ],
    within: 20,
  },
  {
    name: "a checkpoint that stands for one entry more than it holds",
    kind: threeTiny,
    patches: [
      patch(fold, "log.trimmed + 1, index)) {", "log.trimmed + 1, index - 1)) {"),
      patch(fold, "return draft;", "draft.index = index; return draft;"),
    ],
    within: 5,
  },
  {
    name: "acknowledged more than a rewritten journal holds",
    kind: threeTiny,
    patches: [
      patch(
        "replication/durability.ts",
        "const { promised, logView, length } = after;",
        'const { promised, logView } = after; const length = after.length + (records.some(({ kind }) => kind === "log") ? 1 : 0);',
      ),
    ],
    within: 20,
  },
  {
    name: "what a checkpoint stands for is not restored but skipped",
    kind: threeHotTiny,
    patches: [patch("replication/deliver.ts", "turn.restored = checkpoint;", "turn.restored = null;")],
    within: 5,
  },
  {
    name: "the witness forgets the view it granted",
    kind: witnessed,
    patches: [
      patch(witness, "logView: disk.logView, nextWrite", "logView: { ...disk.logView, counter: 0 }, nextWrite"),
    ],
    within: 300,
  },
  {
    name: "the witness answers before it is on disk",
    kind: witnessed,
    patches: [patch(witness, "if (!isGranted || write <= state.doneWrite)", "if (!isGranted || write > 0)")],
    within: 20,
  },
  {
    name: "the witness does not refuse an older log",
    kind: witnessed,
    patches: [patch(witness, "compareViewIds(basis, logView) <= 0) return null;", "basis === view) return null;")],
    within: 100,
  },
  {
    name: "the witness keeps a view although it has promised a later one",
    kind: witnessed,
    patches: [patch(witness, "sameViewId(view, promised) ? {", "compareViewIds(view, logView) > 0 ? {")],
    within: 300,
  },
  {
    name: "one phase: the witness is not told that the view is installed",
    kind: witnessed,
    patches: [patch(install, "stage.members.length && stage.witness === null)", "stage.members.length)")],
    within: 100,
  },
  {
    name: "the witness extends a lease although it has promised higher",
    kind: witnessed,
    patches: [
      patch("quorum/known-witness.ts", "compareViewIds(known.promised, view) <= 0", "compareViewIds(view, view) <= 0"),
    ],
    within: 300,
  },
  {
    name: "a witness with a new disk is taken for the old one",
    kind: witnessed,
    patches: [patch(witness, "voters: [name]", 'voters: ["witness.000000000000" as NodeId].slice(name.length - 20)')],
    within: 300,
  },
];

/** What a mistake that seeds find is made of, for a story that finds it as well. @throws TypeError without such a mistake */
export function patchesOf(name: string): readonly Patch[] {
  const mistake = mistakes.find((each) => each.name === name);
  if (mistake === undefined) throw new TypeError(`Cannot plant "${name}": no such mistake`);
  return mistake.patches;
}
