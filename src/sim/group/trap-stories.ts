import type { NodeId } from "../../model/ids.ts";
import type { Packet } from "../../model/message.ts";
import { cutPair } from "./witness-stories.ts";
import { formed, quickHeartbeat, racing, submitOnce } from "./stage.ts";
import type { Story } from "./stories.ts";

const [a, b, c] = ["a", "b", "c"] as [NodeId, NodeId, NodeId];

/**
 * A member that has promised to a proposer outside its old view takes and acknowledges nothing of that view any more: its coordinator
 * would commit what the new view's log does not hold. With a proposer that was a member this cannot be seen, since that one does not
 * acknowledge either.
 */
export const whatWasCommittedIsInTheNextView: Story = (rules) => {
  const world = formed("abc", { rules });
  world.host("a").cutPower();
  if (world.runUntil(() => world.isOneView(["b", "c"]), 2_000) === null) return ["b and c do not go on"];
  if (world.coordinator()?.node !== b) return ["b does not coordinate"];
  // a is back, and hears c only: it may wait to be taken in, but nobody takes it.
  world.network.cutBoth(a, b);
  world.host("a").start();
  world.run(quickHeartbeat.deadtimeMs);
  let isDeaf = false;
  let kept: Packet | null = null;
  world.onSend = (from, to, packet) => {
    const { kind } = packet.message;
    if (from.node === b && to === c && kind === "heartbeat") return false;
    if (from.node === c && to === b && kind === "heartbeat") return !isDeaf;
    if (from.node !== b || to !== c || kind !== "entry" || kept !== null) return true;
    kept = packet;
    return false;
  };
  // b hears c for longer than c hears b: it is still active when c promises to a.
  world.run(quickHeartbeat.deadtimeMs / 2);
  isDeaf = true;
  const host = world.host("c");
  const hasPromised = (): boolean => host.state?.phase.kind === "promised" && host.state.promised.proposer === a;
  if (world.runUntil(() => host.state?.phase.kind !== "active", 1_000) === null) return ["c does not leave b"];
  submitOnce(world.host("b"));
  if (world.runUntil(hasPromised, 1_000) === null) return ["c does not promise to a"];
  const late = kept as Packet | null;
  if (late === null) return ["b ordered nothing"];
  host.receive(late);
  world.run(3_000);
  return world.checkers.violations.map(({ text }) => text);
};

/** A member that was cut off for a moment, and has promised nothing since, enters its view again: otherwise the view waits for it. */
export const aMemberEntersItsViewAgain: Story = (rules) => {
  const world = formed("abc", { rules });
  const views = world.checkers.viewCount;
  const member = world.host("c");
  // c misses a for a deadtime; nobody but c notices, because c is back before a has missed c for as long.
  let isDeaf = true;
  world.onSend = (from, to, { message }) => {
    if (message.kind !== "heartbeat") return true;
    return !(isDeaf && from.node === a && to === c) && !(message.status === "electing" && from.node === c);
  };
  if (world.runUntil(() => member.facts()?.status === "electing", 1_000) === null) return ["c does not leave a"];
  isDeaf = false;
  submitOnce(world.host("a"));
  const took = world.runUntil(() => world.isOneView(["a", "b", "c"]), quickHeartbeat.deadtimeMs);
  const problems = took === null ? ["c is not back in its view"] : [];
  world.run(1_000);
  return world.checkers.viewCount === views ? problems : [...problems, "a moment of silence has cost a view change"];
};

/** Who cannot win for now asks less and less often: those it asks have better to do than to answer it. */
export const aDoomedProposerBacksOff: Story = (rules) => {
  const world = formed("abc", { rules });
  const host = world.host("a");
  world.host("c").input(() => ({ kind: "leave" }));
  if (world.runUntil(() => host.facts()?.electorate.voters.join("") === "ab", 1_000) === null)
    return ["c does not leave"];
  world.run(500);
  // c gets its vote back by an entry that b never sees: until b has answered, nobody may go on by it.
  world.onSend = (_, to, { message }) => !(to === b && message.kind === "entry");
  world.host("c").start();
  if (world.runUntil(() => host.facts()?.electorate.voters.join("") === "abc", 3_000) === null)
    return ["c gets no vote"];
  world.run(20);
  for (const other of [a, c]) world.network.cutBoth(b, other);
  world.run(1_000);
  const before = host.state?.promised.counter ?? 0;
  world.run(10_000);
  // Each attempt takes a number.
  const attempts = (host.state?.promised.counter ?? 0) - before;
  if (host.facts()?.view !== null) return ["a goes on by a change that nobody has confirmed"];
  if (attempts < 2) return ["a does not try"];
  // Waits double from D / 3 to 8 D / 3: some 14 in 10 s.
  return attempts > 20 ? [`a has tried ${attempts} times in 10 s`] : [];
};

/** A node that rebooted knows too little to fence for quorum: two would shoot each other in turns, each by what it last knew. */
export const aRebootedNodeDoesNotRace: Story = (rules) => {
  const world = formed("ab", { rules, quorum: racing });
  cutPair(world);
  // a wins and goes on alone; then it is gone, and b, which was shot, boots without it.
  if (world.runUntil(() => world.isOneView(["a"]), 5_000) === null) return ["a does not win"];
  submitOnce(world.host("a"));
  world.run(200);
  world.host("a").cutPower();
  world.host("b").start();
  let asked = false;
  world.onStep = (host) => {
    asked ||= host.node === b && host.state?.race.out !== null;
  };
  world.run(10_000);
  const problems = asked ? ["b fences by a log that is old"] : [];
  return world.host("b").facts()?.view === null ? problems : [...problems, "b goes on without what a has ordered"];
};
