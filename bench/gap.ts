import type { Prober } from "../lab/prober.ts";

/** The longest time without an answer in a stretch of probes. */
export interface Gap {
  readonly durationMs: number;
  /** When the answer came that ended it, on `monotonicMs`. */
  readonly endMs: number;
  /** Who answered last before it and first after it. */
  readonly from: string;
  readonly to: string;
}

/**
 * The longest gap between two answers that arrived between `fromMs` and `toMs`. An outage that has not ended by `toMs`
 * counts up to there, with nobody in `to`.
 */
export async function longestGap(prober: Prober, fromMs: number, toMs: number): Promise<Gap> {
  const arrivals = (await prober.probes())
    .filter((probe) => probe.outcome === "answered")
    .map((probe) => ({ atMs: probe.startMs + probe.durationMs, responder: probe.responder }))
    .filter(({ atMs }) => atMs >= fromMs && atMs <= toMs)
    .sort((a, b) => a.atMs - b.atMs);
  let longest: Gap = { durationMs: 0, endMs: toMs, from: "", to: "" };
  let last = { atMs: fromMs, responder: "" };
  for (const next of [...arrivals, { atMs: toMs, responder: "" }]) {
    const durationMs = next.atMs - last.atMs;
    if (durationMs > longest.durationMs) {
      longest = { durationMs, endMs: next.atMs, from: last.responder, to: next.responder };
    }
    last = next;
  }
  return longest;
}

/** @throws RangeError when there are none */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new RangeError("Cannot take the median of nothing");
  return (upper + lower) / 2;
}
