/**
 * Makes TCP connections as fast as one processor can: `caller-main.ts PLAN`, with PLAN as JSON. Writes "called NUMBER" at its end.
 */
import { connect } from "node:net";

/** Whom to call. */
export interface CallPlan {
  readonly target: string;
  readonly port: number;
  readonly forMs: number;
}

const atOnce = 200;
/** One that is not answered is given up for another. */
const patienceMs = 50;

const { target, port, forMs } = JSON.parse(process.argv[2] ?? "") as CallPlan;
const end = performance.now() + forMs;
let called = 0;

await Promise.all(Array.from({ length: atOnce }, callAgain));
process.stdout.write(`called ${called}\n`);

async function callAgain(): Promise<void> {
  while (performance.now() < end) {
    called += 1;
    await new Promise<void>((done) => {
      const socket = connect({ host: target, port });
      const timer = setTimeout(() => socket.destroy(), patienceMs);
      socket.on("error", () => undefined);
      socket.resume();
      socket.once("close", () => {
        clearTimeout(timer);
        done();
      });
    });
  }
}
