import {
  aBackupDoesNotVote,
  aLivingViewIsKept,
  anOldHeartbeatProvesNothing,
  anOldInstallationIsIgnored,
  anOwnPauseIsNoticed,
  aPromiseEndsTheOldView,
  aTailWaitsForTheStart,
  aTargetStaysOutside,
  aCoordinatorThatLeftIsLeft,
  theWinnerRestartsAlone,
  aMinorityTailDies,
  anAbortIsSaid,
  aFormerLifeCountsForNothing,
  type Story,
} from "../../src/sim/group/stories.ts";
import { tailIsDeliveredEarly, targetIsTakenIn } from "./mistakes.ts";
import { patch, type Patch } from "./plant-mistake.ts";

/** A mistake that is too rare for seeds, or hidden by a second rule, and the story that shows it. */
export interface DirectedMistake {
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly story: Story;
}

const install = "replication/install.ts";

/** Those that a story finds. The others are in mistakes.ts. */
export const directedMistakes: readonly DirectedMistake[] = [
  {
    name: "no stickiness",
    story: aLivingViewIsKept,
    patches: [
      patch(
        "replication/answer-proposal.ts",
        "if (proposal.from === view.coordinator) return true;",
        "if (proposal.from !== view.members[9]) return true;",
      ),
    ],
  },
  {
    name: "the life is not checked at an installation, nor that it is waited for",
    story: anOldInstallationIsIgnored,
    patches: [
      patch(install, "node === installer.self && incarnation === installer.incarnation", "node === installer.self"),
      patch(
        install,
        'phase.kind !== "promised" || !sameViewId(state.disk.durable.promised, install.view)',
        'phase.kind === "active"',
      ),
      patch(
        install,
        "turn.state.phase = { ...phase, incoming: null, isInstalled: true, deadline };",
        'turn.state.phase = { kind: "promised", view: install.view, members: [], isAnswered: true, incoming: null, isInstalled: true, deadline };',
      ),
      patch(install, "if (phase.incoming === null) continueInstall", "if (phase.incoming == null) continueInstall"),
    ],
  },
  {
    name: "an own pause is not noticed",
    story: anOwnPauseIsNoticed,
    patches: [
      patch("replication/forgive.ts", "if (gap <= deadtime / 2) return;", "if (gap <= deadtime * 9_000) return;"),
    ],
  },
  {
    name: "entries are taken after a promise",
    story: aPromiseEndsTheOldView,
    patches: [
      patch(
        "replication/packets.ts",
        "const active = enterView(turn, from, message.view);\n  if (active === null || active.lead",
        'const was = turn.state.phase; if (was.kind === "promised" && message.kind === "entry") onEntry(turn, { kind: "active", early: [] } as never, message.entry, message.committed);\n  const active = enterView(turn, from, message.view);\n  if (active === null || active.lead',
      ),
    ],
  },
  {
    name: "acknowledgements go on after a promise",
    story: aPromiseEndsTheOldView,
    patches: [
      patch(
        "replication/packets.ts",
        "const active = enterView(turn, from, message.view);\n  if (active === null || active.lead",
        'const was = turn.state.phase; if (was.kind === "promised" && message.kind === "entry") send(turn, from.node, { kind: "ack", view: message.view, length: turn.state.log.length });\n  const active = enterView(turn, from, message.view);\n  if (active === null || active.lead',
      ),
    ],
  },
  {
    name: "the target of a fence in flight is taken in",
    story: aTargetStaysOutside,
    patches: targetIsTakenIn,
  },
  {
    name: "members follow a coordinator that left its view",
    story: aCoordinatorThatLeftIsLeft,
    patches: [patch("replication/judge-active.ts", "if (noted.idleSince !== never &&", "if (noted.idleSince < 0 &&")],
  },
  {
    name: "the tail is delivered at the installation",
    story: aTailWaitsForTheStart,
    patches: tailIsDeliveredEarly,
  },
  {
    name: "old heartbeats prove life",
    story: anOldHeartbeatProvesNothing,
    patches: [
      patch("membership/hear-beat.ts", "if (known.beat !== null && heard.sentAt <= known.sentAt) return peer;", ""),
    ],
  },
  {
    name: "the loser of a race keeps its vote",
    story: theWinnerRestartsAlone,
    patches: [patch("replication/order.ts", "if (grantedPeer !== null &&", 'if (grantedPeer === "" &&')],
  },
  {
    name: "the longest log is taken, whatever its view",
    story: aMinorityTailDies,
    patches: [
      patch(
        "replication/choose-log.ts",
        "return order > 0 || (order === 0 && a.length > b.length);",
        "return a.length > b.length && order < 9e9;",
      ),
    ],
  },
  {
    name: "an abort is not said",
    story: anAbortIsSaid,
    patches: [
      patch(
        "replication/phases.ts",
        'sendToAll(turn, proposing.members, { kind: "abort", view: proposing.view });',
        "void turn; void proposing;",
      ),
      patch("replication/judge-view-change.ts", "if (hasGivenUp || isDue(", "if ((hasGivenUp && false) || isDue("),
    ],
  },
  {
    name: "packets of older lives count",
    story: aFormerLifeCountsForNothing,
    patches: [
      patch(
        "membership/hear-beat.ts",
        "return (peer.incarnation !== null && incarnation < peer.incarnation) || incarnation === peer.gone;",
        "return incarnation === peer.gone;",
      ),
      patch("replication/packets.ts", 'message.kind !== "heartbeat" && peer.incarnation !== incarnation', "false"),
      patch("replication/packets.ts", "node === from.node && incarnation === from.incarnation", "node === from.node"),
    ],
  },
  {
    name: "a restored disk is trusted",
    story: aBackupDoesNotVote,
    patches: [
      patch("replication/packets.ts", 'if (!state.isBlank) persist(turn, [{ kind: "distrusted" }]);', ""),
      patch("replication/propose.ts", "return isOld ?", "return isOld && committed < 0 ?"),
    ],
  },
];
