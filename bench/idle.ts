import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "../lab/monotonic.ts";
import type { Contender } from "./contender.ts";
import { fastHeartbeat, Hale } from "./hale.ts";
import { Keepalived } from "./keepalived.ts";
import type { Row } from "./row.ts";

const hosts = ["n1", "n2", "n3"];
const idleMs = 60_000;
/** For minutes after a start the just-in-time compiler is still at work, by a third of what is measured. */
const warmUpMs = 150_000;
const ticksPerSecond = 100;
const cpuLimits = { standard: 0.6, fast: 1.3 };
const memoryLimitMib = 100;

interface Use {
  /** Of the busiest node, seconds of processor time in a minute. */
  readonly cpuS: number;
  /** Of the biggest daemon. */
  readonly memoryMib: number;
}

const nothing: Use = { cpuS: Number.NaN, memoryMib: Number.NaN };

/** Three nodes with nothing to do: what it costs to be ready. */
export async function idle(say: (text: string) => void): Promise<readonly Row[]> {
  await using haleStandard = await Hale.start(hosts, {});
  await using haleFast = await Hale.start(hosts, { heartbeat: fastHeartbeat });
  await using keepalivedStandard = await Keepalived.start(hosts, 250);
  await using keepalivedFast = await Keepalived.start(hosts);
  // All at once, because idle programs leave each other alone, and it takes minutes.
  const contenders: readonly Contender[] = [haleStandard, haleFast, keepalivedStandard, keepalivedFast];
  const uses = await Promise.all(contenders.map(useOf));
  const [standard = nothing, fast = nothing, peerStandard = nothing, peerFast = nothing] = uses;
  const text = ({ cpuS, memoryMib }: Use) => `${cpuS.toFixed(2)} s of CPU a minute, ${memoryMib.toFixed(0)} MiB`;
  say(`hale: default timings ${text(standard)}; 100 ms ${text(fast)}`);
  say(`keepalived: 250 ms ${text(peerStandard)}; 100 ms ${text(peerFast)}`);
  const cpu = { unit: "s/min", against: "keepalived" };
  return [
    {
      figure: "idle, default timings: CPU per node",
      ...cpu,
      hale: standard.cpuS,
      other: peerStandard.cpuS,
      limit: cpuLimits.standard,
    },
    { figure: "idle, 100 ms: CPU per node", ...cpu, hale: fast.cpuS, other: peerFast.cpuS, limit: cpuLimits.fast },
    {
      figure: "idle: memory per node",
      unit: "MiB",
      hale: Math.max(standard.memoryMib, fast.memoryMib),
      against: "keepalived",
      other: Math.max(peerStandard.memoryMib, peerFast.memoryMib),
      limit: memoryLimitMib,
    },
  ];
}

async function useOf(contender: Contender): Promise<Use> {
  await contender.settle();
  await sleep(warmUpMs);
  const daemons = await Promise.all(
    [...contender.lab.hosts.values()].map(async ({ name, pid }) => ({ pid, own: await contender.daemonPids(name) })),
  );
  const read = () => daemons.map(({ pid, own }) => own.map((p) => usage(`/proc/${pid}/root/proc/${p}`)));
  const before = read();
  const fromMs = monotonicMs();
  await sleep(idleMs);
  const minutes = (monotonicMs() - fromMs) / 60_000;
  const after = read();
  const sum = (uses: readonly Use[] | undefined, key: keyof Use) => (uses ?? []).reduce((a, use) => a + use[key], 0);
  return {
    cpuS: Math.max(...after.map((uses, i) => (sum(uses, "cpuS") - sum(before[i], "cpuS")) / minutes)),
    memoryMib: Math.max(...after.map((uses) => sum(uses, "memoryMib"))),
  };
}

/** Of one process since its start, with the children it has waited for. @param folder its folder in /proc */
function usage(folder: string): Use {
  const stat = readFileSync(`${folder}/stat`, "utf8");
  // The name is in brackets and may hold anything; utime, stime, cutime and cstime are fields 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((a, text) => a + Number(text), 0);
  const resident = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`${folder}/status`, "utf8"))?.[1];
  return { cpuS: ticks / ticksPerSecond, memoryMib: Number(resident) / 1024 };
}
