import { ClusterError } from "../model/errors.ts";

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A span of a command line in ms; a bare number counts seconds, as `watch -n 2` has it.
 *
 * @throws ClusterError USAGE
 */
export function parseSpan(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  if (match !== null) return Math.round(Number(match[1]) * (unitMs[match[2] ?? "s"] ?? 1_000));
  throw new ClusterError("USAGE", `Cannot use ${JSON.stringify(text)} as ${what}: wants a span such as 30s, 10m or 2h`);
}
