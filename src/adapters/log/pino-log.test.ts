import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { logLine } from "./pino-log.ts";

const runner = new URL("../../../scripts/run.mjs", import.meta.url).pathname;
const talkative = new URL("talkative.fixture.ts", import.meta.url).pathname;

/** Logs 3 MB, more than may wait, and nobody reads them. Resolved when it has gone on. */
async function startTalking(format: "text" | "json" = "text") {
  const program = spawn(process.execPath, [runner, talkative, "3000", format]);
  const ended = once(program, "exit");
  await once(program.stderr, "data");
  return { program, ended };
}

it.each([
  { text: "member -> lost", fields: { node: "n2", service: undefined, entry: 14 }, line: "n2 member -> lost entry=14" },
  {
    text: "stopped -> starting on n1",
    fields: { node: "n1", service: "web" },
    line: "n1 service web: stopped -> starting on n1",
  },
  { text: "service web: failed", fields: { node: "n1", service: "web" }, line: "n1 service web: failed" },
  { text: "haled runs", fields: { incarnation: "00ff" }, line: 'haled runs incarnation="00ff"' },
  { text: "first\nsecond", fields: {}, line: "first\\nsecond" },
])("writes who, what, and then the other fields: $line", ({ text, fields, line }) => {
  expect(logLine(text, fields)).toBe(line);
});

it.each(["text", "json"] as const)(
  "goes on when nobody reads, tells what was lost, has last words: %s",
  async (format) => {
    const { program, ended } = await startTalking(format);
    const read: string[] = [];
    for await (const chunk of program.stdout.setEncoding("utf8")) {
      read.push(chunk as string);
      if (/lines of the log are lost/.test(read.slice(-2).join(""))) program.stdin.end("end");
    }
    const numbers = [...read.join("").matchAll(/line (\d+) x/g)].map((found) => Number(found[1]));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(read.join("")).toContain(`${3000 - numbers.length} lines of the log are lost: nobody read them`);
    expect(read.join("")).toContain("last words");
    expect(await ended).toEqual([3, null]);
  },
);

it("does not wait for a reader that has hung when it ends", async () => {
  const { program, ended } = await startTalking();
  program.stdin.end("end");
  expect(await ended).toEqual([3, null]);
  program.stdout.destroy();
});
