import type { GroupRules } from "./group-rules.ts";
import type { GroupWorld } from "./group-world.ts";
import { drop, formed, submitOnce } from "./stage.ts";
import type { Story } from "./stories.ts";

/** Stories of the log: what was delivered must be in the log that the next view takes. */

const broken = (world: GroupWorld): readonly string[] => world.checkers.violations.map(({ text }) => text);

/** A member whose disk is late gets the entry a second time, and answers: with what its disk has, not with what its memory has. */
export const aDuplicateIsNotOnDisk: Story = (rules) => {
  const world = formed("abc", { rules });
  const [a, b, c] = [world.host("a"), world.host("b"), world.host("c")];
  const before = a.facts()?.delivered ?? 0;
  c.disk.stalledUntil = world.now + 600;
  submitOnce(a);
  world.run(500);
  if ((c.facts()?.length ?? 0) <= before) return ["c did not get the entry"];
  if (b.disk.length <= before) return ["b does not have the entry on disk"];
  const early = (a.facts()?.delivered ?? 0) > before ? ["a delivered what c does not have on disk"] : [];
  world.run(500);
  return (a.facts()?.delivered ?? 0) > before ? [...early, ...broken(world)] : [...early, "a never delivers"];
};

/** Disks that take their time: nobody says anything before it is there, while entries and then a view are on their way. */
export const slowDisksAreWaitedFor: Story = (rules) => {
  const world = formed("abc", { rules });
  for (const host of world.hosts) host.disk.latencyMax = 80;
  // More than one at a time: several writes are under way when the first is done.
  for (const host of world.hosts) for (let count = 0; count < 4; count += 1) submitOnce(host);
  world.run(200);
  world.host("a").cutPower();
  const took = world.runUntil(() => world.isOneView(["b", "c"]), 5_000);
  return took === null ? [...broken(world), "b and c do not go on"] : broken(world);
};

/** An entry that one of three lacks is on a majority of the disks: not enough. */
export const whatOneLacksIsNotDelivered: Story = (rules) => {
  const world = formed("abc", { rules });
  const a = world.host("a");
  const before = a.facts()?.delivered ?? 0;
  world.onSend = (_, to, { message }) => !(to === "c" && message.kind === "entry");
  submitOnce(a);
  world.run(300);
  if (world.host("b").disk.length <= before) return ["b does not have the entry on disk"];
  const early = (a.facts()?.delivered ?? 0) > before ? ["a delivered what c lacks"] : [];
  world.onSend = null;
  world.run(500);
  return (a.facts()?.delivered ?? 0) > before ? [...early, ...broken(world)] : [...early, "a never delivers"];
};

/**
 * c, away while a and b ordered more, swears to views that are never installed. Its promises are the highest of all, and say nothing of
 * its log: the one to go on with is that of the last installed view.
 */
function swearsInVain(rules: GroupRules, { promises, isRestarted }: Vain): readonly string[] {
  const world = formed("abc", { rules });
  const [a, b, c] = [world.host("a"), world.host("b"), world.host("c")];
  c.cutPower();
  if (world.runUntil(() => world.isOneView(["a", "b"]), 2_000) === null) return ["a and b do not go on"];
  for (let count = 0; count < 3; count += 1) submitOnce(a);
  world.run(100);
  b.cutPower();
  // a proposes again and again; what c is to install is lost.
  drop(world, "install", "c");
  c.start();
  const sworn = new Set<number>();
  world.onStep = ({ node, state }) => {
    if (node === "c" && state?.phase.kind === "promised" && state.phase.isAnswered) sworn.add(state.promised.counter);
  };
  if (world.runUntil(() => sworn.size >= promises, 10_000) === null) return [`c does not promise ${promises} times`];
  if (isRestarted) c.cutPower();
  a.cutPower();
  world.onSend = null;
  b.start();
  c.start();
  const took = world.runUntil(() => world.isOneView(["b", "c"]), 3_000);
  return took === null ? [...broken(world), "b and c do not go on"] : broken(world);
}

interface Vain {
  readonly promises: number;
  readonly isRestarted: boolean;
}

/** In memory: by the second promise, the first one would look like a view of its own. */
export const aPromiseMakesNoLogNewer: Story = (rules) => swearsInVain(rules, { promises: 2, isRestarted: false });

/** On disk, read by the next life. */
export const aPromiseIsNoInstallation: Story = (rules) => swearsInVain(rules, { promises: 1, isRestarted: true });
