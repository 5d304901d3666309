import { expect, test } from "vitest";
import { parseSoak } from "./parse-soak.ts";

const known = ["2", "3", "group-3"];

test("without words: a minute of everything on all cores", () => {
  expect(parseSoak([], known, 4)).toEqual({
    kind: "many",
    minutes: 1,
    seeds: Infinity,
    from: 1,
    kinds: known,
    threads: 4,
  });
});

test("so many seeds, in the time they take or in so many minutes", () => {
  expect(parseSoak(["--seeds", "9"], known, 4)).toMatchObject({ minutes: Infinity, seeds: 9 });
  expect(parseSoak(["--seeds", "9", "--minutes", "2"], known, 4)).toMatchObject({ minutes: 2, seeds: 9 });
});

test("a shape, or all whose names begin so", () => {
  expect(parseSoak(["--shape", "3"], known, 4)).toMatchObject({ kinds: ["3"] });
  expect(parseSoak(["--shape", "group-"], known, 4)).toMatchObject({ kinds: ["group-3"] });
  expect(parseSoak(["--shape", "9"], known, 4)).toBeNull();
});

test("one seed again wants its shape", () => {
  expect(parseSoak(["--seed", "7", "--shape", "3"], known, 4)).toEqual({
    kind: "one",
    seed: 7,
    shape: "3",
    isQuiet: false,
  });
  expect(parseSoak(["--seed", "7"], known, 4)).toBeNull();
});

test.each([
  ["--minutes", "0"],
  ["--minutes"],
  ["--nonsense", "1"],
  ["--seeds", "0"],
  ["--threads", "0"],
  ["--from", "x"],
])("no sense: %s %s", (...words) => {
  expect(parseSoak(words, known, 4)).toBeNull();
});
