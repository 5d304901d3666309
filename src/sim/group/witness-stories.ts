import type { NodeId } from "../../model/ids.ts";
import type { Packet } from "../../model/message.ts";
import { witnessPlace } from "./group-witness.ts";
import type { GroupWorld } from "./group-world.ts";
import { formedWithWitness, submitOnce } from "./stage.ts";
import type { Story } from "./stories.ts";

/** The witness's answer to an attempt that has failed must not complete the next one: here, that the view is installed. */
export const anOlderGrantIsNoAnswer: Story = (rules) => {
  const { world, witness } = formedWithWitness("ab", { rules });
  let kept: Packet | null = null;
  world.onGrant = (to, packet) => {
    if (to !== "a" || packet.message.kind !== "grant" || packet.message.step !== "install") return true;
    if (packet.message.isGranted) kept ??= packet;
    return false;
  };
  world.host("b").cutPower();
  const a = world.host("a");
  const first = world.runUntil(() => kept !== null, 2_000);
  const packet = kept as Packet | null;
  if (first === null || packet?.message.kind !== "grant") return ["the witness was never told of an installation"];
  const { view } = packet.message;
  const isNext = (): boolean =>
    a.state?.phase.kind === "proposing" &&
    a.state.phase.stage.kind === "installing" &&
    a.state.phase.view.counter > view.counter &&
    a.state.phase.stage.installed.length === 1;
  if (world.runUntil(isNext, 5_000) === null) return ["a does not try again"];
  witness.frozenUntil = world.now + 1_000;
  a.receive(packet);
  world.run(5);
  return a.facts()?.status === "active" ? ["a began a view by the answer to an earlier one"] : [];
};

/** What the witness has promised it has promised when it comes back, too. */
export const aPromiseOutlivesTheWitness: Story = (rules) => {
  const { world, witness } = formedWithWitness("ab", { rules });
  world.host("b").cutPower();
  const a = world.host("a");
  world.onGrant = (_, { message }) => !(message.kind === "grant" && message.step === "promise");
  const isAsked = (): boolean => a.state?.phase.kind === "proposing" && a.state.phase.stage.kind === "granting";
  if (world.runUntil(isAsked, 2_000) === null || a.state === null || a.incarnation === null) return ["a does not ask"];
  world.run(20);
  const { promised, logView } = a.state;
  witness.killProcess();
  witness.start();
  const view = { ...promised, proposer: "Z" as NodeId };
  const message = { kind: "ask" as const, step: "promise" as const, sentAt: a.moment().now, view, basis: logView };
  witness.receive({ from: a.node, incarnation: a.incarnation, message });
  world.run(20);
  return world.checkers.violations.map(({ text }) => text);
};

/** The witness remembers through a restart which view it helped to install: whoever was not in it has an older log, and waits. */
export const aGrantOutlivesTheWitness: Story = (rules) => {
  const { world, witness } = formedWithWitness("ab", { rules });
  const [a, b] = [world.host("a"), world.host("b")];
  b.cutPower();
  if (world.runUntil(() => world.isOneView(["a"]), 3_000) === null) return ["a does not go on with the witness"];
  for (let count = 0; count < 3; count += 1) submitOnce(a);
  world.run(200);
  a.cutPower();
  witness.killProcess();
  witness.start();
  b.start();
  world.run(4_000);
  const problems = b.facts()?.view === null ? [] : ["b goes on without what a has ordered"];
  a.start();
  if (world.runUntil(() => world.isOneView(["a", "b"]), 4_000) === null)
    problems.push("a and b are not together again");
  return [...problems, ...world.checkers.violations.map(({ text }) => text)];
};

/** Cuts the two nodes off from each other; both still reach the witness. */
export function cutPair(world: GroupWorld): void {
  world.network.cutBoth("a" as NodeId, "b" as NodeId);
}

/** Cuts the witness off from a node. */
export function cutWitness(world: GroupWorld, name: string): void {
  world.network.cutBoth(name as NodeId, witnessPlace);
}
