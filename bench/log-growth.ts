import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileJournal } from "../src/adapters/journal/file-journal.ts";
import { logLimits, type LogLimits } from "../src/core/replication/log-limits.ts";
import { type CoreState, replayCoreDisk, startCore, stepCore } from "../src/core/step.ts";
import type { DiskRecord } from "../src/model/disk.ts";
import type { Effect } from "../src/model/effect.ts";
import { parseNodeId } from "../src/model/ids.ts";
import { makeIncarnation } from "../src/model/incarnation.ts";
import type { Input, Moment } from "../src/model/input.ts";
import { instantMs, wallMs } from "../src/model/units.ts";
import { shapeConfig } from "../src/sim/explore/shapes.ts";

// NODE_OPTIONS=--expose-gc scripts/run bench/log-growth.ts [ENTRIES]
// The core of a lone node with a journal on the real disk: what so many entries (100,000) leave behind, trimmed and, to compare, never.

const never: LogLimits = { ...logLimits, keepEntries: 1e12, keepBytes: 1e15, rewriteBytes: 1e15 };
const entriesWanted = Number(process.argv[2] ?? 100_000);
const submitsPerRound = 100;

const { config: three } = shapeConfig("3");
const self = parseNodeId(three.nodes[0]?.id ?? "");
const config = { ...three, nodes: three.nodes.slice(0, 1), services: [] };
const incarnation = makeIncarnation({ boot: 1, startedAt: 0, random: 1 });
const founded: readonly DiskRecord[] = [
  { kind: "boot", boot: 1 },
  { kind: "founded", voters: [self] },
];

/** A node that lives until it has delivered enough. */
class LoneNode {
  readonly #journal: FileJournal;
  #writes: Promise<number>[] = [];
  #now = 0;
  core: CoreState;

  constructor(journal: FileJournal, records: readonly DiskRecord[], limits: LogLimits) {
    this.#journal = journal;
    const disk = replayCoreDisk(records);
    const boot = { incarnation, config, configDigest: "", disk, limits, seed: 1, version: "bench" };
    const started = startCore({ self, ...boot }, this.#moment());
    this.core = started.state;
    this.#carryOut(started.effects);
  }

  async round(round: number): Promise<void> {
    this.#now += 100;
    this.#step({ kind: "tick" });
    for (let count = 0; count < submitsPerRound && this.core.group.phase.kind === "active"; count += 1) {
      const kind = count % 2 === 0 ? "standby-node" : "online-node";
      const request = round * submitsPerRound + count;
      this.#step({ kind: "intent", request, intent: { kind, node: self }, author: "bench" });
    }
    while (this.#writes.length > 0) {
      const numbers = await Promise.all(this.#writes.splice(0));
      this.#step({ kind: "persisted", write: Math.max(...numbers) });
    }
  }

  #moment(): Moment {
    return { now: instantMs(this.#now), wall: wallMs(1_700_000_000_000 + this.#now) };
  }

  #step(input: Input): void {
    const { state, effects } = stepCore(this.core, input, this.#moment());
    this.core = state;
    this.#carryOut(effects);
  }

  #carryOut(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.kind !== "persist") continue;
      const { records, write, isRewrite } = effect;
      const written = isRewrite === true ? this.#journal.rewrite(records) : this.#journal.append(records);
      this.#writes.push(written.then(() => write));
    }
  }
}

async function measure(limits: LogLimits): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hale-log-growth-"));
  const path = join(folder, "journal");
  const journal = new FileJournal(folder);
  await journal.load();
  await journal.append(founded);
  const heapBefore = heapNow();
  const node = new LoneNode(journal, founded, limits);
  let bytesMax = 0;
  for (let round = 0; node.core.group.delivered < entriesWanted; round += 1) {
    await node.round(round);
    if (round % 10 === 0) bytesMax = Math.max(bytesMax, (await stat(path)).size);
  }
  const heapMiB = (heapNow() - heapBefore) / 2 ** 20;
  const { log, delivered } = node.core.group;
  await journal.close();
  const bytes = (await stat(path)).size;
  const restart = await timeRestart(folder, limits);
  await rm(folder, { recursive: true });
  const kiB = (value: number): string => `${Math.round(value / 1024)} KiB`;
  return (
    `${delivered} entries: ${log.length - log.trimmed} in memory, heap ${heapMiB.toFixed(1)} MiB more; ` +
    `${kiB(bytes)} on disk, at most ${kiB(Math.max(bytes, bytesMax))}; ${restart}`
  );
}

async function timeRestart(folder: string, limits: LogLimits): Promise<string> {
  const begin = performance.now();
  const journal = new FileJournal(folder);
  const { records } = await journal.load();
  const node = new LoneNode(journal, records, limits);
  const took = performance.now() - begin;
  await journal.close();
  return `${records.length} records read and ${node.core.group.delivered} entries known again in ${Math.round(took)} ms`;
}

function heapNow(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

console.log(`trimmed: ${await measure(logLimits)}`);
console.log(`never trimmed: ${await measure(never)}`);
