import type { QuorumConfig } from "../../model/cluster-config.ts";
import type { Intent } from "../../model/intent.ts";
import type { NodeId } from "../../model/ids.ts";
import type { GroupRules } from "./group-rules.ts";
import { GroupWorld } from "./group-world.ts";
import { formed, quickHeartbeat, record, submitOnce, votesByName } from "./stage.ts";

/** An operator's wish, as the coordinator orders it. */
export function ask(world: GroupWorld, kind: "remove-node" | "readmit-node", node: string): void {
  const intent: Intent = { kind, node: node as NodeId };
  world.coordinator()?.submit({ kind: "intent", intent, author: "operator" });
}

/** Nodes a, b and c, of which c has gone and was removed. @throws Error when its vote stays */
export function formedWithout(name: string, names = "abc", rules?: GroupRules): GroupWorld {
  const world = formed(names, rules === undefined ? {} : { rules });
  world.host(name).cutPower();
  const others = names.replace(name, "").split("");
  if (world.runUntil(() => world.isOneView(others), 3_000) === null) throw new Error(`Cannot go on without ${name}`);
  ask(world, "remove-node", name);
  const isVoter = (): boolean => others.some((other) => countsOf(world, other).includes(name));
  if (world.runUntil(() => !isVoter(), 2_000) === null) throw new Error(`Cannot remove ${name}: it still has its vote`);
  // The commit goes to the disks as well: a restart must not give it the vote back.
  world.run(50);
  return world;
}

/** Whose votes count for a node. */
export function countsOf(world: GroupWorld, node: string): string {
  return world.host(node).facts()?.counted.join("") ?? "";
}

/** As the coordinator has them. */
export function votersOf(world: GroupWorld): string {
  return world.coordinator()?.facts()?.electorate.voters.join("") ?? "";
}

/** [GRP-103] Whoever was away while a node was readmitted remembers its removal, and must not send it away. */
export function anOldRemovalSendsNobodyAway(rules: GroupRules): readonly string[] {
  const world = formedWithout("d", "abcd", rules);
  world.host("a").cutPower();
  world.runUntil(() => world.isOneView(["b", "c"]), 3_000);
  ask(world, "readmit-node", "d");
  world.run(200);
  world.host("d").start();
  world.runUntil(() => world.isOneView(["b", "c", "d"]), 3_000);
  // It hears d alone, and d alone hears it.
  for (const other of ["b", "c"]) world.network.lastingCuts.add(`${other}>a`).add(`a>${other}`);
  world.host("a").start();
  world.run(3_000);
  return world.host("d").isRunning ? [] : ["d was told to go by one that did not know better"];
}

/**
 * [GRP-106] The removal of c is delivered to b, and the view is lost before its vote is gone: without c nobody is a quorum, so c is heard.
 * When a is back, c loses its vote and goes.
 */
export function aRemovalInALostTail(rules: GroupRules): readonly string[] {
  const world = formed("abc", { rules });
  world.host("c").cutPower();
  if (world.runUntil(() => world.isOneView(["a", "b"]), 3_000) === null) return ["no view of two"];
  removeAndLose(world, "c", "b");
  world.host("c").start();
  if (world.runUntil(() => world.isOneView(["b", "c"]), 3_000) === null) return ["no quorum without a"];
  world.host("a").start();
  if (world.runUntil(() => world.isOneView(["a", "b"]), 5_000) === null) return ["no view without c"];
  return endsAlone(world, "c", "ab");
}

/** [GRP-106] The entry that withdraws its vote is on disks and not known to be committed: the electorate before it counts as well. */
export function aVoteHalfWithdrawn(rules: GroupRules): readonly string[] {
  const world = formed("abcd", { rules });
  world.host("d").cutPower();
  if (world.runUntil(() => world.isOneView(["a", "b", "c"]), 3_000) === null) return ["no view of three"];
  ask(world, "remove-node", "d");
  const hasLost = (node: string): boolean =>
    world
      .host(node)
      .facts()
      ?.electorate.voters.includes("d" as NodeId) === false;
  world.runUntil(() => hasLost("b") && hasLost("c"), 1_000);
  world.coordinator()?.cutPower();
  const { state } = world.host("b");
  if ((state?.log.electorates.at(-1)?.index ?? 0) <= (state?.committed ?? 0))
    return ["its vote is gone before the story begins"];
  world.host("d").start();
  if (world.runUntil(() => world.isOneView(["b", "c"]), 6_000) === null) return ["no quorum without a"];
  world.host("a").start();
  return endsAlone(world, "d", "abc");
}

/** [GRP-106] A removed node that is needed leads its view: it takes its own vote away as soon as the others are enough. */
export function aRemovedCoordinatorGoes(rules: GroupRules): readonly string[] {
  const world = formed("abc", { rules });
  world.host("a").cutPower();
  if (world.runUntil(() => world.isOneView(["b", "c"]), 3_000) === null) return ["no view of two"];
  removeAndLose(world, "a", "c");
  world.host("a").start();
  if (world.runUntil(() => world.isOneView(["a", "c"]), 3_000) === null) return ["no quorum without b"];
  if (world.coordinator() !== world.host("a")) return ["a does not lead"];
  world.host("b").start();
  if (world.runUntil(() => world.isOneView(["b", "c"]), 5_000) === null) return ["no view without a"];
  return endsAlone(world, "a", "bc");
}

/** [GRP-102] [GRP-106] Beside its fellow and the witness one node changes no votes; the removed fellow is heard, loses its vote, and goes. */
export function aRemovedFellowComesBack(rules: GroupRules): readonly string[] {
  const world = formed("ab", { rules, quorum: { kind: "witness", ip: "192.0.2.1", port: 6941 } });
  world.host("b").cutPower();
  if (world.runUntil(() => world.isOneView(["a"]), 5_000) === null) return ["no view beside the witness"];
  ask(world, "remove-node", "b");
  world.run(1_000);
  world.host("b").start();
  world.runUntil(() => votersOf(world) === "a", 5_000);
  return endsAlone(world, "b", "a");
}

