import {
  aBackupDoesNotVote,
  aLivingViewIsKept,
  anOldHeartbeatProvesNothing,
  anOldInstallationIsIgnored,
  anOwnPauseIsNoticed,
  aPromiseEndsTheOldView,
  aCoordinatorSaysThatItLeft,
  aCoordinatorThatLeftIsLeft,
  aSlowJoinerCostsNobodyHisLease,
  theWinnerRestartsAlone,
  aMinorityTailDies,
  anAbortIsSaid,
  aFormerLifeCountsForNothing,
  type Story,
} from "../../src/sim/group/stories.ts";
import {
  aBackupIsKnownByTheCheckpoint,
  aDamagedCheckpointIsNotTaken,
  aNewerCheckpointIsRefused,
  anOldSubmissionStaysOld,
  aRewriteIsWholeOrNotThere,
  aTransferSurvivesItsReceiver,
  logsStayShort,
} from "../../src/sim/group/checkpoint-stories.ts";
import {
  anInstallationIsForOneLife,
  aPauseAsksForNoFence,
  aPauseCostsNoView,
  aPauseDoesNotLoseTheWitness,
} from "../../src/sim/group/life-stories.ts";
import { anOlderGrantIsNoAnswer, aPromiseOutlivesTheWitness } from "../../src/sim/group/witness-stories.ts";
import {
  aDoomedProposerBacksOff,
  aMemberEntersItsViewAgain,
  whatWasCommittedIsInTheNextView,
} from "../../src/sim/group/trap-stories.ts";
import { patch, type Patch } from "./plant-mistake.ts";

/** A mistake that is too rare for seeds, or hidden by a second rule, and the story that shows it. */
export interface DirectedMistake {
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly story: Story;
}

const install = "replication/install.ts";

const pauseIsNotNoticed: readonly Patch[] = [
  patch("replication/forgive.ts", "if (gap <= deadtime / 2) return;", "if (gap <= deadtime * 9_000) return;"),
];

const lifeIsNotChecked: readonly Patch[] = [
  patch(install, "node === installer.self && incarnation === installer.incarnation", "node === installer.self"),
];

