import type { DiskRecord } from "../../model/disk.ts";
import type { Message } from "../../model/message.ts";
import type { GroupHost } from "./group-host.ts";
import { tinyLimits } from "./group-run.ts";
import type { GroupWorld } from "./group-world.ts";
import { formed, isolate, record, submitOnce } from "./stage.ts";
import { checkOf } from "../../core/replication/checkpoint-text.ts";
import type { Story } from "./stories.ts";

/** Directed stories of trimmed logs; as in stories.ts. */

/** So many entries that nobody has the first ones any more. */
export function fillLog(world: GroupWorld, at: string, rounds = 10): void {
  for (let round = 0; round < rounds; round += 1) {
    for (let count = 0; count < 4; count += 1) submitOnce(world.host(at));
    world.run(130);
  }
}

/** An empty disk: its node has lost everything. */
function loseDisk(world: GroupWorld, host: GroupHost): void {
  host.cutPower();
  host.disk.replace([]);
  world.checkers.wipedAt.set(host.node, world.now);
}

function trimmedAt(host: GroupHost): number {
  return host.state?.log.trimmed ?? 0;
}

function notTogether(world: GroupWorld, ...names: readonly string[]): readonly string[] {
  return world.runUntil(() => world.isOneView(names), 8_000) === null ? [`${names.join()} are not together`] : [];
}

function broken(world: GroupWorld): readonly string[] {
  return world.checkers.violations.map(({ text }) => text);
}

/** Who lost its disk gets a checkpoint in many parts, some of which are lost. */
export const aJoinerGetsACheckpoint: Story = (rules) => {
  const world = formed("abc", { rules, limits: { ...tinyLimits, partCharacters: 100 } });
  fillLog(world, "a");
  const c = world.host("c");
  loseDisk(world, c);
  world.run(1_000);
  if (trimmedAt(world.host("a")) === 0) return ["a has trimmed nothing"];
  let parts = 0;
  // Every third part is lost.
  world.onSend = (_, to, { message }) => !(to === "c" && message.kind === "checkpoint-part" && (parts += 1) % 3 === 0);
  c.start();
  const apart = notTogether(world, "a", "b", "c");
  if (parts < 6) return [...apart, "it came in fewer than six parts"];
  return [...apart, ...broken(world)];
};

/** Its proposer dies in the middle: another sends the whole of it, and nothing of the first counts. */
export const aTransferSurvivesItsProposer: Story = (rules) => {
  const world = formed("abc", { rules, limits: { ...tinyLimits, partCharacters: 100 } });
  fillLog(world, "a");
  const [a, c] = [world.host("a"), world.host("c")];
  loseDisk(world, c);
  fillLog(world, "a", 3);
  let parts = 0;
  world.onSend = (from, _, { message }) => {
    if (from === a && message.kind === "checkpoint-part" && (parts += 1) === 3)
      world.events.after(0.1, () => a.cutPower());
    return true;
  };
  c.start();
  if (world.runUntil(() => !a.isRunning, 5_000) === null) return ["a was not in the middle of it"];
  const early = c.state !== null && c.state.delivered > 0 ? ["c delivered a part"] : [];
  const disk = rules.replayDisk(c.disk.records);
  if (!disk.isBlank || disk.checkpoint !== null) early.push("a part of it is on the disk of c");
  world.run(200);
  a.start();
  return [...early, ...notTogether(world, "a", "b", "c"), ...broken(world)];
};

/** It crashes between two parts, and again before the installation is on disk. */
export const aTransferSurvivesItsReceiver: Story = (rules) => {
  const world = formed("abc", { rules, limits: { ...tinyLimits, partCharacters: 100 } });
  fillLog(world, "a");
  const c = world.host("c");
  loseDisk(world, c);
  fillLog(world, "a", 3);
  for (const last of [2, 9_999]) {
    let parts = 0;
    let isDown = false;
    const down = (): void => {
      if (isDown) return;
      isDown = true;
      c.cutPower();
    };
    world.onSend = (from, to, { message }) => {
      if (to === "c" && message.kind === "checkpoint-part" && (parts += 1) === last) world.events.after(0.1, down);
      if (from === c && message.kind === "fetch" && parts > 5) world.events.after(0.1, down);
      return true;
    };
    c.start();
    world.runUntil(() => isDown, 4_000);
    world.onSend = null;
    if (!isDown) return ["c was not in the middle of it"];
  }
  c.start();
  return [...notTogether(world, "a", "b", "c"), ...broken(world)];
};

