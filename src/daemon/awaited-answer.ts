import type { Answer } from "../model/intent.ts";

/** Tells the answer, once. */
type Done = (answer: Answer) => void;

/**
 * An answer as a promise that its waiter may give up.
 *
 * @param ask asks; the returned function makes that forgotten. Its answer may come before it returns
 * @returns rejects when the signal aborts first, with its reason
 */
export function awaitedAnswer(
  signal: AbortSignal,
  ask: (done: Done, fail: (error: Error) => void) => () => void,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(abortedWaiting(signal));
    let forget = (): void => undefined;
    const onAbort = (): void => {
      forget();
      reject(abortedWaiting(signal));
    };
    signal.addEventListener("abort", onAbort);
    const settled = (): void => signal.removeEventListener("abort", onAbort);
    const done = (answer: Answer): void => {
      settled();
      resolve(answer);
    };
    const fail = (error: Error): void => {
      settled();
      reject(error);
    };
    forget = ask(done, fail);
  });
}

function abortedWaiting(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("Gave up waiting for the answer");
}
