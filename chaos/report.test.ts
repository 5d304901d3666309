import { expect, test } from "vitest";
import { formatResult } from "./report.ts";
import type { ChaosResult, Round } from "./run-chaos.ts";

const counts = { fences: 1, moves: 1, movesMost: 1, restarts: 0, byHand: [] };
const times = { atMs: 0, wholeMs: 300 };
const rounds: readonly Round[] = [
  { number: 1, kinds: ["power-off"], faults: ["power-off"], outageMs: { red: 2_000 }, ...counts, ...times },
  { number: 2, kinds: ["power-off"], faults: ["power-off"], outageMs: { red: 3_000 }, ...counts, ...times },
];
const result: ChaosResult = { seed: 7, rounds, byHand: [], violations: [], left: [] };

test("a row for each kind of fault, and the closing line", () => {
  const text = formatResult(result);
  expect(text).toMatch(/^\| power-off +\| +2 \| +2 \| +2 \| +0 \| +3000 \| +3000 \| +300 \| +300 \|$/m);
  expect(text).toMatch(/^\| \*switched on by hand\* \| +0 \|[ |]+$/m);
  expect(text.split("\n").at(-1)).toBe("seed 7, 2 rounds, 0 violations, hosts switched on by hand: none");
});

test("hosts that were switched on by hand have a row and a place in the closing line, also of a round that did not end", () => {
  const text = formatResult({ ...result, byHand: ["n1", "n3"] });
  expect(text).toMatch(/^\| \*switched on by hand\* \| +2 \|/m);
  expect(text).toMatch(/^seed 7, .*switched on by hand: n1, n3$/m);
});
