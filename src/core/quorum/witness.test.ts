import { describe, expect, test } from "vitest";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { WitnessAsk } from "../../model/message.ts";
import { instantMs } from "../../model/units.ts";
import { noView, type ViewId } from "../../model/view.ts";
import { type Asker, startWitness, stepWitness, type WitnessEffect, type WitnessState } from "./witness.ts";

// Goal: what a witness answers to each question, and when.

const life = "1".repeat(28) as Incarnation;
const from: Asker = { address: "a", incarnation: life };
const view = (counter: number, proposer = "a"): ViewId => ({
  counter,
  proposer: proposer as NodeId,
  incarnation: life,
});

function ask(state: WitnessState, step: WitnessAsk["step"], about: ViewId, basis: ViewId = noView) {
  const asked = { step, sentAt: instantMs(7), view: about, basis };
  return stepWitness(state, { kind: "ask", from, ask: asked });
}

const granted = (effects: readonly WitnessEffect[]): readonly boolean[] =>
  effects.flatMap((effect) => (effect.kind === "answer" ? [effect.grant.isGranted] : []));

describe("a promise", () => {
  const state = startWitness({ promised: view(5, "b"), logView: view(3) });
  const same = { ...view(5, "b"), incarnation: "2".repeat(28) as Incarnation };

  test.each([
    ["a higher one, of the same log", view(6), view(3), true],
    ["a higher one, of a newer log", view(6), view(4), true],
    ["the same counter, a later proposer", view(5, "c"), view(3), true],
    ["a higher one, of an older log", view(6), view(2, "z"), false],
    ["a higher one, without a log", view(6), noView, false],
    ["a lower one", view(4), view(3), false],
    ["the same counter, an earlier proposer", view(5, "a"), view(3), false],
    ["the same name, another life", same, view(3), false],
    ["the same again", view(5, "b"), view(3), true],
  ] as const)("[GRP-80] [GRP-81] %s", (_, about, basis, isGranted) => {
    const { state: asked, effects } = ask(state, "promise", about, basis);
    const done = stepWitness(asked, { kind: "persisted", write: asked.nextWrite - 1 });
    expect(granted([...effects, ...done.effects])).toEqual([isGranted]);
  });

  test("[GRP-82] is said after it is on disk, and so is the same again", () => {
    const first = ask(state, "promise", view(6), view(3));
    expect(first.effects.map(({ kind }) => kind)).toEqual(["persist"]);
    const again = ask(first.state, "promise", view(6), view(3));
    expect(again.effects).toEqual([]);
    const done = stepWitness(again.state, { kind: "persisted", write: 1 });
    expect(granted(done.effects)).toEqual([true, true]);
  });

  test("[GRP-85] shows at once in what it answers to others: no lease of the old view grows any more", () => {
    const { state: asked } = ask(state, "promise", view(6), view(3));
    const [answer] = ask(asked, "hear", noView).effects;
    expect(answer).toMatchObject({ kind: "answer", grant: { promised: view(6), isGranted: false } });
  });
});

describe("an installation", () => {
  test("[GRP-83] counts for the view that was promised last, and no other", () => {
    const state = startWitness({ promised: view(5), logView: view(3) });
    expect(granted(ask(state, "install", view(4)).effects)).toEqual([false]);
    const asked = ask(state, "install", view(5));
    expect(granted(asked.effects)).toEqual([]);
    const done = stepWitness(asked.state, { kind: "persisted", write: 1 });
    expect(granted(done.effects)).toEqual([true]);
    expect(done.state.logView).toEqual(view(5));
    const later = ask(done.state, "promise", view(6), view(3));
    expect(granted(later.effects)).toEqual([false]);
  });
});
