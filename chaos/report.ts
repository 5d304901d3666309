import type { ChaosResult, Round } from "./run-chaos.ts";

/** One line for a round. */
export function roundText({ number, faults, outageMs, fences, moves, restarts, byHand, wholeMs }: Round): string {
  const outages = Object.entries(outageMs)
    .map(([service, ms]) => `${service} ${ms.toFixed(0)}`)
    .join(", ");
  const counts = `fences ${fences}, moves ${moves}, restarts ${restarts}`;
  const help = byHand.length === 0 ? "" : `; switched on by hand: ${byHand.join(", ")}`;
  return `${number}. ${faults.join(" and ")}: outage ms ${outages}; ${counts}${help}; whole after ${wholeMs.toFixed(0)} ms`;
}

const byHandRow = "*switched on by hand*";

/** The run as a Markdown table: a row per kind of fault, one for rounds of several, and one for what an operator had to do. */
export function formatResult({ rounds, byHand, violations, left, seed }: ChaosResult): string {
  const groups = new Map<string, Round[]>();
  for (const round of rounds) {
    const name = round.kinds.length > 1 ? "two at a time" : (round.kinds[0] ?? "");
    groups.set(name, [...(groups.get(name) ?? []), round]);
  }
  const rows = [...groups].sort(([a], [b]) => order(a).localeCompare(order(b))).map(([name, all]) => row(name, all));
  const head = [
    "fault",
    "times",
    "switched off",
    "moves",
    "restarts",
    "outage ms, median",
    "worst",
    "whole again ms, median",
    "worst",
  ];
  return [
    ...table([head, ...rows, [byHandRow, `${byHand.length}`, ...head.slice(2).map(() => "")]]),
    "",
    `seed ${seed}, ${rounds.length} rounds, ${violations.length} violations, hosts switched on by hand: ${byHand.join(", ") || "none"}`,
    ...left.map((kind) => `not tried, the machine lacks something: ${kind}`),
    ...violations,
  ].join("\n");
}

function row(name: string, rounds: readonly Round[]): readonly string[] {
  const sum = (value: (round: Round) => number): string => `${rounds.map(value).reduce((a, b) => a + b, 0)}`;
  const outages = rounds.map(({ outageMs }) => Math.max(0, ...Object.values(outageMs)));
  const wholes = rounds.map(({ wholeMs }) => wholeMs);
  return [
    name,
    `${rounds.length}`,
    sum((round) => round.fences),
    sum((round) => round.moves),
    sum((round) => round.restarts),
    ...[outages, wholes].flatMap((values) => [median(values), Math.max(...values)].map((ms) => ms.toFixed(0))),
  ];
}

/** Rounds of several faults last. */
function order(name: string): string {
  return name === "two at a time" ? `~${name}` : name;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(" | ")} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)];
}
