import { expect, test } from "vitest";
import { answerArguments } from "./daemon-arguments.ts";
import { version } from "./version.ts";

test.each<[readonly string[], ReturnType<typeof answerArguments>]>([
  [[], null],
  [["--version"], { code: 0, text: `${version}\n` }],
  [["-h"], { code: 0, text: expect.stringMatching(/^Usage: haled\n/) as string }],
  [
    ["--foreground", "x"],
    { code: 2, text: expect.stringMatching(/^haled: Cannot use "--foreground x": it/) as string },
  ],
])("haled %j is not started by mistake", (words, answer) => {
  expect(answerArguments(words)).toEqual(answer);
});
