import type { Entry } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Packet } from "../../model/message.ts";
import { wallMs } from "../../model/units.ts";
import type { GroupRules } from "./group-rules.ts";
import type { GroupWorld } from "./group-world.ts";
import { drop, formed, isolate, quickHeartbeat, racing, record, submitOnce } from "./stage.ts";

/**
 * Directed stories: for rules whose absence is too rare, or too well covered by another rule, for seeds to show. Each takes the rules
 * it is played with, so that a planted mistake can be shown to fail it, and gives back what went wrong.
 */
export type Story = (rules: GroupRules) => readonly string[];

/** A node that has lost only its coordinator's voice must not take a member out of the living view. */
export const aLivingViewIsKept: Story = (rules) => {
  const world = formed("abc", { rules, first: ["b", "c"] });
  if (world.coordinator()?.node !== "b") return ["b does not coordinate"];
  const sent = record(world);
  world.network.cut("b" as NodeId, "a" as NodeId);
  world.run(700);
  const tried = sent.some(({ from, to, message }) => from === "a" && to === "c" && message.kind === "propose");
  const problems = tried ? [] : ["a did not even try"];
  if (sent.some(({ from, to, message }) => from === "c" && to === "a" && message.kind === "promise"))
    problems.push("c left its living view for a");
  return problems;
};

/** An installation that was sent to an earlier life is nothing to the present one. */
export const anOldInstallationIsIgnored: Story = (rules) => {
  const world = formed("abc", { rules });
  let kept: Packet | null = null;
  world.host("c").cutPower();
  world.onSend = (_, to, packet) => {
    if (packet.message.kind !== "install" || to !== "b") return true;
    kept ??= packet;
    return false;
  };
  world.run(600);
  const b = world.host("b");
  const packet = kept as Packet | null;
  if (packet?.message.kind !== "install") return ["nothing was to be installed"];
  b.cutPower();
  b.start();
  const before = b.state?.logView.counter;
  b.receive(packet);
  world.run(5);
  return b.state?.logView.counter === before ? [] : ["b installed what its former life had promised"];
};

/** A node that stood still hears the others before it judges them: it must not have its peer shot for its own pause. */
export const anOwnPauseIsNoticed: Story = (rules) => {
  const world = formed("ab", { rules, quorum: racing });
  const a = world.host("a");
  // What waited in its socket is old: the first packet that it reads proves nothing by itself.
  a.frozenUntil = world.now + 2_000;
  let asked = false;
  world.onStep = (host) => {
    asked ||= host.node === "a" && host.state?.race.out !== null;
  };
  world.run(3_500);
  const problems = asked ? ["a asked for a fence of b, which was there all the time"] : [];
  return world.isOneView(["a", "b"]) ? problems : [...problems, "a and b are not together again"];
};

/** After its promise a member takes nothing of the old view any more: the new one's log would lack it. */
export const aPromiseEndsTheOldView: Story = (rules) => {
  const world = formed("ab", { rules });
  const b = world.host("b");
  const view = b.facts()?.view;
  const length = b.facts()?.length ?? 0;
  if (view === null || view === undefined || view.coordinator !== "a") return ["a does not coordinate"];
  const a = world.host("a");
  const incarnation = a.incarnation;
  if (incarnation === null) return ["a has no life"];
  // Its own coordinator proposes, so b promises; what a had ordered before arrives late.
  const proposed = { ...view.id, counter: view.id.counter + 1 };
  b.receive({
    from: a.node,
    incarnation,
    message: { kind: "propose", view: proposed, members: ["a", "b"] as NodeId[] },
  });
  world.run(0.05);
  if (b.state?.phase.kind !== "promised") return ["b did not promise"];
  const sent = record(world);
  const late: Entry = {
    index: length + 1,
    view: view.id,
    id: { origin: a.node, incarnation, sequence: 1 },
    at: wallMs(0),
    body: { kind: "intent", intent: { kind: "online-node", node: a.node }, author: "late" },
  };
  b.receive({ from: a.node, incarnation, message: { kind: "entry", view: view.id, entry: late, committed: length } });
  world.run(4);
  const problems = sent.some(({ from, message }) => from === "b" && message.kind === "ack")
    ? ["b acknowledged for a view it had left"]
    : [];
  return (b.facts()?.length ?? 0) > length ? [...problems, "b took an entry of a view it had left"] : problems;
};

