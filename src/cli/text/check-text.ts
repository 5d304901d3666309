import type { Finding } from "../judge-node.ts";
import { alignRows, printable } from "./layout.ts";
import type { Look } from "./look.ts";

const marks = { ok: ["good", "✓"], warning: ["warn", "!"], problem: ["bad", "✗"] } as const;

/** `hale check`: a line for each thing that was looked at, what to do below it, and how many of which kind. */
export function checkText(findings: readonly Finding[], { paint }: Look): string {
  const rows = findings.flatMap(({ topic, level, text, todo }) => {
    const [tone, mark] = marks[level];
    const line = [paint(tone, mark), topic, level === "ok" ? printable(text) : paint(tone, printable(text))];
    return todo === undefined || level === "ok" ? [line] : [line, ["", "", paint("dim", `do: ${printable(todo)}`)]];
  });
  const count = (level: Finding["level"]): number => findings.filter((finding) => finding.level === level).length;
  const [problems, warnings] = [count("problem"), count("warning")];
  const sum =
    problems + warnings === 0
      ? paint("good", "nothing stands between this node and safety")
      : `${counted(problems, "problem")}, ${counted(warnings, "warning")}`;
  return `${alignRows(rows).join("\n")}\n\n${sum}\n`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
