import { expect, test } from "vitest";
import { disagreements, repeatedRules, shownRules, statedRules } from "./compare.ts";

const stated = statedRules(
  new Map([["SPEC.md", "# S\n\n- **SAFE-1** one\n- **V2** two\n- **X-3** three, not **Y-4**\n"]]),
);

test("rules are the list items that open with an id", () => {
  expect([...stated.keys()]).toEqual(["SAFE-1", "V2", "X-3"]);
  expect(stated.get("V2")).toEqual({ path: "SPEC.md", line: 4 });
});

test("a rule without a test and a test without a rule are told with their places", () => {
  const title = `"[${"SAFE-1, Z-9"}] a story"`;
  const shown = shownRules(new Map([["a.test.ts", `test(${title}, () => {});`]]));
  expect(disagreements(stated, shown)).toEqual([
    "SPEC.md:4: no test shows V2",
    "SPEC.md:5: no test shows X-3",
    "a.test.ts:1: a test shows Z-9, which no document states",
  ]);
});

test("two rules with one id are told", () => {
  const documents = new Map([
    ["A.md", "- **SAFE-1** one\n- **V2** two\n"],
    ["B.md", "- **SAFE-1** another\n"],
  ]);
  expect(repeatedRules(documents)).toEqual(["two rules are called SAFE-1"]);
});
