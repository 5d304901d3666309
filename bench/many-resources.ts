import { setTimeout as sleep } from "node:timers/promises";
import { HaleCluster } from "../lab/hale-cluster.ts";
import { Lab } from "../lab/lab.ts";
import { monotonicMs } from "../lab/monotonic.ts";
import type { EventList } from "../src/model/api-format.ts";
import { median } from "./gap.ts";
import { processorTime } from "./process-use.ts";
import type { Row } from "./row.ts";

const node = "n1";
const script = "/etc/bench/noop";
const noop = `#!/bin/sh
case $1 in
  start) : >/run/noop.$2 ;;
  stop) rm -f /run/noop.$2 ;;
  *) [ -e /run/noop.$2 ] || exit 7 ;;
esac
`;
const starts = 15;
const perService = 10;
const startLimitMs = 2;
const monitored = 200;
const warmUpMs = 60_000;
const watchMs = 60_000;
const monitorLimitPercent = 3;

/** What hale adds to the time of agents that do nothing, start after start. */
export async function serviceStart(say: (text: string) => void): Promise<readonly Row[]> {
  await using lab = await labWithNoop();
  const cluster = await found(lab, { ten: resources(perService, 0) });
  const host = lab.host(node);
  const [ours, own]: [number[], number[]] = [[], []];
  for (let index = 0; index < starts; index += 1) {
    // The same programs, one after the other, by a shell that does nothing else.
    const numbers = Array.from({ length: perService }, (_, i) => i).join(" ");
    const loop = `a=$(date +%s%N); for i in ${numbers}; do ${script} start $i; done; echo $(($(date +%s%N) - a))`;
    await cluster.must(node, ["service", "disable", "ten"]);
    own.push(Number(await host.run(["sh", "-c", loop])) / 1e6);
    await host.run(["sh", "-c", "rm -f /run/noop.*"]);
    await cluster.must(node, ["service", "enable", "ten"]);
    ours.push(await lastStartMs(cluster));
    say(`ten starts: ${ours.at(-1)?.toFixed(0)} ms, of which the agents take ${own.at(-1)?.toFixed(0)}`);
  }
  return [
    {
      figure: "start of a service of ten no-ops: beyond the agents' own time, each",
      unit: "ms",
      hale: (median(ours) - median(own)) / perService,
      against: "limit",
      other: startLimitMs,
      limit: startLimitMs,
      samples: { hale: ours, agents: own },
    },
  ];
}

/** What the daemon itself uses while it has 200 resources monitored every 10 s. */
export async function monitors(say: (text: string) => void): Promise<readonly Row[]> {
  await using lab = await labWithNoop();
  const count = monitored / perService;
  const names = Array.from({ length: count }, (_, i) => `s${i}`);
  const cluster = await found(lab, Object.fromEntries(names.map((name, i) => [name, resources(perService, 10, i)])));
  await sleep(warmUpMs);
  // The oldest: a program that is being started still looks like the daemon.
  const pid = (await lab.host(node).run(["pgrep", "-o", "-f", "haled.js"])).trim();
  const read = () => processorTime(`/proc/${lab.host(node).pid}/root/proc/${pid}`).own;
  const [before, fromMs] = [read(), monotonicMs()];
  await sleep(watchMs);
  const percent = ((read() - before) / ((monotonicMs() - fromMs) / 1000)) * 100;
  const status = await cluster.status(node);
  const failed = status?.services.filter(({ state }) => state !== "started").length;
  say(`${monitored} monitors every 10 s: ${percent.toFixed(2)} % of a core, ${failed} services not started`);
  return [
    {
      figure: "200 monitors every 10 s: the daemon's own share of a core",
      unit: "%",
      hale: percent,
      against: "limit",
      other: monitorLimitPercent,
      limit: monitorLimitPercent,
    },
  ];
}

async function labWithNoop(): Promise<Lab> {
  const lab = await Lab.create({ hosts: [node] });
  await lab.host(node).writeFile(script, noop, 0o755);
  return lab;
}

/** @param intervalS of the monitors; 0: none */
function resources(count: number, intervalS: number, series = 0): object {
  const list = Array.from({ length: count }, (_, i) => {
    const number = `${series * count + i}`;
    const monitor = { command: [script, "monitor", number], interval: intervalS === 0 ? 0 : `${intervalS}s` };
    return { exec: { name: `r${i}`, start: [script, "start", number], stop: [script, "stop", number], monitor } };
  });
  return { resources: list };
}

async function found(lab: Lab, services: Readonly<Record<string, object>>): Promise<HaleCluster> {
  const cluster = await HaleCluster.found(lab, { config: { fencing: "none", services } });
  await cluster.waitForMembers();
  for (const name of Object.keys(services)) await cluster.waitForService(name, { timeoutMs: 60_000 });
  return cluster;
}

/** By the stamps of the entries. */
async function lastStartMs(cluster: HaleCluster): Promise<number> {
  const { events } = JSON.parse(await cluster.must(node, ["events", "--json"])) as EventList;
  const at = (text: string) => events.findLast((event) => event.text.includes(text))?.at ?? Number.NaN;
  return at("starting on n1 -> started") - at("stopped -> starting");
}
