import { expect, test } from "vitest";
import { switchRules } from "./switch-rules.ts";

test("a cut wire drops all, a lossy one a part, and the rules replace what was there before", () => {
  const rules = switchRules([
    { from: ["n1.front"], to: ["n2.front", "n3.front"], probability: 1 },
    { from: ["n1.back"], to: ["n2.back"], probability: 0.25 },
  ]).split("\n");
  expect(rules.slice(0, 2)).toEqual(["table bridge lab", "delete table bridge lab"]);
  expect(rules).toContain('iifname { "n1.front" } oifname { "n2.front", "n3.front" } drop');
  expect(rules).toContain('iifname { "n1.back" } oifname { "n2.back" } numgen random mod 100000 < 25000 drop');
});
