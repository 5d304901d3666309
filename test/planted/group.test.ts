import { describe, expect, test } from "vitest";
import { runSeed } from "../../src/sim/group/group-run.ts";
import { diskMistakes } from "./disk-mistakes.ts";
import { directedMistakes } from "./directed-mistakes.ts";
import { mistakes } from "./mistakes.ts";
import { plantMistake } from "./plant-mistake.ts";
import { rosterMistakes } from "./roster-mistakes.ts";
import { trapMistakes } from "./trap-mistakes.ts";

// Goal: the checkers are trusted because each of these mistakes, planted in a copy of the core, is found by them.

describe("found by a seed", () => {
  test.concurrent.each(mistakes)("$name", async ({ kind, within, patches }) => {
    const rules = await plantMistake(patches);
    const found = Array.from({ length: within }, (_, seed) => seed).some(
      (seed) => runSeed(kind, seed, rules).violations.length > 0,
    );
    expect(found).toBe(true);
  });
});

describe("found by a directed story", () => {
  test.concurrent.each([...directedMistakes, ...trapMistakes, ...diskMistakes, ...rosterMistakes])(
    "$name",
    async ({ story, patches }) => {
      expect(story(await plantMistake(patches))).not.toEqual([]);
    },
  );
});
