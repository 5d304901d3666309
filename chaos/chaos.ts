import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ChaosSite, type ChaosSiteOptions } from "./chaos-site.ts";
import { type FaultKind, arbiterFaultKinds, faultKinds } from "./fault.ts";
import { formatResult, roundText } from "./report.ts";
import { type ChaosResult, runChaos } from "./run-chaos.ts";
import { setupNames } from "./setup.ts";

// `npm run chaos -- [OPTION...]`: faults by lot against a real cluster. Exit code 1: a promise was broken. See README.md.

const allKinds = [...faultKinds, ...Object.values(arbiterFaultKinds).flat()];
const usage = `usage: npm run chaos -- [--minutes N] [--seed S] [--setup NAME] [--nodes N] [--only KIND]... [--json]
                 [--report FOLDER] [--keepalive MS] [--deadtime MS] [--grace MS] [--whole MS]
  --minutes   how long faults are made, default 15
  --seed      what is drawn, default by lot; the same seed draws the same faults
  --setup     who goes on, default majority: ${setupNames.join(", ")}; all but majority and freeze are of two nodes
  --nodes     of the cluster, default 3 for majority and freeze
  --only      a kind of fault, may be repeated: ${allKinds.join("; ")}
  --json      every round as JSON on stdout
  --report    folder for what is kept, emptied first; default chaos-report
  --keepalive, --deadtime, --grace   of the cluster's daemons, default 200, 1500, 6000
  --whole     longest time from the healing until all is well, default 60000`;

const reportFolderDefault = join(import.meta.dirname, "..", "chaos-report");

process.exitCode = await main();

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    console.error(usage);
    return 2;
  }
  const { seed, minutes, kinds, cluster, wholeMsMax, isJson, reportFolder } = options;
  const logs = join(reportFolder, "logs");
  await rm(reportFolder, { recursive: true, force: true });
  await mkdir(logs, { recursive: true });
  console.error(`setup ${cluster.setup}, seed ${seed}, ${minutes} minutes`);
  await using site = await ChaosSite.start({ ...cluster, logs });
  const result = await runChaos(site, {
    seed,
    forMs: minutes * 60_000,
    deadtimeMs: cluster.deadtimeMs,
    daemonGraceMs: cluster.daemonGraceMs,
    wholeMsMax,
    kinds,
    onRound: (round) => console.error(roundText(round)),
  });
  await writeReport(reportFolder, site, result);
  console.log(isJson ? JSON.stringify(result, null, 2) : formatResult(result));
  console.error(`rounds, events of each node and what daemons wrote are in ${reportFolder}`);
  return result.violations.length > 0 ? 1 : 0;
}

async function writeReport(reportFolder: string, site: ChaosSite, result: ChaosResult): Promise<void> {
  await writeFile(join(reportFolder, "table.md"), `${formatResult(result)}\n`);
  await writeFile(join(reportFolder, "rounds.txt"), `${result.rounds.map(roundText).join("\n")}\n`);
  for (const node of site.cluster.running)
    await writeFile(join(reportFolder, `events-${node}.txt`), (await site.cluster.hale(node, ["events"])).stdout);
}

interface Options {
  readonly seed: number;
  readonly minutes: number;
  readonly kinds: readonly FaultKind[];
  readonly cluster: Pick<ChaosSiteOptions, "nodes" | "setup" | "keepaliveMs" | "deadtimeMs" | "daemonGraceMs">;
  readonly wholeMsMax: number;
  readonly isJson: boolean;
  readonly reportFolder: string;
}

/** @returns undefined when they are not understood */
function readOptions(): Options | undefined {
  const text = { type: "string" } as const;
  const all = {
    report: text,
    nodes: text,
    setup: text,
    minutes: text,
    seed: text,
    keepalive: text,
    deadtime: text,
    grace: text,
    whole: text,
  };
  try {
    const { values } = parseArgs({ options: { ...all, only: { ...text, multiple: true }, json: { type: "boolean" } } });
    const kinds = values.only?.map((name) => allKinds.find((kind) => kind === name));
    if (kinds?.includes(undefined) === true) return undefined;
    const setup = setupNames.find((name) => name === (values.setup ?? "majority"));
    const count = number(values.nodes) ?? (setup === "majority" || setup === "freeze" ? 3 : 2);
    if (setup === undefined) return undefined;
    return {
      seed: number(values.seed) ?? Math.floor(Math.random() * 1e6),
      minutes: number(values.minutes) ?? 15,
      kinds: kinds?.filter((kind) => kind !== undefined) ?? allKinds,
      cluster: {
        nodes: Array.from({ length: count }, (_, index) => `n${index + 1}`),
        setup,
        keepaliveMs: number(values.keepalive) ?? 200,
        deadtimeMs: number(values.deadtime) ?? 1_500,
        daemonGraceMs: number(values.grace) ?? 6_000,
      },
      wholeMsMax: number(values.whole) ?? 60_000,
      isJson: values.json === true,
      reportFolder: values.report ?? reportFolderDefault,
    };
  } catch {
    return undefined; // An unknown option, or no number: the usage says it all.
  }
}

function number(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value >= 0)) throw new RangeError(`Cannot use ${text}: wants a number`);
  return value;
}