/** A fence cannot be recalled: until its verdict is there, its target stays outside. */
export const aTargetStaysOutside: Story = (rules) => {
  const world = formed("ab", { rules, quorum: racing });
  world.fenceDelayMin = 3_000;
  world.fenceDelayMax = 3_000;
  const b = world.host("b");
  b.frozenUntil = world.now + 1_000;
  world.run(800);
  if (world.host("a").state?.race.out?.target !== "b") return ["a did not ask for a fence"];
  world.run(1_500);
  const together = world.isOneView(["a", "b"]) ? ["b was taken in while its fence was in flight"] : [];
  world.run(6_000);
  return world.isOneView(["a", "b"]) ? together : [...together, "b is not back after its fence"];
};

/** a has an entry that its disk does not take; null: it does not coordinate. */
function withStuckCoordinator(rules: GroupRules): GroupWorld | null {
  const world = formed("abc", { rules });
  const a = world.host("a");
  if (world.coordinator() !== a) return null;
  a.disk.stalledUntil = world.now + 20_000;
  submitOnce(a);
  return world;
}

/** A coordinator that beats but has left the view is left by its members, and does not wait for them itself. */
export const aCoordinatorThatLeftIsLeft: Story = (rules) => {
  const world = withStuckCoordinator(rules);
  if (world === null) return ["a does not coordinate"];
  const took = world.runUntil(() => world.isOneView(["b", "c"]), 6_000);
  return took === null ? ["b and c still follow a, which orders nothing"] : [];
};

/** And soon when it says so: a lease is two deadtimes. */
export const aCoordinatorSaysThatItLeft: Story = (rules) => {
  const world = withStuckCoordinator(rules);
  if (world === null) return ["a does not coordinate"];
  const a = world.host("a");
  if (world.runUntil(() => a.facts()?.status === "electing", 6_000) === null) return ["a does not leave"];
  const took = world.runUntil(() => world.isOneView(["b", "c"]), 1.9 * quickHeartbeat.deadtimeMs);
  return took === null ? ["b and c wait for a, which has said that it is in no view"] : [];
};

/** The tail of a log is not delivered by who installs it first: the view may never start. */
export const aTailWaitsForTheStart: Story = (rules) => {
  const world = formed("abc", { rules });
  const c = world.host("c");
  // Entries reach b but not c, then a dies: the tail is on b only.
  world.onSend = (_, to, packet) => !(to === "c" && packet.message.kind === "entry");
  submitOnce(world.host("a"));
  world.run(20);
  const delivered = world.host("b").facts()?.delivered ?? 0;
  if ((world.host("b").facts()?.length ?? 0) <= delivered) return ["b has no tail"];
  world.host("a").cutPower();
  // b proposes; its installation does not reach c.
  world.onSend = (_, to, packet) => !(to === "c" && packet.message.kind === "install");
  world.run(500);
  const early =
    (world.host("b").facts()?.delivered ?? 0) > delivered ? ["b delivered a tail that c does not have"] : [];
  world.onSend = null;
  world.run(3_000);
  return c.facts()?.delivered === world.host("b").facts()?.delivered ? early : [...early, "c did not catch up"];
};

/** A heartbeat that was held back somewhere is no proof of life. */
export const anOldHeartbeatProvesNothing: Story = (rules) => {
  const world = formed("abc", { rules });
  const kept: Packet[] = [];
  world.onSend = (from, to, packet) => {
    if (from.node === "a" && to === "b" && packet.message.kind === "heartbeat") kept.push(packet);
    return true;
  };
  world.run(300);
  world.host("a").cutPower();
  const again = (): void => {
    for (const packet of kept) world.host("b").receive(packet);
    world.events.after(50, again);
  };
  world.events.after(50, again);
  return world.runUntil(() => world.isOneView(["b", "c"]), 1_500) === null
    ? ["b holds a for alive by its old heartbeats"]
    : [];
};

