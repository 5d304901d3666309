import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "../lab/monotonic.ts";
import type { Contender } from "./contender.ts";
import { fastHeartbeat, Hale } from "./hale.ts";
import { Keepalived } from "./keepalived.ts";
import { type Use, useSoFar } from "./process-use.ts";
import type { Row } from "./row.ts";

const hosts = ["n1", "n2", "n3"];
const idleMs = 60_000;
/** For minutes after a start the just-in-time compiler is still at work, by a third of what is measured. */
const warmUpMs = 150_000;
const cpuLimits = { standard: 0.6, fast: 1.3 };
const memoryLimitMib = 100;

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

/** Of the busiest node the seconds of processor time in a minute, of the biggest daemon the memory. */
async function useOf(contender: Contender): Promise<Use> {
  await contender.settle();
  await sleep(warmUpMs);
  const daemons = await Promise.all(
    [...contender.lab.hosts.values()].map(async ({ name, pid }) => ({ pid, own: await contender.daemonPids(name) })),
  );
  const read = () => daemons.map(({ pid, own }) => own.map((p) => useSoFar(`/proc/${pid}/root/proc/${p}`)));
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
