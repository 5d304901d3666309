import { patch, type Patch } from "./plant-mistake.ts";

/** A mistake in the manager that a story of `scenarios/` shows. */
export interface ToldMistake {
  readonly name: string;
  readonly story: string;
  readonly patches: readonly Patch[];
}

/** A mistake in the manager that is a second line of defence, or shows in a moment that no story has: a test of the core finds it. */
export interface TestedMistake {
  readonly name: string;
  /** Below src/core, without `.test.ts`. */
  readonly tests: string;
  readonly patches: readonly Patch[];
}

const view = "services/apply-view.ts";
const fence = "services/apply-fence.ts";
const result = "services/apply-service-result.ts";
const observed = "services/apply-observed.ts";
const walk = "services/runner-walk.ts";
const outcomes = "services/runner-outcomes.ts";
const settle = "services/settle.ts";
const eligibility = "services/eligibility.ts";
const plan = "services/plan.ts";
const clones = "services/clones.ts";
const promotion = "services/promotion.ts";
const notices = "services/notices.ts";
const nodeAgainst = "services/node-against.ts";
const choose = "placement/choose-owner.ts";
const failback = "services/failback.ts";
const patience = "manager-patience.ts";
const lease = "manager-lease.ts";
const spans = "manager-spans.ts";
const watchdog = "manager-watchdog.ts";

