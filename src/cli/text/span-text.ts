/** A span for people: `120ms`, `3.2s`, `42s`, `3m 12s`, `3h 12m`, `4d 3h`. */
export function spanText(spanMs: number): string {
  const ms = Math.max(0, Math.round(spanMs));
  if (ms < 1_000) return `${ms}ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toString()}s`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3_600) return pair(seconds, 60, "m", "s");
  if (seconds < 86_400) return pair(Math.floor(seconds / 60), 60, "h", "m");
  return pair(Math.floor(seconds / 3_600), 24, "d", "h");
}

function pair(count: number, size: number, large: string, small: string): string {
  const rest = count % size;
  return rest === 0 ? `${Math.floor(count / size)}${large}` : `${Math.floor(count / size)}${large} ${rest}${small}`;
}
