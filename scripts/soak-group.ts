import { runSeed, type RunKind } from "../src/sim/group/group-run.ts";

// npm run soak:group -- [FROM] [TO] [--kept]     seeds FROM to TO of every shape of the group alone, trimmed all the time; --kept: with
// the log limits of hale. Ends early after ten failures.

const failuresMax = 10;
const words = process.argv.slice(2).filter((word) => word !== "--kept");
const [from, to] = [Number(words[0] ?? 0), Number(words[1] ?? 100)];
const tiny = !process.argv.includes("--kept");

const kinds: readonly RunKind[] = [
  { name: "2 fencing", nodes: 2, arbiter: "fencing" },
  { name: "2 fencing, leaving", nodes: 2, arbiter: "fencing", churn: true },
  { name: "2 without arbiter", nodes: 2, arbiter: "majority" },
  { name: "3", nodes: 3, arbiter: "majority" },
  { name: "3, a pair stays cut", nodes: 3, arbiter: "majority", mesh: true },
  { name: "3, crashes and lost disks", nodes: 3, arbiter: "majority", hot: true },
  { name: "3, leaving", nodes: 3, arbiter: "majority", churn: true },
  { name: "4", nodes: 4, arbiter: "majority" },
  { name: "5", nodes: 5, arbiter: "majority" },
  { name: "5, a pair stays cut", nodes: 5, arbiter: "majority", mesh: true },
  { name: "5, crashes and lost disks", nodes: 5, arbiter: "majority", hot: true },
  { name: "2 disk", nodes: 2, arbiter: "disk" },
  { name: "2 disk, crashes and lost disks", nodes: 2, arbiter: "disk", hot: true },
  { name: "4 disk", nodes: 4, arbiter: "disk" },
];

const startedAt = Date.now();
let [seeds, failed] = [0, 0];
for (let seed = from; seed < to && failed < failuresMax; seed += 1) {
  for (const kind of kinds) {
    seeds += 1;
    const [first] = runSeed({ ...kind, tiny }, seed).violations;
    if (first === undefined) continue;
    failed += 1;
    console.log(`${kind.name}, seed ${seed}: ${first.rule} at ${first.at}: ${first.text}`);
  }
  if ((seed + 1 - from) % 100 === 0) console.log(`${seeds} seeds, ${failed} failed`);
}
console.log(`${seeds} seeds, ${failed} failed, ${Math.round((Date.now() - startedAt) / 1000)} s`);
if (failed > 0) process.exitCode = 1;