export const toldMistakes: readonly ToldMistake[] = [
  {
    name: "who comes while the cluster is stopped is given services",
    story: "cluster-stopped-started-without-one",
    patches: [
      patch(eligibility, "if (stop !== null && !node.shutdown)", "if (stop !== null && node.node.length > 99)"),
    ],
  },
  {
    name: "whose data is behind is promoted",
    story: "primary-dies-and-only-the-fresh-standby-may",
    patches: [patch(promotion, "if (own.score.value < 0) return", "if (own.score.value < -99) return")],
  },
  {
    name: "a promotion does not wait until everybody is told",
    story: "standby-hangs-when-told-of-the-promotion",
    patches: [patch(plan, "const isHeld = untoldOf(state, record).length > 0 || waits", "const isHeld = waits")],
  },
  {
    name: "the first of the file is promoted",
    story: "primary-lost-newest-standby-promoted",
    patches: [
      patch(promotion, "return newer === undefined ? null :", "return newer === undefined || value > 0 ? null :"),
    ],
  },
  {
    name: "what a lost node may run of a clone is not counted",
    story: "clone-takes-the-place-of-a-lost-one",
    patches: [patch(clones, "whereItMayRun(other).length > 0 || (", "(")],
  },
  {
    name: "a service stays where the instance beside it is gone",
    story: "clone-fails-and-its-shop-goes",
    patches: [patch("services/after.ts", "service), ...beside];\n  return firsts", "service)];\n  return firsts")],
  },
  {
    name: "who comes in is not asked what it runs",
    story: "failback",
    patches: [
      patch(
        view,
        "patchFence(draft, record.node, { owed: null });\n  addDoubt(draft, record.node);",
        "patchFence(draft, record.node, { owed: null });",
      ),
    ],
  },
  {
    name: "a new life is off because the one before was",
    story: "flapping-node-in-quarantine",
    patches: [patch(view, "enteredAt: draft.index,\n    off: null,", "enteredAt: draft.index,\n    off: record.off,")],
  },
  {
    name: "doubts outlive the proof that ends them",
    story: "cold-start-with-absent-node",
    patches: [
      patch(fence, "const doubts = service.doubts.filter((other) => other !== node);", "const { doubts } = service;"),
    ],
  },
  {
    name: "an unconfirmed fence counts",
    story: "fence-device-broken-then-repaired",
    patches: [patch(fence, "  if (!body.confirmed) {", "  if (body.attempt < 0) {")],
  },
  {
    name: "a failed stop counts as stopped",
    story: "stop-fails-node-is-fenced",
    patches: [patch(result, '{ kind: "blocked", node: body.node, next }', '{ kind: "stopped", next }')],
  },
  {
    name: "a failed start is reported before it was cleaned up",
    story: "start-fails-everywhere",
    patches: [
      patch(
        outcomes,
        "work.runtimes[runtime.service] = takeUp(work, runtime, stop);\n  say(",
        "work.reports.push({ service: runtime.service, attempt, result: failed }); work.runtimes[runtime.service] = { ...runtime, task: null, done: attempt };\n  say(",
      ),
    ],
  },
  {
    name: "who is only cut off from the storage counts as off",
    story: "cut-off-then-reset",
    patches: [
      patch("fencing/fence-runner.ts", "if (!level.some((step) => !isCut(job, step)))", "if (level.length === 0)"),
    ],
  },
  {
    name: "after its devices, a watchdog is not waited for",
    story: "device-fails-watchdog-resets",
    patches: [patch("manager-fencing.ts", "if (work.moment.now < resetAt) {", "if (resetAt < 0) {")],
  },
  {
    name: "a failed stop is taken for a stop by its node",
    story: "stop-fails-node-is-fenced",
    patches: [
      patch(
        outcomes,
        'const isStopped = outcome.status === "ok" || outcome.status === "not-running";',
        'const isStopped = outcome.status !== "refused";',
      ),
    ],
  },
  {
    name: "stops begin at the top",
    story: "relocate-by-operator",
    patches: [
      patch(walk, "tree.upon[position]?.every((other) => isDown", "tree.below[position]?.every((other) => isDown"),
    ],
  },
  {
    name: "a branch does not wait for what it stands on",
    story: "branches-start-at-once",
    patches: [patch(walk, "tree.below[position]?.every((other) => isUp(runtime, tree, other)) === false", "false")],
  },
  {
    name: "an adoption wants what the service can do without",
    story: "daemon-restart-adopts-without-the-report",
    patches: [patch(observed, "!isCritical[position] || ", "")],
  },
  {
    name: "a part that cannot be stopped is left alone",
    story: "part-that-cannot-be-stopped-is-fenced",
    patches: [patch(outcomes, "work.runtimes[runtime.service] = tell(work, runtime, failed);", "")],
  },
  {
    name: "starts whatever may be running elsewhere",
    story: "cold-start-with-absent-node",
    patches: [patch(settle, "  if (blockersOf(draft, record).length > 0) return;\n", "")],
  },
  {
    name: "doubts do not hinder a start",
    story: "cold-start-with-absent-node",
    patches: [
      patch(
        eligibility,
        "for (const node of record.doubts) blockers.push",
        "for (const node of record.doubts.slice(0, 0)) blockers.push",
      ),
    ],
  },
  {
    name: "a node on standby is given services",
    story: "standby-and-back",
    patches: [patch(nodeAgainst, 'if (node.isStandby) against.push("on standby");', "")],
  },
  {
    name: "a leaving node is given services",
    story: "clean-shutdown-moves-services",
    patches: [patch(nodeAgainst, 'if (node.isLeaving) against.push("it is leaving");', "")],
  },
  {
    name: "a node is chosen with something against it",
    story: "start-fails-everywhere",
    patches: [
      patch(choose, "first !== undefined && first.against.length === 0 ? first.node : null", "first?.node ?? null"),
    ],
  },
  {
    name: "failback is mere balance",
    story: "lost-disk-rejoins-as-blank",
    patches: [
      patch(choose, ".filter((entry) => entry.place < placeNow)", ""),
      patch(failback, " && domainPlace(domain, node) < place", ""),
    ],
  },
  {
    name: "a node that failed to stop is not fenced",
    story: "stop-fails-node-is-fenced",
    patches: [
      patch(
        plan,
        "if (blocked !== undefined && !state.maintenance && frozenText(state, blocked) === null)",
        "if (false)",
      ),
    ],
  },
  {
    name: "a lost owner is not fenced",
    story: "restarted-daemon-hears-nobody",
    patches: [patch(plan, "if (placed !== undefined) return", "if (placed?.isRemoved) return")],
  },
  {
    name: "the first patience never ends",
    story: "restarted-daemon-hears-nobody",
    patches: [patch(lease, "!state.hadLease && moment.now < graceUntil", "!state.hadLease")],
  },
  {
    name: "no patience at all after a restart",
    story: "restarted-daemon-hears-nobody",
    patches: [
      patch(lease, "!state.hadLease && moment.now < graceUntil", "!state.hadLease && moment.now < state.startedAt"),
    ],
  },
  {
    name: "a crashed daemon has no grace",
    story: "whole-cluster-loses-power",
    patches: [patch(patience, "dues.push(earliest(after(lastSign, heartbeat.daemonGraceMs), enoughAt));", "")],
  },
  {
    name: "the watchdog is believed at once",
    story: "watchdog-owner-dies",
    patches: [
      patch(patience, "return after(outsideSince, watchdogBoundMs(", "return after(outsideSince, 0 * watchdogBoundMs("),
    ],
  },
  {
    name: "one of two nodes that cannot write fences its peer",
    story: "full-disk-fences-nobody",
    patches: [patch("replication/judge-electing.ts", "  if (!hasWritten(turn, peer)) return;\n", "")],
  },
  {
    name: "the watchdog is fed without a lease",
    story: "watchdog-stop-hangs-without-quorum",
    patches: [patch(watchdog, "return facts.isLeased ? facts.leaseUntil : instantMs(0);", "return never;")],
  },
  {
    name: "a condemned node feeds its watchdog",
    story: "watchdog-stop-hangs-on-a-member",
    patches: [patch(watchdog, "return instantMs(0);\n  if (isIdle", "return facts.leaseUntil;\n  if (isIdle")],
  },
  {
    name: "something is started upon what may have been stopped in a time without a lease",
    story: "quorum-is-back-with-a-third-node",
    patches: [patch("services/apply-view.ts", "body.withoutLease === true", "body.members.length < 0")],
  },
  {
    name: "who has yet to say whether it runs is not waited for before a promotion",
    story: "maintenance-ends-and-the-newest-is-promoted",
    patches: [
      patch(
        "services/promotion.ts",
        "({ phase }) => phase",
        "({ phase, doubts }) => !doubts.includes(phase.node) && phase",
      ),
    ],
  },
  {
    name: "leaves with services running",
    story: "clean-shutdown-moves-services",
    patches: [
      patch(
        "manager-leaving.ts",
        "if (!isQuiet(runner) || (isIn && isMember && mayRunAnything(cluster, self)) || isFencing(work)) return;",
        "",
      ),
    ],
  },
  {
    name: "a device that failed confirms",
    story: "fence-device-broken-then-repaired",
    patches: [patch("fencing/fence-runner.ts", "  if (!outcome.confirmed) {", "  if (outcome.confirmed === null) {")],
  },
];

