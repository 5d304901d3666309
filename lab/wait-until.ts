import { setTimeout as sleep } from "node:timers/promises";

const pollMs = 5;

/**
 * Ask `probe` until it answers with something other than undefined or false.
 *
 * @param what completes "Waited for ..." in the error
 * @throws Error when `timeoutMs` have passed; whatever `probe` throws
 */
export async function waitUntil<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== undefined && answer !== false) return answer;
    if (performance.now() >= deadline) throw new Error(`Waited for ${what}: not within ${timeoutMs} ms`);
    await sleep(pollMs);
  }
}
