import type { Probe } from "../lab/probe.ts";

/** A value that a service told its client, and when. */
interface Acknowledgement {
  readonly host: string;
  readonly value: number;
  readonly sentMs: number;
  readonly heardMs: number;
}

/** The probe with the host alone as responder; a counter answers "HOST/VALUE". */
export function withoutValue(probe: Probe): Probe {
  return { ...probe, responder: probe.responder.split("/")[0] ?? "" };
}

/**
 * What shows that an acknowledged increment was lost or done twice: no value comes twice, and a request that was sent after
 * another one's answer had come is answered by a greater value. Requests under way together may be answered in any order.
 *
 * @param probes of one service, in any order
 * @returns a line each
 */
export function stepsBack(probes: readonly Probe[]): readonly string[] {
  const heard = probes.filter(({ outcome }) => outcome === "answered").map(parse);
  const problems: string[] = [];
  const seen = new Map<number, Acknowledgement>();
  for (const one of heard) {
    const other = seen.get(one.value);
    if (other !== undefined) problems.push(`value ${one.value} came twice: from ${tell(other)} and from ${tell(one)}`);
    seen.set(one.value, one);
  }
  const byAnswer = [...heard].sort((a, b) => a.heardMs - b.heardMs);
  let next = 0;
  let greatest: Acknowledgement | undefined;
  for (const one of [...heard].sort((a, b) => a.sentMs - b.sentMs)) {
    for (let answer = byAnswer[next]; answer !== undefined && answer.heardMs < one.sentMs; answer = byAnswer[next]) {
      if (greatest === undefined || answer.value > greatest.value) greatest = answer;
      next += 1;
    }
    if (greatest !== undefined && one.value < greatest.value)
      problems.push(
        `the counter went back: ${greatest.value} from ${tell(greatest)}, then ${one.value} from ${tell(one)}`,
      );
  }
  return problems;
}

/** The greatest value that was acknowledged; 0 for none. */
export function greatestValue(probes: readonly Probe[]): number {
  return probes
    .filter(({ outcome }) => outcome === "answered")
    .reduce((greatest, probe) => Math.max(greatest, parse(probe).value), 0);
}

function parse({ responder, startMs, durationMs }: Probe): Acknowledgement {
  const [host = "", value = ""] = responder.split("/");
  return { host, value: Number(value), sentMs: startMs, heardMs: startMs + durationMs };
}

function tell({ host, heardMs }: Acknowledgement): string {
  return `${host} at ${heardMs.toFixed(0)} ms`;
}
