import { expect, test } from "vitest";
import { boundOutcome } from "./bound-outcome.ts";

const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text));

test("what is short is left as it is", () => {
  const outcome = { reason: "not installed", output: "two\nlines", code: 5 };
  expect(boundOutcome(outcome)).toBe(outcome);
});

test.each(["x", '"', "\u0001", "ä", "\u{1F600}"])(
  "a reason of many %j keeps its beginning, an output its end",
  (piece) => {
    const outcome = { reason: `begin ${piece.repeat(1e6)}`, output: `${piece.repeat(1e6)} end`, code: 1 };
    const bounded = boundOutcome(outcome);
    expect(bounded.code).toBe(1);
    expect(bounded.reason).toMatch(/^begin .*…$/u);
    expect(jsonBytes(bounded.reason)).toBeLessThanOrEqual(200);
    expect(jsonBytes(bounded.reason)).toBeGreaterThan(180);
    expect(bounded.output.endsWith(" end")).toBe(true);
    expect(jsonBytes(bounded.output)).toBeLessThanOrEqual(24 * 1024);
    expect(jsonBytes(bounded.output)).toBeGreaterThan(24_000);
  },
);
