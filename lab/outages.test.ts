import { expect, test } from "vitest";
import { formatSummary, summarize } from "./outages.ts";
import type { Probe } from "./probe.ts";

/** A request sent at `startMs` that took 1 ms when `responder` answered it and 250 when nobody did. */
function probe(startMs: number, responder: string): Probe {
  const isAnswered = responder !== "";
  const durationMs = isAnswered ? 1 : 250;
  const outcome = isAnswered ? "answered" : "timed-out";
  return { dueMs: startMs, startMs, durationMs, outcome, responder, error: "" };
}

test("an outage lasts from the sending of the first lost request to the first answer", () => {
  const probes = [probe(0, "n1"), probe(5, ""), probe(10, ""), probe(15, "n2"), probe(20, "n2")];
  const { outages, longestGapMs, responders } = summarize(probes);
  expect(outages).toEqual([
    { firstFailureMs: 5, answeredMs: 16, durationMs: 11, requestsLost: 2, from: "n1", to: "n2" },
  ]);
  expect(longestGapMs).toBe(15);
  expect([...responders]).toEqual([
    ["n1", 1],
    ["n2", 2],
  ]);
});

test("an outage that has not ended lasts to the end of its last request", () => {
  const { outages } = summarize([probe(0, "n1"), probe(5, ""), probe(10, "")]);
  expect(outages).toEqual([
    { firstFailureMs: 5, answeredMs: undefined, durationMs: 255, requestsLost: 2, from: "n1", to: "" },
  ]);
});

test("requests are judged in the order of their sending, not of their ending", () => {
  const { outages } = summarize([probe(15, "n2"), probe(5, ""), probe(0, "n1")]);
  expect(outages.map((outage) => outage.durationMs)).toEqual([11]);
});

test("the table shows the longest outages, in order of time", () => {
  const probes = [probe(0, "n1"), probe(5, ""), probe(10, "n1"), probe(15, ""), probe(20, ""), probe(25, "n2")];
  const table = formatSummary(summarize(probes), 0, 1);
  expect(table).toContain("6 requests, 3 answered (n1 2, n2 1)");
  expect(table).toContain("2 outages, the 1 longest:");
  expect(table).toContain("0.015  11.0       2     n1 -> n2");
});
