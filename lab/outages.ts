import type { Probe } from "./probe.ts";

/** A run of requests without an answer, by the order in which they were sent. */
export interface Outage {
  /** When the first of them was sent. */
  readonly firstFailureMs: number;
  /** When the answer to the next successful request came; undefined while there is none. */
  readonly answeredMs: number | undefined;
  /** From `firstFailureMs` to `answeredMs`, or to the end of the last request. */
  readonly durationMs: number;
  readonly requestsLost: number;
  /** Who answered last before, and first after; "" for nobody. */
  readonly from: string;
  readonly to: string;
}

/** What the client saw, in numbers. */
export interface ProbeSummary {
  readonly requests: number;
  readonly answered: number;
  /** Answers per responder. */
  readonly responders: ReadonlyMap<string, number>;
  /** In order of time. */
  readonly outages: readonly Outage[];
  /** Longest time between two answers, by their arrival; what somebody watching sees as the service's absence. */
  readonly longestGapMs: number;
  readonly latencyMsMedian: number;
  readonly latencyMsP99: number;
  /** How late requests were sent: the prober's own fault, and the error of all figures above. */
  readonly latenessMsP99: number;
  readonly latenessMsMax: number;
}

/** What the client saw. @param probes in any order */
export function summarize(probes: readonly Probe[]): ProbeSummary {
  const sent = [...probes].sort((a, b) => a.startMs - b.startMs);
  const answers = sent.filter((probe) => probe.outcome === "answered");
  const responders = new Map<string, number>();
  for (const { responder } of answers) responders.set(responder, (responders.get(responder) ?? 0) + 1);
  const arrivals = answers.map(endMs).sort((a, b) => a - b);
  const gaps = arrivals.slice(1).map((at, index) => at - (arrivals[index] ?? at));
  const latencies = answers.map((probe) => probe.durationMs).sort((a, b) => a - b);
  const lateness = sent.map((probe) => probe.startMs - probe.dueMs).sort((a, b) => a - b);
  return {
    requests: sent.length,
    answered: answers.length,
    responders,
    outages: findOutages(sent),
    longestGapMs: gaps.reduce((a, b) => Math.max(a, b), 0),
    latencyMsMedian: quantile(latencies, 0.5),
    latencyMsP99: quantile(latencies, 0.99),
    latenessMsP99: quantile(lateness, 0.99),
    latenessMsMax: lateness.at(-1) ?? 0,
  };
}

/** The summary as a table for people; of many outages the `rowsMax` longest. */
export function formatSummary(summary: ProbeSummary, startMs: number, rowsMax = 20): string {
  const { outages, responders } = summary;
  const shown = [...outages].sort((a, b) => b.durationMs - a.durationMs).slice(0, rowsMax);
  const rows = shown
    .sort((a, b) => a.firstFailureMs - b.firstFailureMs)
    .map((o) => [
      ((o.firstFailureMs - startMs) / 1000).toFixed(3),
      `${o.durationMs.toFixed(1)}${o.answeredMs === undefined ? "+" : ""}`,
      `${o.requestsLost}`,
      `${o.from || "-"} -> ${o.to || "-"}`,
    ]);
  const who = [...responders].map(([name, count]) => `${name} ${count}`).join(", ");
  return [
    `${summary.requests} requests, ${summary.answered} answered (${who || "by nobody"})`,
    `latency median ${summary.latencyMsMedian.toFixed(2)} ms, p99 ${summary.latencyMsP99.toFixed(2)} ms; ` +
      `longest gap between answers ${summary.longestGapMs.toFixed(1)} ms`,
    `sent late p99 ${summary.latenessMsP99.toFixed(2)} ms, at most ${summary.latenessMsMax.toFixed(2)} ms`,
    ...(outages.length > rowsMax ? [`${outages.length} outages, the ${rowsMax} longest:`] : []),
    ...(rows.length === 0 ? ["no outage"] : align([["at s", "outage ms", "lost", "responder"], ...rows])),
  ].join("\n");
}

function findOutages(sent: readonly Probe[]): readonly Outage[] {
  const outages: Outage[] = [];
  let from = "";
  let lost: Probe[] = [];
  const close = (next: Probe | undefined): void => {
    const first = lost[0];
    if (first === undefined) return;
    const untilMs = next === undefined ? Math.max(...lost.map(endMs)) : endMs(next);
    outages.push({
      firstFailureMs: first.startMs,
      answeredMs: next === undefined ? undefined : untilMs,
      durationMs: untilMs - first.startMs,
      requestsLost: lost.length,
      from,
      to: next?.responder ?? "",
    });
    lost = [];
  };
  for (const probe of sent) {
    if (probe.outcome !== "answered") {
      lost.push(probe);
      continue;
    }
    close(probe);
    from = probe.responder;
  }
  close(undefined);
  return outages;
}

function endMs(probe: Probe): number {
  return probe.startMs + probe.durationMs;
}

function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
}

function align(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}
