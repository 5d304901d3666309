import { expect, test } from "vitest";
import { countStarts, overlaps, parseHistory } from "./lock-history.ts";

const history = (...lines: readonly string[]) => parseHistory(`${lines.join("\n")}\n`);

test("[SAFE-1] who takes it after the end of the other, or after its loss of power, overlaps with nobody", () => {
  expect(
    overlaps(history("taken n1 10 -", "released n1 20 -", "taken n2 21 -", "taken n1 30 -", "released n1 40 -")),
  ).toEqual([]);
});

test("[SAFE-1] a start that finds the lock of another host, and an end after the other's start, are overlaps", () => {
  expect(overlaps(history("taken n1 10 -", "denied n2 20.4 n1"))).toEqual([
    "at 20 ms n2 started it while n1 still had it",
  ]);
  expect(overlaps(history("taken n1 10 -", "taken n2 15 -", "released n1 20 -"))).toEqual([
    "n1 had it from 10 to 20 ms, n2 from 15",
  ]);
});

test("an agent that meets its own host's lock is no second owner", () => {
  expect(overlaps(history("taken n1 10 -", "denied n1 20 n1", "released n1 30 -"))).toEqual([]);
});

test("starts elsewhere are moves, starts in the same place are restarts, and the first is neither", () => {
  const events = history("taken n1 10 -", "released n1 20 -", "taken n1 30 -", "taken n2 40 -", "taken n2 50 -");
  expect(countStarts(events, 0)).toEqual({ moves: 1, restarts: 2 });
  expect(countStarts(events, 40)).toEqual({ moves: 1, restarts: 1 });
});