/**
 * Votes that are being taken away or given back are counted both ways until it is decided. c, which has most of them, leaves; the entry by
 * which a and b need it no more is on a's disk only when c is cut off. c does not know that it may go, and goes on: so a and b may not.
 */
export const aChangeInFlightIsCountedBothWays: Story = (rules) => {
  const world = formed("abc", { rules, votes: "abccc" });
  const [a, c] = [world.host("a"), world.host("c")];
  if (world.coordinator() !== a) return ["a does not coordinate"];
  world.onSend = (from, _, packet) =>
    !(from === a && (packet.message.kind === "entry" || packet.message.kind === "commit"));
  c.input(() => ({ kind: "leave" }));
  world.run(8);
  if (a.facts()?.electorate.voters.join("") !== "ab") return ["the change is not in a's log"];
  world.onSend = null;
  isolate(world, "c");
  let wentOn = false;
  world.onStep = () => {
    wentOn ||= world.isOneView(["a", "b"]);
  };
  if (world.runUntil(() => world.isOneView(["c"]), 1_000) === null) return ["c does not go on by the old electorate"];
  submitOnce(c);
  submitOnce(a);
  world.run(500);
  const problems = wentOn ? ["a and b go on without c, which does not know that they may"] : [];
  world.network.heal();
  world.run(3_000);
  return [...problems, ...world.checkers.violations.map(({ text }) => text)];
};

/**
 * c comes back with a disk that takes `writeMs` for each write: a and b, which are a quorum without it, never stop for it. It is taken in when
 * its disk is as it should be, or at once where `isFast`.
 */
function slowJoiner(rules: GroupRules, writeMs: number, isFast: boolean): readonly string[] {
  const world = formed("abc", { rules });
  const [a, b, c] = [world.host("a"), world.host("b"), world.host("c")];
  const isTaken = (ms: number): boolean => world.runUntil(() => world.isOneView(["a", "b", "c"]), ms) !== null;
  c.cutPower();
  if (world.runUntil(() => world.isOneView(["a", "b"]), 3_000) === null) return ["a and b do not go on"];
  const outOfLease = new Set<string>();
  world.onStep = () => {
    for (const one of [a, b]) if (one.facts()?.isLeased !== true) outOfLease.add(one.node);
  };
  const { latencyMin, latencyMax } = c.disk;
  Object.assign(c.disk, { latencyMin: writeMs, latencyMax: writeMs });
  c.start();
  const problems = isTaken(4 * quickHeartbeat.deadtimeMs) === isFast ? [] : [`c is taken in: ${!isFast}`];
  world.run(5_000);
  Object.assign(c.disk, { latencyMin, latencyMax });
  if (!isTaken(5_000)) problems.push("c is not taken in with a good disk");
  problems.push(...[...outOfLease].map((name) => `${name} has lost its lease`));
  return [...problems, ...world.checkers.violations.map(({ text }) => text)];
}

/** Each of two writes takes a deadtime, and a lease is two. */
export const aSlowJoinerCostsNobodyHisLease: Story = (rules) => slowJoiner(rules, 300, false);

/** Two writes fit into a lease. */
export const aJoinerIsWaitedForWithinTheLease: Story = (rules) => slowJoiner(rules, 180, true);

/** A disk that was put back from a backup must not vote by what it has forgotten, whether its boot counter tells or not. */
export const aBackupDoesNotVote: Story = (rules) => {
  const problems: string[] = [];
  for (const restarts of [0, 2]) {
    const world = formed("abc", { rules });
    const b = world.host("b");
    const backup = b.disk.records.slice(0, 3);
    for (let count = 0; count < restarts; count += 1) {
      b.killProcess();
      b.start();
      world.run(1_500);
    }
    submitOnce(world.host("a"));
    world.run(100);
    b.cutPower();
    b.disk.replace(backup);
    world.host("c").cutPower();
    b.start();
    world.run(3_000);
    if (world.host("a").facts()?.view !== null)
      problems.push(`after ${restarts} restarts a goes on with a vote of b's backup`);
  }
  return problems;
};

