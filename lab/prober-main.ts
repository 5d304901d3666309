/**
 * The prober's own process, in the client host: `prober-main.ts PLAN-AS-JSON`.
 *
 * Requests go out by the clock, whether or not earlier ones were answered: a client that waits for an answer before it
 * asks again measures an outage with a ruler as long as its time-out (and the kernel repeats a lost SYN only after a
 * second). Prints "ready", then a line per request as it ends; ends at SIGTERM, when the last request has.
 */
import { asker } from "./ask.ts";
import { monotonicMs } from "./monotonic.ts";
import { encodeProbe, type ProbePlan } from "./probe.ts";

/** After a pause of this process no more than this is caught up; the rest would be a burst that nobody asks for. */
const catchUpMax = 20;
const flushMs = 10;

const plan = JSON.parse(process.argv[2] ?? "") as ProbePlan;
const ask = await asker(plan.target);
let lines: string[] = [];
let underWay = 0;
let isStopping = false;

process.once("SIGTERM", () => {
  isStopping = true;
});
process.stdout.write("ready\n");
setInterval(flush, flushMs);
schedule(monotonicMs());

function schedule(firstDueMs: number): void {
  let dueMs = firstDueMs;
  const now = monotonicMs();
  if (now - dueMs > catchUpMax * plan.everyMs) dueMs = now;
  for (; dueMs <= now; dueMs += plan.everyMs) void send(dueMs);
  if (!isStopping) setTimeout(() => schedule(dueMs), Math.max(0, Math.floor(dueMs - monotonicMs())));
}

async function send(dueMs: number): Promise<void> {
  underWay += 1;
  const startMs = monotonicMs();
  const reply = await ask(plan.timeoutMs);
  lines.push(encodeProbe({ dueMs, startMs, durationMs: monotonicMs() - startMs, ...reply }));
  underWay -= 1;
}

function flush(): void {
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
  lines = [];
  if (isStopping && underWay === 0) process.exit(0);
}
