import { describe, expect, test } from "vitest";
import { explore } from "../../src/sim/exhaustive/explore.ts";
import type { FaultKind } from "../../src/sim/exhaustive/small-world.ts";
import { perform } from "../../src/sim/exhaustive/perform.ts";
import { begin, starts } from "../../src/sim/exhaustive/starts.ts";
import { readWay, wayText } from "../../src/sim/exhaustive/trace.ts";
import { directedMistakes } from "./directed-mistakes.ts";
import { mistakes } from "./mistakes.ts";
import { plantMistake } from "./plant-mistake.ts";

// Goal: the walk through every order is trusted because it comes upon these mistakes, some of which no seed has ever shown.

const found: readonly (readonly [mistake: string, start: string, faults: readonly FaultKind[]])[] = [
  ["delivered at a majority of acknowledgements", "entry-in-flight", []],
  ["acknowledged from memory, not from disk", "two-entries", []],
  ["sent before it is on disk", "two-entries", []],
  ["a blank node votes", "disk-lost", []],
  ["the longest log is taken, whatever its view", "tail-at-home", []],
  ["the log is chosen by the highest promise", "disk-lost", ["crash", "late"]],
  ["a submission is ordered as often as it comes", "entry-in-flight", ["twice"]],
  ["votes are counted over the nodes heard", "tail-on-one", ["crash"]],
  ["entries are taken after a promise", "entry-while-joining", ["late"]],
  ["acknowledgements go on after a promise", "entry-while-joining", ["late"]],
];

describe("found by walking through every order", () => {
  test.concurrent.each(found)("%s", async (name, at, kinds) => {
    const mistake = [...mistakes, ...directedMistakes].find((each) => each.name === name);
    const start = starts.find((each) => each.name === at);
    if (mistake === undefined || start === undefined) throw new TypeError(`Cannot find "${name}" or "${at}"`);
    const rules = await plantMistake(mistake.patches);
    const faults = kinds.length === 0 ? 0 : 1;
    const free = { hasFreeBeats: false, hasFreeClocks: false, hasFreeStarts: false };
    const world = begin(start, { rules, faults, kinds, beatsMax: 0, ...free });
    const { found: counterexample } = explore(world, { rounds: 12, states: 60_000 });
    expect(counterexample).not.toBeNull();
    // The way to it can be written down, and walked again.
    const again = readWay(world, wayText(world, counterexample?.way ?? []));
    expect(again.reduce(perform, world).broken).toEqual(counterexample?.broken);
  });
});
