import type { RunKind } from "../../src/sim/group/group-run.ts";
import type { Patch } from "./plant-mistake.ts";

/** A mistake, and the seed that finds it. */
export interface Mistake {
  readonly name: string;
  readonly kind: RunKind;
  readonly patches: readonly Patch[];
  /** The first seed that finds it. */
  readonly seed: number;
}

const three: RunKind = { name: "3", nodes: 3, arbiter: "majority" };
const threeMesh: RunKind = { ...three, name: "3 mesh", mesh: true };
const threeHot: RunKind = { ...three, name: "3 hot", hot: true };
const five: RunKind = { name: "5", nodes: 5, arbiter: "majority" };
const fiveChurn: RunKind = { ...five, name: "5 churn", churn: true };
const fencing: RunKind = { name: "2 fencing", nodes: 2, arbiter: "fencing" };
const fencingChurn: RunKind = { ...fencing, name: "2 fencing churn", churn: true };

const choose = "replication/choose-log.ts";
const electing = "replication/judge-electing.ts";
const change = "quorum/electorate-change.ts";
const votes = "quorum/votes.ts";
const follow = "replication/follow.ts";
const install = "replication/install.ts";
const packets = "replication/packets.ts";
const promise = "replication/promise.ts";
const order = "replication/order.ts";
const hear = "membership/hear-beat.ts";
const phases = "replication/phases.ts";
const replay = "replication/replay-disk.ts";

const bothElectorates = "last.index > committed && before !== undefined ? [before, last] : [last]";

function patch(file: string, find: string, replace: string): Patch {
  return { file, find, replace };
}

/** Those that seeds find. The others are in directed.ts. */
export const mistakes: readonly Mistake[] = [
  {
    name: "the longest log is taken, whatever its view",
    kind: five,
    patches: [
      patch(
        choose,
        "return order > 0 || (order === 0 && a.length > b.length);",
        "return a.length > b.length && order < 9e9;",
      ),
    ],
    seed: 93,
  },
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
    seed: 10,
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
    seed: 0,
  },
  {
    name: "acknowledged from memory, not from disk",
    kind: three,
    patches: [patch(follow, "length: durable.length }", "length: turn.state.log.length }")],
    seed: 0,
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
    seed: 0,
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
    seed: 9,
  },
  {
    name: "a node that rebooted fences for quorum",
    kind: fencing,
    patches: [patch("replication/start-state.ts", "isInstalledHere: false", "isInstalledHere: !disk.isBlank")],
    seed: 1,
  },
  {
    name: "an electorate in flight is counted alone (fencing)",
    kind: fencingChurn,
    patches: [patch(votes, bothElectorates, "before !== undefined && committed < 0 ? [before, last] : [last]")],
    seed: 1,
  },
  {
    name: "an electorate in flight lets its node race",
    kind: fencingChurn,
    patches: [
      patch("quorum/fencing-race.ts", "index > standing.committed", "index < 0"),
      patch(votes, bothElectorates, "before !== undefined && committed < 0 ? [before, last] : [last]"),
    ],
    seed: 1,
  },
  {
    name: "several votes change at once",
    kind: fiveChurn,
    patches: [
      patch(change, "return differing <= 1 &&", "return differing <= 9 &&"),
      patch(change, "if (isChangePending(situation) || situation.hasBlankVoter) return false;", ""),
      patch(
        change,
        "const voters = [...present, member].sort();",
        "const voters = [...new Set([...present, ...situation.members])].sort();",
      ),
      patch(order, "if (isChangePending(situation)) return true;", ""),
    ],
    seed: 185,
  },
  {
    name: "the lease runs from the arrival of heartbeats",
    kind: five,
    patches: [patch(packets, "{ ...heard, echo: hearing.echo }", "{ ...heard, echo: arrivedAt }")],
    seed: 9,
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
    seed: 0,
  },
  {
    name: "members follow an electing coordinator",
    kind: three,
    patches: [
      patch("replication/judge-active.ts", "if (noted.idleSince !== never &&", "if (noted.idleSince < 0 &&"),
      patch(
        electing,
        "if (view.proposer === self && view.incarnation === incarnation) return false;",
        'if (view.proposer === self && incarnation === "") return false;',
      ),
    ],
    seed: 78,
  },
  {
    name: "an abort is not said",
    kind: threeMesh,
    patches: [
      patch(
        phases,
        'sendToAll(turn, proposing.members, { kind: "abort", view: proposing.view });',
        "void turn; void proposing;",
      ),
      patch("replication/judge-view-change.ts", "if (hasGivenUp || isDue(", "if ((hasGivenUp && false) || isDue("),
    ],
    seed: 244,
  },
  {
    name: "the tail is delivered at the installation",
    kind: three,
    patches: [patch(install, "persist(turn, [record]);", "persist(turn, [record]); commitUpTo(turn, install.base);")],
    seed: 0,
  },
  {
    name: "a promise is forgotten by a reboot, and not bound to a life",
    kind: three,
    patches: [
      patch(replay, "return { ...replay, promised: record.promised };", "return replay;"),
      patch(install, "node === installer.self && incarnation === installer.incarnation", "node === installer.self"),
      patch(
        install,
        "if (!sameViewId(install.view, state.promised)) return;",
        'if (phase.kind === "electing") state.promised = install.view; if (!sameViewId(install.view, state.promised)) return;',
      ),
      patch(
        install,
        'if (phase.kind !== "promised" || !sameViewId(state.disk.durable.promised, install.view)) return;',
        'if (phase.kind !== "promised" && phase.kind !== "electing") return;',
      ),
      patch(
        install,
        "turn.state.phase = { ...phase, incoming: null, isInstalled: true, deadline };",
        'turn.state.phase = { kind: "promised", view: install.view, members: [], isAnswered: true, incoming: null, isInstalled: true, deadline };',
      ),
      patch(install, "if (phase.incoming === null) continueInstall", "if (phase.incoming == null) continueInstall"),
    ],
    seed: 183,
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
    seed: 5,
  },
  {
    name: "a submission is ordered as often as it comes",
    kind: three,
    patches: [patch(order, 'if (placeOf(id, active.lead.lastOrdered) !== "next") return true;', "")],
    seed: 0,
  },
  {
    name: "packets of older lives count",
    kind: three,
    patches: [
      patch(
        hear,
        "return (peer.incarnation !== null && incarnation < peer.incarnation) || incarnation === peer.gone;",
        "return incarnation === peer.gone;",
      ),
      patch(packets, "node === from.node && incarnation === from.incarnation", "node === from.node"),
      patch(
        install,
        "member.node === node && member.incarnation === incarnation",
        'member.node === node && incarnation !== ""',
      ),
    ],
    seed: 65,
  },
  {
    name: "votes are counted over the nodes heard",
    kind: three,
    patches: [patch(votes, "return 2 * votes > voters.length;", "return 2 * votes > present.length;")],
    seed: 0,
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
    seed: 0,
  },
];
