import type { OperationOutcome } from "../../model/operation.ts";
import type { NodeVerdict, Why } from "../../model/snapshot.ts";
import { alignRows, printable } from "./layout.ts";
import type { Look } from "./look.ts";
import type { Tone } from "./paint.ts";
import { spanText } from "./span-text.ts";

/** `hale why SERVICE`: each node's case, what led here, and what failed with what it said. */
export function whyText(why: Why, look: Look): string {
  const { paint } = look;
  const sections = [
    [`${paint("title", why.service)}  ${printable(why.summary)}`, ...placedLines(why, look)],
    ruleLines(why, look),
    verdictLines(why.nodes, look),
    historyLines(why, look),
    doubleLines(why, look),
    failureLines(why, look),
    runLines(why, look),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function placedLines({ placed }: Why, { paint, wallText }: Look): string[] {
  if (placed === undefined) return [];
  return [`${paint("dim", `placed ${wallText(placed.at)}, entry ${placed.entry}:`)} ${printable(placed.text)}`];
}

function ruleLines({ rules = [] }: Why, { paint }: Look): string[] {
  if (rules.length === 0) return [];
  const rows = rules.map(({ rule, question, isMet, answer }) => [
    paint("dim", rule),
    question,
    paint(isMet ? "good" : "bad", printable(answer)),
  ]);
  return [paint("dim", "RULES (in the order in which they are asked)"), ...alignRows(rows)];
}

const verdictTones: Readonly<Record<NodeVerdict["verdict"], Tone>> = {
  "runs it": "good",
  preferred: "good",
  may: "strong",
  "may not": "bad",
};

function verdictLines(nodes: readonly NodeVerdict[], { paint }: Look): string[] {
  if (nodes.length === 0) return [];
  const head = ["NODE", "VERDICT", "BECAUSE"].map((title) => paint("dim", title));
  const rows = nodes.flatMap(({ node, verdict, reasons }) => {
    const [first = "", ...others] = reasons.map(printable);
    return [[node, paint(verdictTones[verdict], verdict), first], ...others.map((reason) => ["", "", reason])];
  });
  return alignRows([head, ...rows]);
}

function historyLines({ history }: Why, { paint, wallText }: Look): string[] {
  if (history.length === 0) return [];
  const rows = history.map(({ at, entry, text }) => [wallText(at), paint("dim", `entry ${entry}`), printable(text)]);
  return [paint("dim", "WHAT LED HERE (newest first)"), ...alignRows(rows)];
}

function doubleLines({ doubles = [] }: Why, { paint, wallText }: Look): string[] {
  if (doubles.length === 0) return [];
  const rows = doubles.map(({ nodes, beganAt, endedAt, entry }) => {
    const until = endedAt === null ? "and still does" : `for ${spanText(endedAt - beganAt)}`;
    return [wallText(beganAt), paint("dim", `entry ${entry}`), paint("bad", `on ${nodes.join(" and ")} ${until}`)];
  });
  return [paint("dim", "RAN ON TWO NODES AT ONCE (newest first)"), ...alignRows(rows)];
}

function failureLines({ failures }: Why, { paint, wallText }: Look): string[] {
  if (failures.length === 0) return [];
  const lines = failures.flatMap(({ node, resource, action, at, outcome }) => [
    `${wallText(at)}  ${node}  ${paint("bad", `${action} of ${resource}: ${outcomeText(outcome)}`)}`,
    ...outputLines(outcome.output).map((line) => paint("dim", `    | ${line}`)),
  ]);
  return [paint("dim", "WHAT FAILED (newest first)"), ...lines];
}

/** So many are shown; `--json` has all. */
const runsShown = 8;

function runLines({ runs = [] }: Why, { paint, wallText }: Look): string[] {
  if (runs.length === 0) return [];
  const lines = runs.slice(0, runsShown).flatMap(({ resource, action, at, times, outcome }) => {
    const isGood = outcome.status === "ok" || outcome.status === "not-running";
    const often = times === 1 ? "" : `, ${times} times alike`;
    const text = `${action} of ${resource}: ${outcomeText(outcome)}${often}`;
    return [
      `${wallText(at)}  ${isGood ? text : paint("bad", text)}`,
      ...outputLines(outcome.output).map((line) => paint("dim", `    | ${line}`)),
    ];
  });
  return [paint("dim", "LAST RUNS OF ITS AGENTS HERE (newest first)"), ...lines];
}

/** `failed, exit 5, after 1.2s, not on this node again: configuration file missing` */
function outcomeText(outcome: OperationOutcome): string {
  const { status, code, severity, reason, durationMs } = outcome;
  const exit = code === undefined ? "" : `, exit ${code}`;
  const consequence = { none: "", soft: "", hard: ", not on this node again", fatal: ", nowhere again" }[severity];
  return `${status}${exit}, after ${spanText(durationMs)}${consequence}${reason === "" ? "" : `: ${printable(reason)}`}`;
}

function outputLines(output: string): string[] {
  const text = output.trim();
  return text === "" ? [] : text.split(/\r?\n/).map(printable);
}
