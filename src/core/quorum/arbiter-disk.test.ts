import { describe, expect, test } from "vitest";
import type { ArbiterContent, ArbiterSlot, SlotVote } from "../../model/arbiter-disk.ts";
import type { NodeId } from "../../model/ids.ts";
import { witnessId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { WitnessAsk } from "../../model/message.ts";
import { instantMs } from "../../model/units.ts";
import { noView, type ViewId } from "../../model/view.ts";
import { type ArbiterDiskEffect, type ArbiterDiskState, startArbiterDisk, stepArbiterDisk } from "./arbiter-disk.ts";

// Goal: a disk on which each node judges for itself gives its vote as one witness would, and no answer where it cannot know.

const life = "1".repeat(28) as Incarnation;
const otherLife = "2".repeat(28) as Incarnation;
const [a, b] = ["a" as NodeId, "b" as NodeId];
const disk = witnessId("00000000000d");
const view = (counter: number, proposer: NodeId = a): ViewId => ({ counter, proposer, incarnation: life });

function slotOf(node: NodeId, vote: Partial<SlotVote> = {}, beat = 0): ArbiterSlot {
  const whole: SlotVote = { disk, node, incarnation: life, sequence: 0, promised: noView, logView: noView, ...vote };
  return { votes: [whole, whole], beat: { disk, node, incarnation: life, count: beat } };
}

/** One node's way to a disk that does what it is told at once. */
class Bench {
  state: ArbiterDiskState;
  slots: ArbiterSlot[] = [slotOf(a), slotOf(b)];
  header = { disk, cluster: "c", nodes: [a, b] };
  now = 1_000;
  /** What happens before the effect of that number is done. */
  readonly before = new Map<number, () => void>();
  readonly log: string[] = [];
  #done = 0;

  constructor(incarnation = life, self = a) {
    this.state = startArbiterDisk({ self, incarnation, cluster: "c", deadtimeMs: 100 });
  }

  ask(step: WitnessAsk["step"], about: ViewId = noView, basis: ViewId = noView): readonly ArbiterDiskEffect[] {
    const asked: WitnessAsk = { step, sentAt: instantMs(this.now), view: about, basis };
    this.log.length = 0;
    this.#done = 0;
    const open = [...this.#step({ kind: "ask", ask: asked })];
    const said: ArbiterDiskEffect[] = [];
    for (let effect = open.shift(); effect !== undefined; effect = open.shift()) {
      if (effect.kind === "answer" || effect.kind === "trouble" || effect.kind === "heard") said.push(effect);
      else open.push(...this.#do(effect));
    }
    return said;
  }

  /** true or false: granted or not; null: no answer. */
  granted(step: WitnessAsk["step"], about: ViewId = noView, basis: ViewId = noView): boolean | null {
    const answer = this.ask(step, about, basis).find((effect) => effect.kind === "answer");
    return answer?.kind === "answer" ? answer.grant.isGranted : null;
  }

  set(slot: number, change: Partial<SlotVote>, copies: readonly number[] = [0, 1]): void {
    const [first, second] = this.slots[slot]?.votes ?? [null, null];
    const changed = (vote: SlotVote | null, copy: number): SlotVote | null =>
      vote === null || !copies.includes(copy) ? vote : { ...vote, ...change };
    this.slots[slot] = { beat: this.slots[slot]?.beat ?? null, votes: [changed(first, 0), changed(second, 1)] };
  }

  #step(input: Parameters<typeof stepArbiterDisk>[1]): readonly ArbiterDiskEffect[] {
    const { state, effects } = stepArbiterDisk(this.state, input, instantMs(this.now));
    this.state = state;
    return effects;
  }

  #do(effect: Exclude<ArbiterDiskEffect, { kind: "answer" | "trouble" | "heard" }>): readonly ArbiterDiskEffect[] {
    this.before.get(this.#done)?.();
    this.#done += 1;
    this.log.push(effect.kind === "write-vote" ? `vote ${effect.copy}` : effect.kind);
    if (effect.kind === "read") {
      const content: ArbiterContent = { header: this.header, slots: this.slots };
      return this.#step({ kind: "read", content });
    }
    const slot = this.slots[effect.slot];
    if (slot === undefined) throw new RangeError(`Cannot write slot ${effect.slot}`);
    if (effect.kind === "write-beat") this.slots[effect.slot] = { ...slot, beat: effect.beat };
    else {
      const [first, second] = slot.votes;
      this.slots[effect.slot] = { ...slot, votes: effect.copy === 0 ? [effect.vote, second] : [first, effect.vote] };
    }
    return this.#step({ kind: "written" });
  }
}

describe("the vote", () => {
  test("[GRP-90] is looked for, claimed in two copies, and looked for again", () => {
    const bench = new Bench();
    expect(bench.granted("hear")).toBe(false);
    expect(bench.granted("promise", view(1))).toBe(true);
    expect(bench.log).toEqual(["read", "vote 0", "vote 1", "read"]);
    expect(bench.granted("install", view(1))).toBe(true);
    expect(bench.slots[0]?.votes).toMatchObject([
      { promised: view(1), logView: view(1), sequence: 2 },
      { promised: view(1), logView: view(1), sequence: 2 },
    ]);
  });

  test.each([
    ["lower than another's promise", { promised: view(6, b), logView: noView }, view(5), noView],
    ["for an older log than another has installed", { promised: view(2, b), logView: view(2, b) }, view(5), view(1)],
  ] as const)("[GRP-89] a claim %s is refused without a trace", (_, other, about, basis) => {
    const bench = new Bench();
    bench.set(1, { ...other, sequence: 3 });
    expect(bench.granted("hear")).toBe(false);
    expect(bench.granted("promise", about, basis)).toBe(false);
    expect(bench.log).toEqual(["read"]);
  });

  test.each([
    ["a higher promise", { promised: view(6, b) }],
    ["a later installation", { promised: view(4, b), logView: view(4, b) }],
  ] as const)("[GRP-90] %s that comes between the looks ends it", (_, other) => {
    const bench = new Bench();
    expect(bench.granted("hear")).toBe(false);
    bench.before.set(2, () => bench.set(1, { ...other, sequence: 1 }));
    expect(bench.granted("promise", view(5), view(1))).toBe(false);
  });

  test("[GRP-90] nothing is installed after a higher promise, nor without an own one", () => {
    const bench = new Bench();
    expect(bench.granted("install", view(1))).toBe(false);
    expect(bench.granted("promise", view(1))).toBe(true);
    bench.set(1, { promised: view(2, b), sequence: 1 });
    expect(bench.granted("install", view(1))).toBe(false);
    expect(bench.slots[0]?.votes[0]?.logView).toEqual(noView);
  });
});

describe("a slot", () => {
  test("[GRP-91] that cannot be read hides what it promised: no answer, and why", () => {
    const bench = new Bench();
    bench.slots[1] = { votes: [null, null], beat: null };
    expect(bench.ask("hear")).toEqual([{ kind: "trouble", reason: "the slot of b is damaged" }]);
    bench.slots[1] = slotOf(b);
    expect(bench.ask("hear").map(({ kind }) => kind)).toEqual(["trouble", "answer"]);
  });

  test("[GRP-91] of a disk that was made anew in between counts for nothing", () => {
    const bench = new Bench();
    bench.set(1, { disk: witnessId("00000000000e") }, [0]);
    bench.slots[1] = { votes: [bench.slots[1]?.votes[0] ?? null, null], beat: null };
    expect(bench.granted("hear")).toBeNull();
  });

  test("[GRP-92] with both copies of one writing for the disk that this was before is an empty one", () => {
    const bench = new Bench();
    bench.set(0, { disk: witnessId("00000000000e"), sequence: 9, promised: view(9) });
    bench.set(1, { disk: witnessId("00000000000e"), sequence: 7, promised: view(8, b) });
    expect(bench.granted("promise", view(1))).toBe(true);
    expect(bench.slots[0]?.votes[1]).toMatchObject({ disk, sequence: 2, promised: view(1) });
    bench.set(1, { sequence: 8 }, [0]);
    expect(bench.ask("hear")).toEqual([{ kind: "trouble", reason: "the slot of b is damaged" }]);
  });

  test("[GRP-92] with one whole copy says what that one says, and its own node mends it", () => {
    const bench = new Bench();
    const [, second] = slotOf(a, { sequence: 4, promised: view(3) }).votes;
    bench.slots[0] = { votes: [null, second], beat: null };
    bench.slots[1] = { votes: [slotOf(b, { sequence: 2, promised: view(5, b) }).votes[0], null], beat: null };
    expect(bench.ask("hear")).toMatchObject([{ kind: "answer", grant: { promised: view(5, b) } }]);
    expect(bench.slots[0]?.votes).toMatchObject([
      { sequence: 5, promised: view(3) },
      { sequence: 5, promised: view(3) },
    ]);
  });

  test("[GRP-92] whose second copy is damaged is never without a whole one: that copy is written first", () => {
    const bench = new Bench();
    const [first] = slotOf(a, { sequence: 4, promised: view(3) }).votes;
    bench.slots[0] = { votes: [first, null], beat: null };
    expect(bench.granted("hear")).toBe(false);
    expect(bench.log.slice(0, 3)).toEqual(["read", "vote 1", "vote 0"]);
  });

  test("[GRP-93] that is older than it was: a cache answers, or another disk", () => {
    const bench = new Bench();
    bench.set(1, { sequence: 7 });
    expect(bench.granted("hear")).toBe(false);
    bench.set(1, { sequence: 6 });
    expect(bench.ask("hear")).toEqual([{ kind: "trouble", reason: "the slot of b is read older than it was" }]);
  });

  test("[GRP-93] of its own that another hand writes: no answer until that has ended for a while", () => {
    const bench = new Bench();
    expect(bench.granted("hear")).toBe(false);
    bench.set(0, { sequence: 1, incarnation: otherLife });
    expect(bench.granted("promise", view(1))).toBeNull();
    bench.now += 199;
    expect(bench.granted("promise", view(2))).toBeNull();
    bench.now += 1;
    expect(bench.granted("promise", view(3))).toBe(true);
  });

  test("[GRP-93] a sign of life of its own that is another's tells as well", () => {
    const bench = new Bench();
    expect(bench.granted("hear")).toBe(false);
    bench.slots[0] = { ...slotOf(a), beat: { disk, node: a, incarnation: otherLife, count: 1 } };
    expect(bench.granted("hear")).toBeNull();
  });

  test("[GRP-93] one late sign of life of an earlier life, and nothing more, is written over in the end", () => {
    const bench = new Bench();
    expect(bench.granted("promise", view(1))).toBe(true);
    const { votes } = bench.slots[0] ?? slotOf(a);
    bench.slots[0] = { votes, beat: { disk, node: a, incarnation: otherLife, count: 1 } };
    expect(bench.granted("hear")).toBeNull();
    bench.now += 199;
    expect(bench.granted("hear")).toBeNull();
    bench.now += 1;
    expect(bench.granted("promise", view(2))).toBe(true);
  });
});

describe("two faults of one node: a late write of an earlier life over one copy, and the other one torn", () => {
  test("[GRP-96] leave a slot from which nobody concludes anything, not what the earlier life had claimed", () => {
    const bench = new Bench();
    // The life before this one was claiming when it ended; its write is on its way.
    const late = slotOf(a, { sequence: 1, promised: view(1) }).votes[0];
    const next = new Bench(otherLife);
    next.slots = bench.slots;
    expect([next.granted("promise", view(2)), next.granted("install", view(2))]).toEqual([true, true]);
    bench.slots[0] = { votes: [late, null], beat: bench.slots[0]?.beat ?? null };
    const other = new Bench(life, b);
    other.slots = bench.slots;
    expect(other.ask("promise", view(1, b))).toEqual([{ kind: "trouble", reason: "the slot of a is damaged" }]);
  });

  test("[GRP-93] [GRP-96] count as going back for who has seen more, even when both lives had written as often", () => {
    const bench = new Bench(life, b);
    bench.set(0, { sequence: 3, incarnation: otherLife, promised: view(4) });
    expect(bench.granted("hear")).toBe(false);
    bench.slots[0] = { votes: [slotOf(a, { sequence: 3, promised: view(1) }).votes[0], null], beat: null };
    expect(bench.ask("hear")).toEqual([{ kind: "trouble", reason: "the slot of a is read older than it was" }]);
  });

  test("[GRP-96] one of them alone hides nothing", () => {
    const bench = new Bench(otherLife);
    expect(bench.granted("promise", view(2))).toBe(true);
    const { votes, beat } = bench.slots[0] ?? slotOf(a);
    const late = slotOf(a, { sequence: 1, promised: view(1) }).votes[0];
    for (const left of [
      [null, votes[1]],
      [votes[0], null],
      [late, votes[1]],
      [votes[0], late],
    ] as const) {
      const other = new Bench(life, b);
      other.slots = [{ votes: left, beat }, slotOf(b)];
      expect(other.granted("promise", view(1, b))).toBe(false);
    }
  });
});

test("[GRP-96] a life makes the slot its own before its first claim: both copies, then a sign of life", () => {
  const bench = new Bench(otherLife);
  expect(bench.granted("promise", view(1))).toBe(true);
  expect(bench.log).toEqual(["read", "vote 0", "vote 1", "read", "write-beat", "read", "vote 0", "vote 1", "read"]);
  expect(bench.granted("install", view(1))).toBe(true);
  expect(bench.log).toEqual(["read", "vote 0", "vote 1", "read"]);
});

test.each([
  ["of another cluster", { cluster: "d" }, 'it is the arbiter disk of cluster "d"'],
  ["without a slot for this node", { nodes: [b] }, "it has no slot for a, only for b"],
])("[GRP-91] a disk %s is not written", (_, change, reason) => {
  const bench = new Bench();
  bench.header = { ...bench.header, ...change };
  expect(bench.ask("hear")).toEqual([{ kind: "trouble", reason }]);
  expect(bench.log).toEqual(["read"]);
});

test("[GRP-94] what comes back late claims nothing, and is no answer", () => {
  const bench = new Bench();
  bench.before.set(0, () => (bench.now += 200));
  expect(bench.ask("promise", view(1))).toEqual([{ kind: "trouble", reason: "it is too slow" }]);
  expect(bench.log).toEqual(["read"]);
});

test("[GRP-94] one thing at a time, the most urgent first, and of each step the newest question", () => {
  let state = startArbiterDisk({ self: a, incarnation: life, cluster: "c", deadtimeMs: 100 });
  const ask = (step: WitnessAsk["step"], sentAt: number): readonly ArbiterDiskEffect[] => {
    const asked: WitnessAsk = { step, sentAt: instantMs(sentAt), view: view(1), basis: noView };
    const next = stepArbiterDisk(state, { kind: "ask", ask: asked }, instantMs(sentAt));
    state = next.state;
    return next.effects;
  };
  expect(ask("hear", 1)).toEqual([{ kind: "read" }]);
  expect([ask("hear", 2), ask("hear", 3), ask("promise", 4)]).toEqual([[], [], []]);
  const failed = stepArbiterDisk(state, { kind: "failed", reason: "EIO" }, instantMs(5));
  expect(failed.effects).toEqual([{ kind: "trouble", reason: "EIO" }, { kind: "read" }]);
  expect(failed.state.work?.ask.step).toBe("promise");
  expect(failed.state.waiting).toMatchObject([{ step: "hear", sentAt: 3 }]);
});

test("[GRP-95] who writes a sign of life is heard; what was there at the first look is none", () => {
  const bench = new Bench();
  bench.slots[1] = slotOf(b, {}, 9);
  expect(bench.ask("hear").map(({ kind }) => kind)).toEqual(["answer"]);
  expect(bench.slots[0]?.beat).toMatchObject({ count: 1, incarnation: life });
  bench.slots[1] = slotOf(b, {}, 10);
  expect(bench.ask("hear").map(({ kind }) => kind)).toEqual(["heard", "answer"]);
});
