import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { directedMistakes } from "../../planted/directed-mistakes.ts";
import { diskMistakes } from "../../planted/disk-mistakes.ts";
import { testedMistakes, toldMistakes } from "../../planted/manager-mistakes.ts";
import { mistakes } from "../../planted/mistakes.ts";
import { testedPlacementMistakes, toldPlacementMistakes } from "../../planted/placement-mistakes.ts";
import { rosterMistakes } from "../../planted/roster-mistakes.ts";
import { trapMistakes } from "../../planted/trap-mistakes.ts";

// Goal: what docs/traps.md and docs/bugs-found.md say of planted mistakes is what test/planted/ plants.

const read = (name: string): Promise<string> => readFile(new URL(`../../../docs/${name}`, import.meta.url), "utf8");
const [traps, bugs] = await Promise.all([read("traps.md"), read("bugs-found.md")]);
const told = [...directedMistakes, ...trapMistakes, ...rosterMistakes];

/** The rows of the table of `text` whose first column has this title, as cells. */
function rowsOf(text: string, title: string): readonly (readonly string[])[] {
  const [table = ""] = text.split(`| ${title} |`)[1]?.split("\n\n") ?? [];
  return table
    .split("\n")
    .slice(2)
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map((cells) => cells.slice(1, -1));
}

const trapRows = [...rowsOf(traps, "trap"), ...rowsOf(traps, "rule left out")];

it("docs/bugs-found.md has a row for each mistake that seeds find, and no other", () => {
  const rows = rowsOf(bugs, "planted, found by seeds").map(([name]) => name);
  expect(rows).toEqual(mistakes.map(({ name }) => name));
});

it("docs/bugs-found.md has a row for each mistake that a story finds, with that story, and no other", () => {
  const rows = rowsOf(bugs, "planted, found by a story").map(([name, story]) => [name, story]);
  const orders = diskMistakes.map(({ name }) => [name, "every order at one disk"]);
  expect(rows).toEqual([...told.map(({ name, story }) => [name, `\`${story.name}\``]), ...orders]);
});

it.each([
  ["manager-mistakes.ts", toldMistakes.length, testedMistakes.length],
  ["placement-mistakes.ts", toldPlacementMistakes.length, testedPlacementMistakes.length],
])("docs/bugs-found.md counts the mistakes of %s", (file, byStory, byTest) => {
  const [paragraph] = bugs.split("\n\n").filter((each) => each.includes(`\`test/planted/${file}\``));
  const numbers = (paragraph?.match(/\d+/g) ?? []).slice(0, 3).map(Number);
  expect(numbers).toEqual([byStory + byTest, byStory, byTest]);
});

it.each(trapRows)(
  "the trap %s (%s) has a story, and a mistake that is planted",
  (_trap, _rule, stories = "", planted = "") => {
    const found = [...planted.matchAll(/"([^"]+)": ([a-z, ]+)/g)].map(([, name = "", ways = ""]) => ({ name, ways }));
    const known = [...stories.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    expect(found).not.toEqual([]);
    for (const { name, ways } of found) {
      const stories = told.filter((mistake) => mistake.name === name).map(({ story }) => story.name);
      expect(known).toEqual(expect.arrayContaining(stories));
      expect(ways.includes("story")).toBe(stories.length > 0);
      const isSeen = mistakes.some((mistake) => mistake.name === name) || hasBadSeeds(name);
      expect(ways.includes("seeds")).toBe(isSeen);
    }
    // At least one of them is found by the story of the trap.
    expect(found.some(({ ways }) => ways.includes("story"))).toBe(true);
  },
);

/** A mistake of the second table that was also seen by at least two seeds. */
function hasBadSeeds(name: string): boolean {
  const [, , seeds = ""] = rowsOf(bugs, "planted, found by a story").find(([each]) => each === name) ?? [];
  return seeds.startsWith("2 / ");
}
