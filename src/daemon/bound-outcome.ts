/** Every bound of what an agent may say, whichever adapter has run it: results become entries, and an entry has an end. */
const outcomeLimits = {
  /** Bytes of a reason as JSON. A report of what a node runs holds one per service, and must stay shorter than the configuration. */
  reasonBytesMax: 200,
  /** Bytes of the output as JSON; adapters keep the last 4 KiB, in which each byte may have to be escaped. */
  outputBytesMax: 24 * 1024,
} as const;

const encoder = new TextEncoder();

/** The outcome of an operation or a fence with the beginning of its reason and the end of its output, as far as there is room. */
export function boundOutcome<T extends { readonly reason: string; readonly output: string }>(outcome: T): T {
  const { reason, output } = outcome;
  const { reasonBytesMax, outputBytesMax } = outcomeLimits;
  if (bytesOf(reason) <= reasonBytesMax && bytesOf(output) <= outputBytesMax) return outcome;
  const front = longestThat((length) => reason.slice(0, length), reason.length, reasonBytesMax - 3);
  const end = longestThat((length) => output.slice(output.length - length), output.length, outputBytesMax);
  return { ...outcome, reason: front === reason ? reason : `${front}…`, output: end };
}

/** By halves: what grows with its length, and is longest below the limit. */
function longestThat(cut: (length: number) => string, lengthMax: number, bytesMax: number): string {
  if (bytesOf(cut(lengthMax)) <= bytesMax) return cut(lengthMax);
  let [fits, tooLong] = [0, lengthMax];
  while (tooLong - fits > 1) {
    const middle = (fits + tooLong) >> 1;
    if (bytesOf(cut(middle)) <= bytesMax) fits = middle;
    else tooLong = middle;
  }
  return cut(fits);
}

function bytesOf(text: string): number {
  return encoder.encode(JSON.stringify(text)).length;
}
