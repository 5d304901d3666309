import { createInterface } from "node:readline/promises";
import type { TextOutput } from "../cli/cli-context.ts";
import type { WallText } from "../cli/text/look.ts";

/** One of the process's own outputs. */
export function outputOf(stream: NodeJS.WriteStream): TextOutput {
  return {
    write: (text) => void stream.write(text),
    isTerminal: stream.isTTY,
    columns: () => sizeOf(stream.isTTY ? stream.columns : 0),
    rows: () => sizeOf(stream.isTTY ? stream.rows : 0),
  };
}

/** A serial console, or a terminal that a program made, has a size of 0: it is not known. */
function sizeOf(size: number): number | undefined {
  return size > 0 ? size : undefined;
}

/** As no-color.org has it: set and not empty means no colours; FORCE_COLOR is for those who pipe into a pager. */
export function wantsColour(env: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const force = env["FORCE_COLOR"];
  if (force !== undefined) return force !== "0" && force !== "false";
  return isTerminal && env["TERM"] !== "dumb";
}

/** Local time in a form that sorts. */
export const localWallText: WallText = (at, precision) => {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}${precision === "ms" ? `.${String(date.getMilliseconds()).padStart(3, "0")}` : ""}`;
};

/** Asks on the terminal; null when there is none. */
export function confirmOnTerminal(question: string): Promise<boolean> | null {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  return lines
    .question(`${question} [y/N] `)
    .then((answer) => /^y(es)?$/i.test(answer.trim()))
    .finally(() => lines.close());
}

/** Calls back on q; Ctrl-C stays a signal for everybody else, so it is raised again here, where raw mode swallows it. */
export function listenForQuit(callback: () => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => undefined;
  const onData = (bytes: Buffer): void => {
    if (bytes.includes("q")) callback();
    if (bytes.includes(3)) process.kill(process.pid, "SIGINT");
  };
  stdin.setRawMode(true).on("data", onData).resume();
  return () => {
    stdin.off("data", onData).pause();
    stdin.setRawMode(false);
  };
}
