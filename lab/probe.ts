/** What a prober asks. Names are not looked up: give addresses. */
export type ProbeTarget =
  /** GET over a new connection each time. The responder is the header `x-host`, or else the first line of the body. */
  | { readonly kind: "http"; readonly url: string }
  /** A new connection each time: send a line, read one back. The responder is its first word (`echo-main.ts`). */
  | { readonly kind: "tcp"; readonly ip: string; readonly port: number }
  /** One datagram each way, from one socket. The responder is the first word. Light enough for 1 ms. */
  | { readonly kind: "udp"; readonly ip: string; readonly port: number };

/** How one request ended; only "answered" is a success. HTTP answers other than 2xx are "failed". */
export type ProbeOutcome = "answered" | "refused" | "timed-out" | "failed";

/** What came back of one request. */
export interface Reply {
  readonly outcome: ProbeOutcome;
  /** Who answered, as it calls itself; "" when nobody did. */
  readonly responder: string;
  /** Why it did not succeed, for people; "" when it did. */
  readonly error: string;
}

/** One request as the client saw it. */
export interface Probe extends Reply {
  /** When it was due, on `monotonicMs`. */
  readonly dueMs: number;
  /** When it was really sent. */
  readonly startMs: number;
  /** From `startMs` to the outcome. */
  readonly durationMs: number;
}

/** What the prober's process is told on its command line, as JSON. */
export interface ProbePlan {
  readonly target: ProbeTarget;
  readonly everyMs: number;
  readonly timeoutMs: number;
}

/** One line per probe on the way from the prober's process. */
export function encodeProbe(p: Probe): string {
  const ms = (value: number) => Math.round(value * 1000) / 1000;
  return JSON.stringify([ms(p.dueMs), ms(p.startMs), ms(p.durationMs), p.outcome, p.responder, p.error]);
}

/** @param line from `encodeProbe`, and from nobody else */
export function decodeProbe(line: string): Probe {
  const fields = JSON.parse(line) as [number, number, number, ProbeOutcome, string, string];
  const [dueMs, startMs, durationMs, outcome, responder, error] = fields;
  return { dueMs, startMs, durationMs, outcome, responder, error };
}