/** Who has won a race is alone in the electorate, and can start again without the loser. */
export const theWinnerRestartsAlone: Story = (rules) => {
  const world = formed("ab", { rules, quorum: racing });
  world.host("b").cutPower();
  world.rebootMax = 0;
  const a = world.host("a");
  if (world.runUntil(() => world.isOneView(["a"]), 4_000) === null) return ["a did not win its race"];
  world.host("b").cutPower();
  world.run(50);
  a.cutPower();
  a.start();
  return world.runUntil(() => world.isOneView(["a"]), 2_000) === null
    ? ["a waits for the node that it has fenced"]
    : [];
};

/** What a minority has ordered and nobody else has dies, however long it is. */
export const aMinorityTailDies: Story = (rules) => {
  const world = formed("abc", { rules });
  const [a, b, c] = [world.host("a"), world.host("b"), world.host("c")];
  isolate(world, "a");
  for (let count = 0; count < 20; count += 1) submitOnce(a);
  if (world.runUntil(() => world.isOneView(["b", "c"]), 2_000) === null) return ["b and c do not go on"];
  submitOnce(b);
  world.run(100);
  if ((a.facts()?.length ?? 0) <= (b.facts()?.length ?? 0)) return ["the tail of a is not the longer one"];
  for (const host of [a, b, c]) host.cutPower();
  world.network.heal();
  a.start();
  b.start();
  if (world.runUntil(() => world.isOneView(["a", "b"]), 3_000) === null) return ["a and b do not come together"];
  return world.checkers.violations.map(({ text }) => text);
};

/** Who gives up says so: those who have promised must not sit in their promise. */
export const anAbortIsSaid: Story = (rules) => {
  const world = formed("abc", { rules });
  drop(world, "promise", "a");
  world.host("c").cutPower();
  if (world.runUntil(() => world.host("b").facts()?.status === "promised", 1_000) === null)
    return ["b did not promise"];
  const given = world.host("b").state?.promised.counter;
  const gaveUp = (): boolean => world.host("a").facts()?.status === "electing";
  if (world.runUntil(gaveUp, 4 * quickHeartbeat.deadtimeMs) === null) return ["a did not give up"];
  world.run(5);
  const { state } = world.host("b");
  const waits = state?.phase.kind === "promised" && state.promised.counter === given;
  return waits ? ["b waits for a proposal that was given up"] : [];
};

/** What a former life of a member sends counts for nothing: here, an acknowledgement of what the present one does not have. */
export const aFormerLifeCountsForNothing: Story = (rules) => {
  const world = formed("abc", { rules });
  const [a, b] = [world.host("a"), world.host("b")];
  let acknowledged: Packet | null = null;
  world.onSend = (from, _, packet) => {
    if (from === b && packet.message.kind === "ack") acknowledged = packet;
    return true;
  };
  submitOnce(a);
  world.run(50);
  const packet = acknowledged as Packet | null;
  if (packet?.message.kind !== "ack") return ["b acknowledged nothing"];
  b.killProcess();
  b.start();
  if (world.runUntil(() => world.isOneView(["a", "b", "c"]), 3_000) === null) return ["b is not back"];
  world.onSend = (_, to, { message }) => !(to === "b" && message.kind === "entry");
  submitOnce(a);
  world.run(20);
  const [view, length] = [a.facts()?.view, a.facts()?.length ?? 0];
  if (view === null || view === undefined) return ["a has no view"];
  a.receive({ ...packet, message: { kind: "ack", view: view.id, length } });
  world.run(20);
  return world.checkers.violations.map(({ text }) => text);
};

/** A life begins with its first heartbeat: an answer that overtakes it must not end the old one, for a node that is not heard is lost. */
export const aLifeBeginsWithAHeartbeat: Story = (rules) => {
  const world = formed("abc", { rules });
  const [a, c] = [world.host("a"), world.host("c")];
  c.killProcess();
  c.start();
  const view = a.facts()?.view;
  if (c.incarnation === null || view === null || view === undefined) return ["c has no life, or a no view"];
  a.receive({ from: c.node, incarnation: c.incarnation, message: { kind: "nack", view: view.id, promised: view.id } });
  return a.facts()?.heard.includes(c.node) === true ? [] : ["a does not hear c any more, because c spoke"];
};
