import { describe, expect, test } from "vitest";
import { runSeed } from "../../src/sim/group/group-run.ts";
import { directedMistakes } from "./directed-mistakes.ts";
import { mistakes } from "./mistakes.ts";
import { plantMistake } from "./plant-mistake.ts";

// Goal: the checkers are trusted because each of these mistakes, planted in a copy of the core, is found by them.

describe("found by a seed", () => {
  test.concurrent.each(mistakes)("$name", async ({ kind, seed, patches }) => {
    const rules = await plantMistake(patches);
    expect(runSeed(kind, seed, rules).violations).not.toEqual([]);
    expect(runSeed(kind, seed).violations).toEqual([]);
  });
});

describe("found by a directed story", () => {
  test.concurrent.each(directedMistakes)("$name", async ({ story, patches }) => {
    expect(story(await plantMistake(patches))).not.toEqual([]);
  });
});
