/** Now on CLOCK_MONOTONIC, in ms: the same clock in every process and namespace of this machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
