import type { Intent } from "../../model/intent.ts";
import type { NodeId } from "../../model/ids.ts";
import type { GroupRules } from "./group-rules.ts";
import type { GroupWorld } from "./group-world.ts";
import { formed, record, submitOnce } from "./stage.ts";

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
  const isVoter = (): boolean => votersOf(world).includes(name);
  if (world.runUntil(() => !isVoter(), 2_000) === null) throw new Error(`Cannot remove ${name}: it still has its vote`);
  return world;
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