/** The proposer itself lacks what the holder of the best log does not have any more. */
export const aProposerGetsACheckpoint: Story = (rules) => {
  const world = formed("abc", { rules, limits: tinyLimits });
  const a = world.host("a");
  a.cutPower();
  world.run(1_000);
  fillLog(world, "b");
  for (const host of world.hosts) host.cutPower();
  const sent = record(world);
  for (const host of world.hosts) host.start();
  const apart = notTogether(world, "a", "b", "c");
  const asked = sent.some(({ from, message }) => from === "a" && message.kind === "checkpoint-fetch");
  if (!asked) return [...apart, "a did not ask for the checkpoint"];
  return [...apart, ...broken(world)];
};

/** Power fails while journals are rewritten: what comes back is what was there before, or what was to be. */
export const aRewriteIsWholeOrNotThere: Story = (rules) => {
  const problems: string[] = [];
  for (let seed = 1; seed <= 12; seed += 1) {
    const world = formed("abc", { rules, seed, limits: tinyLimits });
    const b = world.host("b");
    let isDown = false;
    world.onStep = (host, { effects }) => {
      if (host !== b || isDown || !effects.some((effect) => effect.kind === "persist" && effect.isRewrite === true))
        return;
      isDown = true;
      world.events.after(world.dice.between(0, 30) / 10, () => b.cutPower());
    };
    fillLog(world, "a", 12);
    if (!isDown) return ["b rewrote nothing"];
    const disk = rules.replayDisk(b.disk.records);
    if (disk.isBlank || disk.promised.counter === 0) problems.push(`seed ${seed}: b has forgotten what it was`);
    b.start();
    problems.push(...notTogether(world, "a", "b", "c"), ...broken(world));
  }
  return problems;
};

/** Memory of submissions is in the checkpoint: one that was ordered long ago is not ordered again, though it comes again. */
export const anOldSubmissionStaysOld: Story = (rules) => {
  const world = formed("abc", { rules, limits: tinyLimits });
  const [a, b, c] = [world.host("a"), world.host("b"), world.host("c")];
  let kept: Extract<Message, { kind: "submit" }> | null = null;
  world.onSend = (from, _, { message }) => {
    if (from === c && message.kind === "submit") kept ??= message;
    return true;
  };
  submitOnce(c);
  world.run(50);
  fillLog(world, "a");
  const message = kept as Extract<Message, { kind: "submit" }> | null;
  if (message === null || c.incarnation === null) return ["c submitted nothing"];
  // Who leads next has only its checkpoint to know it by.
  for (const host of [a, b]) {
    host.killProcess();
    host.start();
  }
  const apart = notTogether(world, "a", "b", "c");
  for (const host of [a, b]) host.receive({ from: c.node, incarnation: c.incarnation, message });
  world.run(200);
  return [...apart, ...broken(world)];
};

/** A disk put back from a backup is found out by what the checkpoint remembers of it. */
export const aBackupIsKnownByTheCheckpoint: Story = (rules) => {
  const world = formed("abc", { rules, limits: { ...tinyLimits, rewriteBytes: 1e9 } });
  const [a, b, c] = [world.host("a"), world.host("b"), world.host("c")];
  fillLog(world, "a", 2);
  // Of its present life, so that no boot counter gives it away.
  const backup: readonly DiskRecord[] = b.disk.records.slice(0, 4);
  fillLog(world, "a");
  const trimmed = trimmedAt(a);
  if (a.state?.log.entries.some(({ body }) => body.kind === "view") === true || trimmed === 0)
    return ["the view entry is still in the log of a"];
  b.cutPower();
  b.disk.replace(backup);
  world.checkers.wipedAt.set(b.node, world.now);
  c.cutPower();
  b.start();
  world.run(3_000);
  return a.facts()?.view === null ? broken(world) : ["a goes on with a vote of b's backup"];
};

