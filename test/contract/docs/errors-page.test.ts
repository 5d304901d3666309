import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { exitCodeOf } from "../../../src/cli/exit-codes.ts";
import { errorCodes } from "../../../src/model/errors.ts";

const page = await readFile(new URL("../../../docs/errors.md", import.meta.url), "utf8");
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.split("\n")[0] ?? "", section]),
);

it("docs/errors.md has a section for each code, in the order of the registry, and no other", () => {
  expect([...sections.keys()]).toEqual(Object.keys(errorCodes));
});

it.each([...sections])("%s says what to do and which exit code it has", (code, section) => {
  expect(section).toContain("**Do**");
  expect(section).toContain(`Exit code ${exitCodeOf(code)}.`);
});
