import type { QuorumConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import { durationMs } from "../../model/units.ts";
import { formed, submitOnce } from "./stage.ts";
import type { Story } from "./stories.ts";

/** Stories of an electorate that is about to change: both count until it is decided, and it does not change beside a blank voter. */

/**
 * Two nodes: b leaves, and the entry by which a needs nobody is on a's disk only when they are cut off from each other. b knows nothing
 * of it, fences a, and goes on: a must not have gone on by that entry.
 */
export const aLeaverFencesWhoItLeaves: Story = (rules) => {
  const quorum: QuorumConfig = { kind: "fencing", prefer: "b" as NodeId, delayMs: durationMs(5_000) };
  const world = formed("ab", { rules, quorum });
  world.fenceDelayMin = 1_000;
  world.fenceDelayMax = 1_000;
  const [a, b] = [world.host("a"), world.host("b")];
  if (world.coordinator() !== a) return ["a does not coordinate"];
  world.onSend = (from, _, { message }) => !(from === a && (message.kind === "entry" || message.kind === "commit"));
  b.input(() => ({ kind: "leave" }));
  world.run(20);
  if (a.facts()?.electorate.voters.join("") !== "a") return ["the change is not in a's log"];
  if (b.facts()?.electorate.voters.join("") !== "ab") return ["the change is in b's log"];
  world.network.cutBoth(a.node, b.node);
  world.onSend = null;
  let wentOn = false;
  world.onStep = (host) => {
    wentOn ||= host === a && world.isOneView(["a"]);
  };
  world.run(600);
  submitOnce(a);
  if (world.runUntil(() => world.isOneView(["b"]), 3_000) === null) return ["b does not win"];
  world.network.heal();
  world.run(4_000);
  const problems = wentOn ? ["a goes on without b, which does not know that it may"] : [];
  return [...problems, ...world.checkers.violations.map(({ text }) => text)];
};

/**
 * c leaves in the moment in which b, a voter of the view, finds that its disk was put back from a backup, and is blank. With c's vote
 * withdrawn by an entry that b cannot take any more, a would need b, whose vote does not count: all three together would be no quorum.
 */
export const noVoteChangesBesideABlankVoter: Story = (rules) => {
  const world = formed("abc", { rules });
  const [a, b, c] = [world.host("a"), world.host("b"), world.host("c")];
  if (world.coordinator() !== a) return ["a does not coordinate"];
  const backup = b.disk.records.slice(0, 3);
  // c alone hears b's next lives; they are too short for c to be the better centre.
  world.network.cutBoth(a.node, b.node);
  for (let count = 0; count < 2; count += 1) {
    b.killProcess();
    b.start();
    world.run(20);
  }
  b.cutPower();
  b.disk.replace(backup);
  world.network.heal();
  world.network.cutBoth(b.node, c.node);
  b.start();
  if (world.runUntil(() => world.isOneView(["a", "b", "c"]), 3_000) === null) return ["b is not taken in"];
  if (world.coordinator() !== a) return ["a does not coordinate any more"];
  world.run(200);
  // Its disk is slow to take that it is distrusted, so it says so for a while before it begins a new life.
  b.disk.stalledUntil = world.now + 200;
  world.network.heal();
  const isTold = (): boolean =>
    a.state?.peers.some(({ node, beat }) => node === "b" && beat?.isBlank === true) === true;
  if (world.runUntil(isTold, 200) === null) return ["b does not say that it is blank"];
  if (a.facts()?.view?.members.length !== 3) return ["a has left its view"];
  c.input(() => ({ kind: "leave" }));
  if (world.runUntil(() => !c.isRunning, 10_000) === null) return ["c does not leave"];
  c.start();
  const took = world.runUntil(() => world.isOneView(["a", "b", "c"]), 6_000);
  return took === null ? ["a waits for a vote that b cannot give"] : world.checkers.violations.map(({ text }) => text);
};
