import { availableParallelism } from "node:os";
import { isMainThread, parentPort, Worker } from "node:worker_threads";
import { parseSoak, type SoakWish } from "./soak/parse-soak.ts";
import { type SeedOutcome, soakKinds, type SoakResult } from "./soak/soak-kinds.ts";
import { seedsForAllStates, Tally } from "./soak/tally.ts";
import { type Turn, Turns } from "./soak/turns.ts";

// npm run soak -- [--minutes N] [--seeds N] [--shape 3] [--from SEED] [--threads N]
//   many seeds, the same time for every shape, until time is up, so many have run, or ten have failed; --shape group- takes all whose names begin so
//   exit code 1: a seed has failed, or 10,000 of all shapes have left out a rare state
// npm run soak -- --seed N --shape 3 [--quiet]
//   one seed again, with everything that happened

const failuresMax = 10;
const progressEveryMs = 60_000;

if (isMainThread) await begin();
else parentPort?.on("message", (turn: Turn) => parentPort?.postMessage(run(turn)));

async function begin(): Promise<void> {
  const names = soakKinds.map(({ name }) => name);
  const wish = parseSoak(process.argv.slice(2), names, availableParallelism());
  if (wish === null) {
    console.error(
      "usage: npm run soak -- [--minutes N] [--seeds N] [--shape S] [--from SEED] [--threads N] | --seed N --shape S [--quiet]",
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
  const turns = new Turns(wish.kinds, wish.from);
  let begun = 0;
  const isOver = (): boolean =>
    Date.now() - startedAt >= wish.minutes * 60_000 || begun >= wish.seeds || tally.failed >= failuresMax;
  const take = (): Turn | null => {
    if (isOver()) return null;
    begun += 1;
    return turns.next();
  };
  const onResult = (result: SoakResult): void => {
    turns.ended(result);
    tally.add(result);
    if (result.broken.length > 0) console.log(failure(result));
  };
  const progress = setInterval(() => {
    const minutes = Math.round((Date.now() - startedAt) / 60_000);
    console.error(`${tally.seeds} seeds in ${minutes} min, ${tally.failed} failed`);
  }, progressEveryMs);
  await Promise.all(Array.from({ length: wish.threads }, () => work(take, onResult)));
  clearInterval(progress);
  for (const line of tally.lines(Date.now() - startedAt, wish.threads)) console.log(line);
  // Faults that do not lead into the states that matter show nothing.
  const mustReachAll = wish.kinds.length === soakKinds.length && tally.seeds >= seedsForAllStates;
  if (tally.failed > 0 || (mustReachAll && tally.neverReached().length > 0)) process.exitCode = 1;
}

/** One thread, a seed at a time. */
async function work(take: () => Turn | null, onResult: (result: SoakResult) => void): Promise<void> {
  const worker = new Worker(new URL("run.mjs", import.meta.url), { argv: [import.meta.filename] });
  try {
    for (let turn = take(); turn !== null; turn = take()) {
      const given = turn;
      onResult(
        await new Promise<SoakResult>((resolve, reject) => {
          worker.once("message", resolve);
          worker.once("error", reject);
          worker.postMessage(given);
        }),
      );
      worker.removeAllListeners("error");
    }
  } finally {
    await worker.terminate();
  }
}

function run(turn: Turn, tell?: (line: string) => void): SoakResult {
  const beganMs = performance.now();
  return { ...outcome(turn, tell), tookMs: performance.now() - beganMs };
}

/** A seed that throws has failed like any other. */
function outcome({ kind, seed }: Turn, tell?: (line: string) => void): SeedOutcome {
  const found = soakKinds.find(({ name }) => name === kind);
  if (found === undefined) throw new RangeError(`Cannot find shape "${kind}"`);
  try {
    return found.run(seed, tell);
  } catch (error) {
    const broken = [error instanceof Error ? (error.stack ?? error.message) : String(error)];
    return { kind, seed, ranMs: 0, recoveredMs: null, faults: new Map(), rareStates: new Set(), broken };
  }
}

function failure({ kind, seed, broken }: SeedOutcome): string {
  const lines = broken.map((line) => `  ${line}`);
  return [
    `seed ${seed} shape ${kind}: FAILED`,
    ...lines,
    `  again: npm run soak -- --seed ${seed} --shape ${kind}`,
  ].join("\n");
}
