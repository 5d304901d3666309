import { expect, test } from "vitest";
import { parseRules } from "./rules.ts";

test("reads rooms, tests, orders and folders apart", () => {
  const rules = parseRules("# a comment\na - | - | zod\nb a | * | -\n\ntests b | - | vitest\norder b x y\napart a z\n");
  expect(rules.rooms.get("a")).toEqual({ rooms: new Set(), nodeModules: new Set(), packages: new Set(["zod"]) });
  expect(rules.rooms.get("b")).toEqual({ rooms: new Set(["a"]), nodeModules: "everything", packages: new Set() });
  expect(rules.tests.packages).toEqual(new Set(["vitest"]));
  expect(rules.orders.get("b")).toEqual(["x", "y"]);
  expect(rules.aparts.get("a")).toEqual(new Set(["z"]));
});

test.each([
  ["a - | -", "Cannot read DEPS line 1: 2 columns, 3 wanted"],
  ["a b | - | -", 'Cannot read DEPS: room "b" has no line'],
  ["order a x", 'Cannot read DEPS: room "a" has no line'],
])("refuses %j", (text, message) => {
  expect(() => parseRules(text)).toThrow(message);
});
