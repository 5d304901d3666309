import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { parseSoak, type SoakWish } from "./soak/parse-soak.ts";
import { soakKinds, type SoakResult } from "./soak/soak-kinds.ts";
import { Tally } from "./soak/tally.ts";

// npm run soak -- --minutes N [--shape 3] [--from SEED] [--threads N]   many seeds of all shapes in turn, until time is up or ten have failed;
//                                                                       --shape group- takes all whose names begin so
// npm run soak -- --seed N --shape 3 [--quiet]                          one seed again, with everything that happened

interface Task {
  readonly kind: string;
  readonly seed: number;
}

const failuresMax = 10;

if (isMainThread) await begin();
else parentPort?.on("message", (task: Task) => parentPort?.postMessage(run(task)));

async function begin(): Promise<void> {
  const names = soakKinds.map(({ name }) => name);
  const wish = parseSoak(process.argv.slice(2), names, availableParallelism());
  if (wish === null) {
    console.error(
      "usage: npm run soak -- [--minutes N] [--shape S] [--from SEED] [--threads N] | --seed N --shape S [--quiet]",
    );
    console.error(`shapes: ${names.join(" ")}`);
    process.exitCode = 2;
  } else if (wish.kind === "one") again(wish);
  else await runMany(wish);
}

function again({ seed, shape, isQuiet }: Extract<SoakWish, { kind: "one" }>): void {
  const result = run({ kind: shape, seed }, isQuiet ? undefined : (line) => console.log(line));
  console.log(`rare states: ${[...result.rareStates].sort().join(", ") || "none"}`);
  console.log(
    result.broken.length > 0
      ? failure(result)
      : `seed ${seed} shape ${shape}: ok, well ${result.recoveredMs} ms after the faults`,
  );
  if (result.broken.length > 0) process.exitCode = 1;
}

async function runMany(wish: Extract<SoakWish, { kind: "many" }>): Promise<void> {
  const startedAt = Date.now();
  const tally = new Tally();
  let next = 0;
  const isOver = (): boolean => Date.now() - startedAt >= wish.minutes * 60_000 || tally.failed >= failuresMax;
  const task = (): Task => {
    const place = next % wish.kinds.length;
    const seed = wish.from + Math.floor(next / wish.kinds.length);
    next += 1;
    return { kind: wish.kinds[place] ?? "", seed };
  };
  const onResult = (result: SoakResult): void => {
    tally.add(result);
    if (result.broken.length > 0) console.log(failure(result));
  };
  await Promise.all(Array.from({ length: wish.threads }, () => work(isOver, task, onResult)));
  for (const line of tally.lines(Date.now() - startedAt, wish.threads)) console.log(line);
  if (tally.failed > 0) process.exitCode = 1;
}

/** One thread, a seed at a time. */
async function work(isOver: () => boolean, task: () => Task, onResult: (result: SoakResult) => void): Promise<void> {
  const worker = new Worker(new URL("run.mjs", import.meta.url), { argv: [import.meta.filename] });
  try {
    while (!isOver()) {
      onResult(
        await new Promise<SoakResult>((resolve, reject) => {
          worker.once("message", resolve);
          worker.once("error", reject);
          worker.postMessage(task());
        }),
      );
      worker.removeAllListeners("error");
    }
  } finally {
    await worker.terminate();
  }
}

/** A seed that throws has failed like any other. */
function run({ kind, seed }: Task, tell?: (line: string) => void): SoakResult {
  const found = soakKinds.find(({ name }) => name === kind);
  if (found === undefined) throw new RangeError(`Cannot find shape "${kind}"`);
  try {
    return found.run(seed, tell);
  } catch (error) {
    const broken = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    return { kind, seed, ranMs: 0, recoveredMs: null, faults: new Map(), rareStates: new Set(), broken };
  }
}

function failure({ kind, seed, broken }: SoakResult): string {
  const lines = broken.map((line) => `  ${line}`);
  return [
    `seed ${seed} shape ${kind}: FAILED`,
    ...lines,
    `  again: npm run soak -- --seed ${seed} --shape ${kind}`,
  ].join("\n");
}
