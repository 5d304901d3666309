import type { NodeId } from "../../model/ids.ts";
import type { Packet } from "../../model/message.ts";
import { formed, formedWithWitness, quickHeartbeat, racing, submitOnce } from "./stage.ts";
import type { Story } from "./stories.ts";

/** Stories of lives and pauses: who was away, or is somebody else now, must not act on what was meant for it before. */

/**
 * A main loop that stands still for a little more than a deadtime, while its machine goes on beating, has missed nobody: what they said
 * waits in its queue. Judged before that is read, everyone would look dead, and a living view would be left for nothing.
 */
export const aPauseCostsNoView: Story = (rules) => {
  const problems: string[] = [];
  for (const name of ["a", "b"]) {
    const world = formed("abc", { rules });
    if (world.coordinator()?.node !== "a") return ["a does not coordinate"];
    const views = world.checkers.viewCount;
    const left: string[] = [];
    world.onStep = ({ node, state }) => {
      if (state?.phase.kind !== "active") left.push(node);
    };
    world.host(name).hungUntil = world.now + 1.3 * quickHeartbeat.deadtimeMs;
    world.run(2_000);
    if (left.length > 0 || world.checkers.viewCount !== views)
      problems.push(`${name} stood still, and ${[...new Set(left)].join(", ")} left the view`);
  }
  return problems;
};

/** The same of a witness whose vote the view needs. */
export const aPauseDoesNotLoseTheWitness: Story = (rules) => {
  const { world } = formedWithWitness("ab", { rules });
  world.host("b").cutPower();
  const a = world.host("a");
  if (world.runUntil(() => world.isOneView(["a"]), 3_000) === null) return ["a does not go on with the witness"];
  world.run(500);
  const views = world.checkers.viewCount;
  a.hungUntil = world.now + 1.3 * quickHeartbeat.deadtimeMs;
  world.run(1_000);
  return world.checkers.viewCount === views && world.isOneView(["a"])
    ? []
    : ["a left its view, as if the witness were silent"];
};

/**
 * b waits for its turn to fence a, which is dead, and stands still; meanwhile a is back. What b reads first when it goes on need not be
 * of a: it must not ask for the fence before it has read on.
 */
export const aPauseAsksForNoFence: Story = (rules) => {
  const world = formed("ab", { rules, quorum: racing });
  const [a, b] = [world.host("a"), world.host("b")];
  a.cutPower();
  world.run(1_500);
  b.frozenUntil = world.now + racing.delayMs + 1_000;
  b.input(() => ({ kind: "port-state", node: a.node, state: "silent" }));
  world.run(3_000);
  a.start();
  let asked = false;
  world.onStep = (host) => {
    asked ||= host === b && host.state?.race.out !== null;
  };
  const took = world.runUntil(() => world.isOneView(["a", "b"]), racing.delayMs + 1_000);
  const problems = asked ? ["b asked for a fence of a, which had been back for seconds"] : [];
  return took === null ? [...problems, "a and b are not together again"] : problems;
};

/**
 * A member that has promised, reboots, and finds its disk put back from a backup, promises anew to a copy of the same proposal: then
 * the installation that was made for its former life's log comes. Only the life that it names tells that it does not fit.
 */
export const anInstallationIsForOneLife: Story = (rules) => {
  const world = formed("abc", { rules });
  const [a, b] = [world.host("a"), world.host("b")];
  const backup = [...b.disk.records];
  for (let count = 0; count < 5; count += 1) submitOnce(a);
  world.run(100);
  world.host("c").cutPower();
  let proposal: Packet | null = null;
  let installation: Packet | null = null;
  world.onSend = (_, to, packet) => {
    if (to !== "b") return true;
    if (packet.message.kind === "propose") proposal ??= packet;
    if (packet.message.kind !== "install") return true;
    installation ??= packet;
    return false;
  };
  if (world.runUntil(() => installation !== null, 1_000) === null) return ["nothing was to be installed"];
  const [again, late] = [proposal as Packet | null, installation as Packet | null];
  if (again === null || late === null) return ["nothing was proposed"];
  b.cutPower();
  b.disk.replace(backup);
  world.checkers.wipedAt.set(b.node, world.now);
  // Nothing of what the new life says arrives, or a would propose anew.
  world.onSend = (from, to, { message }) => from !== b && to === ("b" as NodeId) && message.kind === "heartbeat";
  b.start();
  const isReady = (): boolean => b.state?.peers.some(({ node, beat }) => node === "a" && beat !== null) === true;
  if (world.runUntil(isReady, 1_000) === null) return ["b does not hear a"];
  b.receive(again);
  if (world.runUntil(() => b.state?.phase.kind === "promised", 100) === null) return ["b did not promise anew"];
  world.run(5);
  const installed = b.state?.logView.counter;
  b.receive(late);
  world.run(5);
  const problems = world.checkers.violations.map(({ text }) => text);
  if (b.state !== null && b.state.logView.counter !== installed)
    problems.push("b installed what its former life promised");
  world.onSend = null;
  world.host("c").start();
  const took = world.runUntil(() => world.isOneView(["a", "b", "c"]), 5_000);
  return took === null ? [...problems, "the three are not together again"] : problems;
};

/** A node that stood still reads old heartbeats when it goes on: they echo it, but prove nothing of the present. */
export const oldEchoesGiveNoLease: Story = (rules) => {
  const world = formed("abc", { rules });
  const c = world.host("c");
  const before = c.state?.logView.counter;
  c.stampsAtReading = true;
  c.frozenUntil = world.now + 2_000;
  const problems = new Set<string>();
  world.onStep = (host) => {
    if (host !== c || c.facts()?.isLeased !== true || c.state?.logView.counter !== before) return;
    problems.add("c holds a lease by what it was told before its pause");
  };
  world.run(3_500);
  if (!world.isOneView(["a", "b", "c"])) problems.add("c is not back");
  return [...problems, ...world.checkers.violations.map(({ text }) => text)];
};
