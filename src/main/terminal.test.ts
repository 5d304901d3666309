import { expect, it } from "vitest";
import { wallMs } from "../model/units.ts";
import { localWallText, wantsColour } from "./terminal.ts";

it.each([
  [{}, true, true],
  [{}, false, false],
  [{ NO_COLOR: "1" }, true, false],
  [{ NO_COLOR: "" }, true, true],
  [{ FORCE_COLOR: "1" }, false, true],
  [{ FORCE_COLOR: "0" }, true, false],
  [{ NO_COLOR: "1", FORCE_COLOR: "1" }, true, false],
  [{ TERM: "dumb" }, true, false],
])("colours with %j, terminal %s: %s", (env, isTerminal, expected) => {
  expect(wantsColour(env, isTerminal)).toBe(expected);
});

it("writes local time in a form that sorts", () => {
  const at = wallMs(new Date(2026, 0, 2, 3, 4, 5, 6).getTime());
  expect(localWallText(at)).toBe("2026-01-02 03:04:05");
  expect(localWallText(at, "ms")).toBe("2026-01-02 03:04:05.006");
});
