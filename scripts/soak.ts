import { exploreSeed, type SeedResult } from "../src/sim/explore/explore-seed.ts";
import { shapes, type Shape } from "../src/sim/explore/shapes.ts";

// npm run soak -- --minutes N [--shape 3] [--from SEED]     many seeds, until time is up or ten have failed
// npm run soak -- --seed N --shape 3 [--quiet]              one seed again, with everything that happened

const failuresMax = 10;

const options = parseOptions(process.argv.slice(2));
if (options === null) {
  console.error("usage: npm run soak -- [--minutes N] [--shape S] [--from SEED] | --seed N --shape S [--quiet]");
  console.error(`shapes: ${shapes.join(" ")}`);
  process.exitCode = 2;
} else if (options.seed !== undefined) runOne(options.seed, options.shape ?? "3", options.isQuiet);
else runMany(options.minutes, options.shape, options.from);

function runOne(seed: number, shape: Shape, isQuiet: boolean): void {
  const result = exploreSeed(seed, shape);
  if (!isQuiet)
    for (const line of result.timeline)
      console.log(`${String(line.atMs).padStart(6)} ${line.node.padEnd(5)} ${line.text}`);
  for (const line of result.ends) console.log(line);
  console.log(
    `plan: ${result.plan.kinds.join(", ")}; a fault each ${result.plan.gapMs} ms, lasting up to ${result.plan.lastsMsMax} ms`,
  );
  console.log(describe(result));
  if (result.violations.length > 0) process.exitCode = 1;
}

function runMany(minutes: number, shape: Shape | undefined, from: number): void {
  const startedAt = Date.now();
  const tally = { seeds: 0, failed: 0, virtualMs: 0, slowestMs: 0 };
  for (let seed = from; Date.now() - startedAt < minutes * 60_000 && tally.failed < failuresMax; seed += 1) {
    for (const each of shape === undefined ? shapes : [shape]) {
      const result = exploreSeed(seed, each);
      tally.seeds += 1;
      tally.virtualMs += result.ranMs;
      tally.slowestMs = Math.max(tally.slowestMs, result.recoveredMs ?? 0);
      if (result.violations.length === 0) continue;
      tally.failed += 1;
      console.log(describe(result));
    }
  }
  const realMs = Date.now() - startedAt;
  const speed = Math.round(tally.virtualMs / realMs);
  console.log(
    `${tally.seeds} seeds in ${Math.round(realMs / 1000)} s, ${tally.failed} failed; ` +
      `${Math.round(tally.virtualMs / 1000)} s of virtual time, ${speed} times real time; slowest recovery ${tally.slowestMs} ms`,
  );
  if (tally.failed > 0) process.exitCode = 1;
}

function describe(result: SeedResult): string {
  const { seed, shape, violations, ranMs, recoveredMs, entries } = result;
  const head = `seed ${seed} shape ${shape}: ${violations.length === 0 ? "ok" : "FAILED"}, ran ${ranMs} ms, ${entries} entries`;
  if (violations.length === 0) return `${head}, well ${recoveredMs} ms after the faults`;
  const lines = violations.slice(0, 5).map((broken) => `  ${broken.rule} at ${broken.atMs} ms: ${broken.text}`);
  return [head, ...lines, `  again: npm run soak -- --seed ${seed} --shape ${shape}`].join("\n");
}

function parseOptions(
  words: readonly string[],
): { minutes: number; shape?: Shape; from: number; seed?: number; isQuiet: boolean } | null {
  const read: { minutes: number; shape?: Shape; from: number; seed?: number; isQuiet: boolean } = {
    minutes: 1,
    from: 1,
    isQuiet: false,
  };
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index];
    if (word === "--quiet") {
      read.isQuiet = true;
      continue;
    }
    index += 1;
    const value = words[index];
    const shape = shapes.find((each) => each === value);
    if (word === "--shape" && shape !== undefined) read.shape = shape;
    else if (word === "--minutes" && Number(value) > 0) read.minutes = Number(value);
    else if (word === "--seed" && Number.isInteger(Number(value))) read.seed = Number(value);
    else if (word === "--from" && Number.isInteger(Number(value))) read.from = Number(value);
    else return null;
  }
  return read;
}
