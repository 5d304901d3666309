/** One line of the table: what was measured, against what, and whether that is good enough. */
export interface Row {
  /** What was measured, in a few words with the unit's meaning. */
  readonly figure: string;
  readonly unit: string;
  readonly hale: number;
  /** Whom or what it is held against: "keepalived", "limit", ... */
  readonly against: string;
  readonly other: number;
  /** `hale` may be at most this; undefined: for information only. */
  readonly limit?: number;
  /** Single measurements, in order, for those who doubt the median. */
  readonly samples?: Readonly<Record<string, readonly number[]>>;
}

/** True when the goal is reached, or there is none. */
export function isMet({ hale, limit }: Row): boolean {
  return limit === undefined || hale <= limit;
}

/** The rows as a Markdown table. */
export function formatRows(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.figure,
    `${round(row.hale)} ${row.unit}`,
    `${row.against}: ${round(row.other)} ${row.unit}`,
    row.other === 0 ? "" : (row.hale / row.other).toFixed(2),
    row.limit === undefined ? "" : `≤ ${round(row.limit)} ${row.unit}`,
    row.limit === undefined ? "" : isMet(row) ? "met" : "MISSED",
  ]);
  const table = [["figure", "hale", "peer", "ratio", "goal", ""], ...cells];
  const widths = (table[0] ?? []).map((_, column) => Math.max(3, ...table.map((line) => line[column]?.length ?? 0)));
  const line = (texts: readonly string[]) => `| ${texts.map((t, i) => t.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const [head = [], ...body] = table;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

/** Three digits are more than the noise allows. */
function round(value: number): number {
  if (Math.abs(value) >= 100 || Number.isInteger(value)) return Math.round(value);
  return Number(value.toPrecision(3));
}
