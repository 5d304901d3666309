import { expect, test } from "vitest";
import { Turns } from "./turns.ts";

test("a cheap kind has as much time as a dear one, so more seeds, one after another", () => {
  const turns = new Turns(["dear", "cheap"], 100);
  const ran = Array.from({ length: 12 }, () => {
    const turn = turns.next();
    turns.ended({ kind: turn.kind, tookMs: turn.kind === "dear" ? 1_000 : 100 });
    return turn;
  });
  expect(ran.slice(0, 3)).toEqual([
    { kind: "dear", seed: 100 },
    { kind: "cheap", seed: 100 },
    { kind: "cheap", seed: 101 },
  ]);
  expect(ran.filter(({ kind }) => kind === "dear")).toHaveLength(2);
});

test("what is under way counts, so threads do not all take the same kind", () => {
  const turns = new Turns(["a", "b"], 1);
  expect([turns.next(), turns.next(), turns.next()].map(({ kind }) => kind)).toEqual(["a", "b", "a"]);
});