export const testedMistakes: readonly TestedMistake[] = [
  {
    name: "what a daemon has switched off that is gone stays off",
    tests: "manager-switch-on",
    patches: [patch("manager.ts", "  switchOnForTheGone(work);\n", "")],
  },
  {
    name: "a lost node counts as off in maintenance",
    tests: "services/operators",
    patches: [patch("services/apply-entry.ts", " && !isWaitedForNoMore(draft, body.target)", "")],
  },
  {
    name: "branches are foretold one after the other",
    tests: "manager-preview",
    patches: [
      patch("services/step-times.ts", '(action === "start" ? below : upon)[position] ?? []', "[...ends.keys()]"),
    ],
  },
  {
    name: "what was scheduled is done again",
    tests: "services/schedule",
    patches: [patch("services/schedule.ts", "waiting: waiting.filter(({ id }) => id !== item.id)", "waiting")],
  },
  {
    name: "what was scheduled is done however late",
    tests: "manager-schedule",
    patches: [
      patch("services/apply-due.ts", "if (wall - item.at > lateMsMax)", "if (wall - item.at > 99 * lateMsMax)"),
    ],
  },
  {
    name: "who is lost is waited for until it is told",
    tests: "manager-notices",
    patches: [
      patch(
        notices,
        "return notice.toTell.filter((node) => there.includes(node))",
        "return there.length < 0 ? [] : notice.toTell",
      ),
    ],
  },
  {
    name: "an agent that fails to hear it has not answered",
    tests: "manager-notices",
    patches: [
      patch(
        "services/runner-notices.ts",
        "if (told.answers !== null) work",
        'if (told.answers !== null && outcome.status === "ok") work',
      ),
    ],
  },
  {
    name: "an address is kept away from the node that starts its service",
    tests: "manager-foreign",
    patches: [
      patch("manager-foreign.ts", " || isSeenTo(runtime)", ""),
      patch("manager-foreign.ts", "if (whereItMayRunNext(record).includes(self)) return [];", ""),
      patch("manager-foreign.ts", "isSeenTo(other) && isShared", "isKnown(other) && isBusy(other) && isShared"),
    ],
  },
  {
    name: "a score of before a restart counts",
    tests: "services/promotion",
    patches: [
      patch(
        promotion,
        "score.round === round && score.order === order",
        "score.round <= round && score.order <= order",
      ),
    ],
  },
  {
    name: "a lost node is fenced for what runs everywhere anyway",
    tests: "services/clones",
    patches: [
      patch(
        "services/instance-in-the-way.ts",
        "(instance === undefined) return",
        "(instance?.limit === undefined) return",
      ),
    ],
  },
  {
    name: "the place of an instance that is restarted is given away",
    tests: "services/clones",
    patches: [patch(clones, " || (isGoingOn(state, other) && isFirst(other))", "")],
  },
  {
    name: "an instance is stopped before what is beside it",
    tests: "services/clones",
    patches: [
      patch("services/after.ts", "return [...after, ...beside];", "return beside.length > 99 ? beside : after;"),
    ],
  },
  {
    name: "a node is asked about the instances of others",
    tests: "services/clones",
    patches: [patch("placement/clones.ts", "instance.node === node;", "instance.node !== undefined;")],
  },
  {
    name: "more instances than may run go on",
    tests: "services/clones",
    patches: [patch(settle, "if (isSurplus(draft, record)) return", "if (record.attempt < 0) return")],
  },
  {
    name: "after a cold start what was written of absent nodes is believed",
    tests: "services/apply-entry",
    patches: [patch(view, "isCold && record.off === null", "isCold && record.off === undefined")],
  },
  {
    name: "a proof of another life counts",
    tests: "services/apply-entry",
    patches: [patch(fence, "record === undefined || record.incarnation !== incarnation", "record === undefined")],
  },
  {
    name: "an answer to an older order counts",
    tests: "services/apply-entry",
    patches: [patch(result, "record.order !== body.attempt || ", "")],
  },
  {
    name: "a failed unasked stop is not tried again",
    tests: "services/runner",
    patches: [patch(outcomes, "[position]: after(work.moment.now, stopAgainMs)", "[position]: never")],
  },
  {
    name: "a stop ends at the first resource that is stopped",
    tests: "services/runner",
    patches: [
      patch(
        walk,
        "if (!runtime.resources.every((_, position) => isDown(runtime, position))) {",
        "if (!runtime.resources.some((_, position) => isDown(runtime, position))) {",
      ),
    ],
  },
  {
    name: "what a service can do without takes it along",
    tests: "services/repairs",
    patches: [patch("services/repairs.ts", "if (config.critical === false) {", "if (config.critical === undefined) {")],
  },
  {
    name: "a part is restarted for ever",
    tests: "services/repairs",
    patches: [patch("services/repairs.ts", " || failedAt.length > recovery.maxRestarts", "")],
  },
  {
    name: "strays do not hinder a start",
    tests: "services/apply-entry",
    patches: [
      patch(eligibility, "for (const stray of record.strays) {", "for (const stray of record.strays.slice(0, 0)) {"),
    ],
  },
  {
    name: "a node that is being fenced is given services",
    tests: "manager",
    patches: [
      patch(nodeAgainst, "fence.inFlight !== null || fence.wish !== null)) against", "fence.attempt < 0)) against"),
    ],
  },
  {
    name: "an explicit relocation is undone by failback",
    tests: "manager",
    patches: [
      patch(choose, "entry.candidate.isNew && ", ""),
      patch(failback, "(known?.eligibleSince ?? 0) > record.placedAt && ", ""),
    ],
  },
  {
    name: "strays are told nothing",
    tests: "manager",
    patches: [patch(plan, "if (stray !== undefined) return", "if (stray?.attempt === -1) return")],
  },
  {
    name: "a lost node is fenced for nothing",
    tests: "manager",
    patches: [patch(plan, "return waiting === undefined ? null : ", 'return waiting === undefined ? "it is lost" : ')],
  },
  {
    name: "a report of an earlier stay counts",
    tests: "services/apply-entry",
    patches: [patch(observed, "node.enteredAt !== body.since || ", "")],
  },
  {
    name: "the assumption is made at once",
    tests: "manager-patience",
    patches: [
      patch(patience, "dues.push(after(from, assumeOffAfterMs + leaseOf(work, target) - leaseInForce(state)));", ""),
    ],
  },
  {
    name: "who is heard anew has no time to be taken in",
    tests: "manager-patience",
    patches: [patch(patience, "const lives = [state.hearings[target]?.since, ", "const lives = [")],
  },
  {
    name: "who writes to the arbiter disk is assumed off",
    tests: "manager-patience",
    patches: [
      patch(patience, "state.hearings[target]?.since, state.seenOnDiskAt[target]];", "state.hearings[target]?.since];"),
    ],
  },
  {
    name: "a lost node is given the lease of who judges it",
    tests: "manager-spans",
    patches: [patch(spans, "state.cluster.nodes[node]?.leaseMs ?? facts.leaseMs", "facts.leaseMs")],
  },
  {
    name: "a longer lease is told with the first report, and not before",
    tests: "manager-spans",
    patches: [patch("manager-services.ts", "leaseMs > counted || ", "")],
  },
  {
    name: "a watchdog counts before the devices have failed",
    tests: "services/apply-watchdog",
    patches: [
      patch("fencing/own-watchdog.ts", "return failures > 0 || !canFence(config, node);", "return node !== undefined;"),
    ],
  },
  {
    name: "a watchdog counts that the configuration does not have",
    tests: "services/apply-watchdog",
    patches: [
      patch("fencing/own-watchdog.ts", "?.watchdog === true ? fencing.watchdog : null", "? fencing.watchdog : null"),
    ],
  },
  {
    name: "devices are left out that failed for an earlier need",
    tests: "services/apply-watchdog",
    patches: [patch(settle, "if (failures > 0 && ", "if (failures < 0 && ")],
  },
  {
    name: "a member says nothing when its fence was confirmed and it lives on",
    tests: "manager-fencing",
    patches: [patch("manager-services.ts", 'if (off === "fenced" && since', 'if (off === "left" && since')],
  },
  {
    name: "a step without a delay begins without a lease",
    tests: "manager-fencing",
    patches: [
      patch(
        "manager-fencing.ts",
        "const until = job.isArbiter ? never :",
        "const until = job.isArbiter || job.level === 0 ? never :",
      ),
    ],
  },
  {
    name: "addresses are not announced again when the view changes",
    tests: "manager-announce",
    patches: [
      patch(
        "manager-entries.ts",
        'config.kind === "address" && state === "running"',
        'config.kind === "address" && state === "unknown"',
      ),
    ],
  },
  {
    name: "a device that confirmed what it had not done is believed again",
    tests: "manager-fencing",
    patches: [patch(fence, "|| wrong.length === 0) return told;", "|| wrong.length >= 0) return told;")],
  },
  {
    name: "a node lives on by a word from before its fence",
    tests: "services/fence-history",
    patches: [patch("services/apply-lives-on.ts", " || record.offAt !== body.since) return;", ") return;")],
  },
  {
    name: "a time-out that was lowered again is forgotten",
    tests: "services/apply-watchdog",
    patches: [patch("fencing/node-record.ts", "Math.max(timeoutMs, longestMs)", "Math.max(timeoutMs, longestMs * 0)")],
  },
  {
    name: "a heard node is fenced at once",
    tests: "manager-patience",
    patches: [patch(patience, "if (hearing?.until === null) dues.push(after(hearing.since, adoptionMs));", "")],
  },
  {
    name: "a failed service is never tried again",
    tests: "manager",
    patches: [
      patch(
        "services/failure-memory.ts",
        'return !open.includes("fatal") && open.some((severity) => severity !== "hard");',
        "return open.length < 0;",
      ),
    ],
  },
  {
    name: "a checkpoint forgets who has left with all",
    tests: "group-halt",
    patches: [
      patch("replication/fold-entries.ts", 'if (body.kind === "halted")', 'if (body.kind === "halted" && index < 0)'),
    ],
  },
  {
    name: "who leaves with all goes at once",
    tests: "group-halt",
    patches: [patch("replication/judge-leave.ts", "(!isKnown || leave.together) &&", "!isKnown &&")],
  },
  {
    name: "what was found since is proven away by the end of the cluster",
    tests: "services/cluster-stop",
    patches: [patch("services/apply-entry.ts", "if (!mayRunAnything(draft, node)) setOff", "setOff")],
  },
  {
    name: "a view does not tell that there was no lease any more",
    tests: "group-quorum",
    patches: [patch("replication/propose.ts", "...(isLeased(turn) ? {} : { withoutLease: true })", "")],
  },
  {
    name: "a node says that all is told while it still stops",
    tests: "manager-sure",
    patches: [
      patch("manager-services.ts", 'if (runtime.mustReport || runtime.task?.kind === "stop") return false;', ""),
      patch("manager-services.ts", "return isUp(runtime) && !isBusy(runtime);", "return isUp(runtime);"),
    ],
  },
  {
    name: "an order of before a time without a lease is carried out",
    tests: "services/relations",
    patches: [patch("services/plan.ts", " || waitsForWord(state, record);", ";")],
  },
  {
    name: "a node that is back is fenced by the next level",
    tests: "manager-fencing",
    patches: [patch("manager-fencing.ts", "needReason(state.cluster, target) !== null", "attempt > 0")],
  },
  {
    name: "a word for an earlier view says that all is told",
    tests: "services/relations",
    patches: [patch("services/apply-observed.ts", "body.sureOf === node.unsureSince", "node.unsureSince")],
  },
  {
    name: "a double names where it was started first, not last",
    tests: "manager-double",
    patches: [patch("services/double-record.ts", "later.findLast(isBefore) ?? elsewhere", "elsewhere")],
  },
  {
    name: "who has not told yet what it runs leaves",
    tests: "manager",
    patches: [
      patch(
        "services/cluster-state.ts",
        "whereItMayRun(record).includes",
        "whereItMayRun({ ...record, doubts: [] }).includes",
      ),
    ],
  },
  {
    name: "who comes while the cluster is stopped keeps what it ran",
    tests: "services/cluster-stop",
    patches: [patch(nodeAgainst, "if (stop !== null) return shutdownText(stop);", "")],
  },
  {
    name: "a life that comes back stops the cluster once more",
    tests: "services/cluster-stop",
    patches: [patch("services/cluster-stop.ts", "{ ...shutdown, withAll: false }", "{ ...shutdown, withAll: true }")],
  },
  {
    name: "the cluster is over though a node has not told what it runs",
    tests: "services/cluster-stop",
    patches: [
      patch("services/cluster-stop.ts", "whereItMayRun(record).some(isThere)", "placesOf(record).some(isThere)"),
    ],
  },
  {
    name: "a witness is given up while a node is away",
    tests: "manager-nodes",
    patches: [patch("services/arbiter-change.ts", "&& !isLive(state.nodes[id])", "&& state.nodes[id] === undefined")],
  },
  {
    name: "a removed node keeps a witness in its place",
    tests: "manager-nodes",
    patches: [patch("services/arbiter-change.ts", "!isRemoved(state, id) && ", "")],
  },
  {
    name: "a record that is changed is not looked at anew for what it has left over",
    tests: "services/outdated",
    patches: [patch("services/draft.ts", "followOutdated(draft, record.service);", "")],
  },
  {
    name: "who is told to end ends while its fence is under way",
    tests: "manager-fencing",
    patches: [
      patch(
        "manager-leaving.ts",
        "mayRunAnything(cluster, self)) || isFencing(work)",
        "mayRunAnything(cluster, self))",
      ),
    ],
  },
  {
    name: "the cluster is over while a fence is under way",
    tests: "manager-fencing",
    patches: [patch("manager-leaving.ts", " || !isAllStopped(cluster) || isFenced", " || !isAllStopped(cluster)")],
  },
];