/** [GRP-107] The configuration has no witness any more while its vote is needed: it is asked until the nodes can do without it. */
export function aNeededWitnessIsAsked(rules: GroupRules): readonly string[] {
  const world = formed("ab", { rules, quorum: { kind: "witness", ip: "192.0.2.1", port: 6941 } });
  world.host("b").cutPower();
  if (world.runUntil(() => world.isOneView(["a"]), 5_000) === null) return ["no view beside the witness"];
  const leaveWitness = (name: string): void => {
    const nodes = world.hosts.map(({ node }) => node);
    world.host(name).input(() => ({ kind: "roster", nodes, removed: [], quorum: { kind: "majority" } }));
  };
  leaveWitness("a");
  world.run(3_000);
  if (!world.isOneView(["a"])) return ["the view is lost with the witness"];
  world.host("b").start();
  leaveWitness("b");
  world.runUntil(() => world.isOneView(["a", "b"]), 5_000);
  world.run(1_000);
  const problems = world.checkers.violations.map(({ rule, text }) => `${rule}: ${text}`);
  if (votersOf(world) !== "ab") problems.push(`votes of ${votersOf(world)}`);
  if (world.host("a").facts()?.witness !== null) problems.push("it is asked for ever");
  return problems;
}

/** [GRP-108] A node that is known by files alone is in no view, and gets no vote. */
export function aStrangerWaits(rules: GroupRules): readonly string[] {
  const world = withStranger(rules, { kind: "majority" });
  world.host("c").start();
  const seen = new Set<string>();
  world.onStep = (_host, { state }) => {
    for (const { node } of state.viewMembers) seen.add(node);
  };
  if (world.runUntil(() => world.isOneView(["a", "b"]), 5_000) === null) return ["no view"];
  world.run(5_000);
  if (!world.isOneView(["a", "b"]) || seen.has("c")) return ["it was in a view"];
  return votersOf(world) === "ab" ? [] : ["it got a vote"];
}

/** [GRP-44] [GRP-108] Who waits for all does not wait for a node that is not in force. */
export function aStrangerIsNotAwaited(rules: GroupRules): readonly string[] {
  const world = withStranger(rules, { kind: "majority", waitForAll: true });
  return world.runUntil(() => world.isOneView(["a", "b"]), 5_000) === null ? ["waits for a node of files alone"] : [];
}

/** Two nodes that begin with files that know of a third one, c, and with disks that do not. */
function withStranger(rules: GroupRules, quorum: QuorumConfig): GroupWorld {
  const names = "abc";
  const votes = () => votesByName(names, names);
  const world = new GroupWorld({ names: names.split(""), heartbeat: quickHeartbeat, quorum, votes, rules, seed: 1 });
  world.found("a", "b");
  const [nodes, strangers] = [world.hosts.map(({ node }) => node), [world.host("c").node]];
  for (const name of "ab") {
    world.host(name).start();
    world.host(name).input(() => ({ kind: "roster", nodes, strangers, removed: [], quorum }));
  }
  return world;
}

/** The removal is delivered to `left`; what follows it is not sent any more, and the coordinator loses power. */
function removeAndLose(world: GroupWorld, removed: string, left: string): void {
  world.onSend = (_from, _to, { message }) => message.kind !== "entry" || message.entry.body.kind !== "electorate";
  ask(world, "remove-node", removed);
  const isDelivered = (): boolean => world.host(left).state?.setup.removed.length === 1;
  if (world.runUntil(isDelivered, 1_000) === null) throw new Error(`Cannot go on: ${removed} is not removed`);
  world.coordinator()?.cutPower();
  world.onSend = null;
}

/** The removed node has ended, and the others count themselves only. */
function endsAlone(world: GroupWorld, removed: string, others: string): readonly string[] {
  world.run(3_000);
  const problems = world.checkers.violations.map(({ rule, text }) => `${rule}: ${text}`);
  if (world.host(removed).isRunning) problems.push(`${removed} goes on`);
  if (!world.isOneView(others.split(""))) problems.push("the others have no view");
  if (votersOf(world) !== others) problems.push(`votes of ${votersOf(world)}`);
  return problems;
}

/** [GRP-102] Two votes are not withdrawn at once: a majority of the voters before must know of each. */
export function votesGoOneByOne(rules: GroupRules): readonly string[] {
  const world = formed("abcde", { rules });
  for (const name of "de") world.host(name).cutPower();
  if (world.runUntil(() => world.isOneView(["a", "b", "c"]), 3_000) === null) return ["no view of three"];
  ask(world, "remove-node", "d");
  ask(world, "remove-node", "e");
  world.run(1_000);
  const changes = world.checkers.log.flatMap(({ body }) => (body.kind === "electorate" ? [body.voters.length] : []));
  return changes.join() === "4,3" ? [] : [`electorates of ${changes.join()}`];
}

/** [GRP-104] A removed node that comes back is told so, and ends; what it sends reaches nobody's log. */
export function aRemovedNodeEnds(rules: GroupRules): readonly string[] {
  const world = formedWithout("c", "abc", rules);
  const sent = record(world);
  world.host("c").start();
  submitOnce(world.host("c"));
  world.run(3_000);
  const problems: string[] = [];
  if (world.host("c").isRunning) problems.push("it goes on");
  if (!world.isOneView(["a", "b"])) problems.push("the others are disturbed");
  if (sent.some(({ to, message }) => to === "c" && message.kind !== "removed")) problems.push("it is spoken to");
  return problems;
}
