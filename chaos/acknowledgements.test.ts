import { expect, test } from "vitest";
import type { Probe } from "../lab/probe.ts";
import { greatestValue, stepsBack, withoutValue } from "./acknowledgements.ts";

const answered = (startMs: number, durationMs: number, responder: string): Probe => ({
  dueMs: startMs,
  startMs,
  durationMs,
  outcome: "answered",
  responder,
  error: "",
});
const lost: Probe = { ...answered(0, 500, ""), outcome: "timed-out" };

test("[SAFE-1] values that grow from answer to answer are fine, with gaps, and in any order where requests overlapped", () => {
  expect(stepsBack([answered(0, 5, "n1/1"), lost, answered(10, 50, "n1/4"), answered(20, 5, "n1/3")])).toEqual([]);
});

test("[SAFE-1] a value that comes twice, and one below what was acknowledged before it was asked for, are told", () => {
  expect(stepsBack([answered(0, 5, "n1/1"), answered(10, 5, "n1/2"), answered(20, 5, "n2/2")])).toEqual([
    "value 2 came twice: from n1 at 15 ms and from n2 at 25 ms",
  ]);
  expect(stepsBack([answered(0, 5, "n1/1"), answered(10, 5, "n1/7"), answered(20, 5, "n2/3")])).toEqual([
    "the counter went back: 7 from n1 at 15 ms, then 3 from n2 at 25 ms",
  ]);
});

test("the host is told from the value, and the greatest value from all others", () => {
  expect(withoutValue(answered(0, 5, "n1/7")).responder).toBe("n1");
  expect(greatestValue([lost, answered(0, 5, "n1/7"), answered(9, 5, "n1/5")])).toBe(7);
});
