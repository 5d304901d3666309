import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { playDemo } from "./demo/acts.ts";
import { suggestions, writeOn } from "./demo/playground.ts";
import { drawPicture } from "./demo/picture.ts";
import { Stage } from "./demo/stage.ts";
import { halePrograms } from "./hale-cluster.ts";
import { Lab } from "./lab.ts";
import { formatSummary, summarize } from "./outages.ts";

// `npm run demo`: three servers on this machine, a web site that survives the loss of any of them, and what a client saw of it.

const hosts = ["n1", "n2", "n3"];
const reportFolder = join(import.meta.dirname, "..", "demo-report");
const isInteractive = process.stdout.isTTY && process.env["CI"] !== "true";
/** From then on Ctrl-C is how the demo ends; before, it is cut short. */
let isTheirTurn = false;

try {
  await main();
} catch (error) {
  console.error(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error("Cannot make hosts: needs root, for namespaces; try it with sudo");
  const stage = new Stage();
  stage.act("Three hosts out of namespaces, two networks, one client");
  await using lab = await Lab.create({ hosts, programs: halePrograms });
  const interrupted = onInterrupt(lab);
  stage.say(`${hosts.join(", ")} and the client are up; nothing of them is visible outside`);

  const { cluster, probes, virtualIp } = await playDemo(lab, stage);

  stage.act("What the client saw");
  const startMs = Math.min(...probes.map((probe) => probe.startMs));
  const table = formatSummary(summarize(probes), startMs);
  stage.block(table);
  await mkdir(reportFolder, { recursive: true });
  await writeFile(join(reportFolder, "outages.svg"), drawPicture(probes, stage.marks, hosts));
  await writeFile(join(reportFolder, "outages.txt"), `${table}\n`);
  await writeFile(join(reportFolder, "events.txt"), await cluster.must(cluster.running[0] ?? "n1", ["events"]));
  stage.say(`picture, table and events are in ${reportFolder}`);

  if (!isInteractive) return;
  isTheirTurn = true;
  stage.act("Your turn, in another terminal, as root: the cluster stays up until Ctrl-C here");
  stage.block(suggestions(await writeOn(cluster), virtualIp));
  await interrupted;
}

/** Resolves at Ctrl-C or SIGTERM; the lab is taken down at once, whatever the demo is doing, and the process ends. */
async function onInterrupt(lab: Lab): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      console.log("\nTaking everything down");
      void lab.close().finally(() => {
        resolve();
        process.exit(isTheirTurn ? 0 : 130);
      });
    };
    process.once("SIGINT", end);
    process.once("SIGTERM", end);
  });
}