/** Those that a story finds, and no seed, or hardly any. Those that seeds find are in mistakes.ts, and those of them that have a story too in trap-mistakes.ts. */
export const directedMistakes: readonly DirectedMistake[] = [
  {
    name: "a joiner is waited for until the lease is over",
    story: aSlowJoinerCostsNobodyHisLease,
    patches: [patch("replication/judge-view-change.ts", "if (late.length > 0) {", "if (late.length > 99) {")],
  },
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
    name: "the life is not checked at an installation",
    story: anInstallationIsForOneLife,
    patches: lifeIsNotChecked,
  },
  {
    name: "the life is not checked at an installation, nor that it is waited for",
    story: anOldInstallationIsIgnored,
    patches: [
      ...lifeIsNotChecked,
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
    story: aPauseCostsNoView,
    patches: pauseIsNotNoticed,
  },
  {
    name: "a fence is asked for before what waited through a pause is read",
    story: aPauseAsksForNoFence,
    patches: [
      patch(
        "replication/forgive.ts",
        "return read > notBefore ? read : notBefore;",
        "return read > 0 ? notBefore : read;",
      ),
    ],
  },
  {
    name: "an own pause counts against the witness",
    story: aPauseDoesNotLoseTheWitness,
    patches: [
      patch(
        "replication/forgive.ts",
        "if (isWitnessHeard(state.witness, state.steppedAt, deadtime))",
        "if (state.steppedAt < 0)",
      ),
    ],
  },
  {
    name: "an own pause is not noticed, and nothing is written before a fence: meanwhile its peer is heard",
    story: anOwnPauseIsNoticed,
    patches: [
      ...pauseIsNotNoticed,
      patch("replication/judge-electing.ts", "  if (!hasWritten(turn, peer)) return;\n", ""),
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
    name: "entries are taken and acknowledged after a promise to a proposer outside the view",
    story: whatWasCommittedIsInTheNextView,
    patches: [
      patch(
        "replication/packets.ts",
        "const active = enterView(turn, from, message.view);\n  if (active === null || active.lead",
        'const was = turn.state.phase; if (was.kind === "promised" && message.kind === "entry") { onEntry(turn, { kind: "active", early: [] } as never, message.entry, message.committed); send(turn, from.node, { kind: "ack", view: message.view, length: turn.state.log.length }); }\n  const active = enterView(turn, from, message.view);\n  if (active === null || active.lead',
      ),
    ],
  },
  {
    name: "a member does not enter its view again",
    story: aMemberEntersItsViewAgain,
    patches: [
      patch(
        "replication/follow.ts",
        'if (state.phase.kind === "proposing" || isDeparting(state)',
        'if (state.phase.kind === "proposing" || state.phase.kind === "electing" || isDeparting(state)',
      ),
    ],
  },
  {
    name: "no back-off after a proposal that is not quorate",
    story: aDoomedProposerBacksOff,
    patches: [
      patch(
        "replication/propose.ts",
        "state.backoffMs = Math.min(2 * wait, state.setup.timers.backoffMax);",
        "state.backoffMs = Math.min(wait, state.setup.timers.backoffMax);",
      ),
    ],
  },
  {
    name: "members follow a coordinator that left its view",
    story: aCoordinatorThatLeftIsLeft,
    patches: [patch("replication/judge-active.ts", "if (noted.idleSince !== never &&", "if (noted.idleSince < 0 &&")],
  },
  {
    name: "members wait for a coordinator that says that it has left",
    story: aCoordinatorSaysThatItLeft,
    patches: [patch("replication/judge-active.ts", "? timers.deadtime : timers.idle;", "? timers.idle : timers.idle;")],
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
  {
    name: "a checkpoint without the memory of submissions",
    story: anOldSubmissionStaysOld,
    patches: [patch("replication/fold-entries.ts", "if (id.sequence > 0) {", "if (id.sequence < 0) {")],
  },
  {
    name: "a checkpoint that does not know what disks must hold",
    story: aBackupIsKnownByTheCheckpoint,
    patches: [
      patch(
        "replication/remembered-disk.ts",
        "return floorBefore(log, committed, node, isLast);",
        "return isLast ? null : floorBefore(log, committed, node, isLast);",
      ),
    ],
  },
  {
    name: "a newer checkpoint is refused, but the node goes on promising",
    story: aNewerCheckpointIsRefused,
    patches: [
      patch(
        "replication/transfer.ts",
        "if (isNewer) turn.state.refusal =",
        "if (isNewer && index < 0) turn.state.refusal =",
      ),
    ],
  },
  {
    name: "a checkpoint is taken whatever its check says",
    story: aDamagedCheckpointIsNotTaken,
    patches: [
      patch(
        "replication/checkpoint-text.ts",
        'if (checkOf(text) !== transfer.check) return damaged("its check does not fit");',
        "",
      ),
    ],
  },
  {
    name: "the rest of an installation is asked for in the wrong place after a restart",
    story: aTransferSurvivesItsReceiver,
    patches: [patch("replication/transfer.ts", "index, from: text.length };", "index, from: text.length - 1 };")],
  },
  {
    name: "the journal is never rewritten",
    story: logsStayShort,
    patches: [
      patch(
        "replication/trim.ts",
        "if (state.disk.grownBytes < state.disk.rewriteAtBytes) return;",
        "if (state.disk.grownBytes < 1e12) return;",
      ),
    ],
  },
  {
    name: "a log that is never trimmed",
    story: logsStayShort,
    patches: [
      patch(
        "replication/trim.ts",
        'if (phase.kind === "active") trim(turn, phase);',
        'if (phase.kind === "electing") trim(turn, phase as never);',
      ),
    ],
  },
  {
    name: "a rewritten journal is not that of the disk",
    story: aRewriteIsWholeOrNotThere,
    patches: [patch("replication/disk-state.ts", "if (state.isBlank) return", "if (state.committed > 9) return")],
  },
  {
    name: "the witness forgets its promise",
    story: aPromiseOutlivesTheWitness,
    patches: [
      patch(
        "quorum/witness.ts",
        "return { promised: disk.promised, logView",
        "return { promised: disk.logView, logView",
      ),
    ],
  },
  {
    name: "the grant of an older attempt counts",
    story: anOlderGrantIsNoAnswer,
    patches: [
      patch(
        "replication/on-grant.ts",
        " || !sameViewId(grant.view, phase.view)) return;",
        " || sameViewId(grant.view, grant.promised) === null) return;",
      ),
    ],
  },
];
