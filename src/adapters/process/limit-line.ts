const charactersMax = 500;

/** One line of at most 500 characters out of anything a program said: reasons go into tables, logs and packets. */
export function limitLine(text: string): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return line.length <= charactersMax ? line : `${line.slice(0, charactersMax - 1)}…`;
}

/** The first line: some programs say there what is wrong, and then where to read on. */
export function firstLine(output: string): string {
  return output.trim().split("\n", 1)[0] ?? "";
}

/** The last line that says something, for the reason of a failure; empty when the program said nothing. */
export function lastLine(output: string): string {
  return limitLine(output.trimEnd().split("\n").at(-1) ?? "");
}