/** What a later version has made is refused: the others go on without this node, and it says why. */
export const aNewerCheckpointIsRefused: Story = (rules) => {
  const world = formed("abc", { rules, limits: { ...tinyLimits, partCharacters: 100_000 } });
  fillLog(world, "a");
  const c = world.host("c");
  loseDisk(world, c);
  fillLog(world, "a", 3);
  world.onSend = (from, to, packet) => {
    const { message } = packet;
    if (to !== "c" || message.kind !== "checkpoint-part") return true;
    const text = message.text.replace('"format":1', '"format":2');
    const newer = { ...message, size: text.length, check: checkOf(text), text };
    world.network.send(to, { ...packet, from: from.node, message: newer });
    return false;
  };
  c.start();
  world.run(6_000);
  const problems = world.isOneView(["a", "b"]) ? [] : ["a and b do not go on without c"];
  if (c.facts()?.refusal === null) problems.push("c does not say why it stays outside");
  const views = world.checkers.viewCount;
  world.run(6_000);
  if (world.checkers.viewCount > views + 1) problems.push("the others are disturbed by c all the time");
  return [...problems, ...broken(world)];
};

/** What came damaged is not taken, though it can be read; and the next attempt is as good as any. */
export const aDamagedCheckpointIsNotTaken: Story = (rules) => {
  const world = formed("abc", { rules, limits: { ...tinyLimits, partCharacters: 100_000 } });
  fillLog(world, "a");
  const c = world.host("c");
  loseDisk(world, c);
  fillLog(world, "a", 3);
  let damaged = 0;
  world.onSend = (from, to, packet) => {
    const { message } = packet;
    if (to !== "c" || message.kind !== "checkpoint-part" || damaged > 0) return true;
    damaged += 1;
    const text = message.text.replace(/"sum":([0-9])/, (_, digit: string) => `"sum":${(Number(digit) % 8) + 1}`);
    world.network.send(to, { ...packet, from: from.node, message: { ...message, text } });
    return false;
  };
  c.start();
  const apart = notTogether(world, "a", "b", "c");
  return damaged === 0 ? [...apart, "nothing was damaged"] : [...apart, ...broken(world)];
};

/** Logs stay short, whatever time it is, while all are there and while one is away. */
export const logsStayShort: Story = (rules) => {
  const world = formed("abc", { rules, limits: tinyLimits });
  let longest = 0;
  world.onStep = (_, { state }) => {
    longest = Math.max(longest, state.log.length - state.log.trimmed);
  };
  fillLog(world, "a");
  world.host("c").cutPower();
  world.run(1_000);
  fillLog(world, "b", 20);
  const problems = longest > 25 ? [`${longest} entries were kept`] : [];
  const counts = world.hosts.map(({ disk }) => disk.records.length);
  if (Math.max(...counts) > 120) problems.push(`${Math.max(...counts)} records are on disk`);
  return [...problems, ...broken(world)];
};

/** Who was away for so long that nobody has the entries takes the state up in one piece, with what became of its submissions. */
export const whoWasAwayTakesTheStateUp: Story = (rules) => {
  const world = formed("abc", { rules, limits: tinyLimits });
  const c = world.host("c");
  // Ordered, but c is gone before it hears of it.
  world.onSend = (from, to) => to !== "c" || from === c;
  submitOnce(c);
  const incarnation = c.incarnation;
  isolateAfter(world, 60);
  fillLog(world, "a");
  if (c.incarnation !== incarnation) return ["c lives anew"];
  const wasPending = c.state?.pending.length ?? 0;
  let restored = 0;
  world.onStep = (host, step) => {
    if (host === c && step.restored !== null) restored = step.restored.index;
  };
  world.network.heal();
  world.onSend = null;
  const problems = [...notTogether(world, "a", "b", "c")];
  world.run(500);
  if (restored === 0) problems.push("c got every entry");
  if (wasPending !== 1 || c.state?.pending.length !== 0) problems.push("c still submits what was ordered long ago");
  return [...problems, ...broken(world)];
};

function isolateAfter(world: GroupWorld, ms: number): void {
  world.run(ms);
  isolate(world, "c");
}
