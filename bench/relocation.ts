import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "../lab/monotonic.ts";
import type { Prober } from "../lab/prober.ts";
import type { Contender } from "./contender.ts";
import { longestGap, median } from "./gap.ts";
import { fastHeartbeat, Hale, unfenced } from "./hale.ts";
import { Keepalived } from "./keepalived.ts";
import { startProbing } from "./probing.ts";
import type { Row } from "./row.ts";

const hosts = ["n1", "n2", "n3"];
const switches = 9;
const watchMs = 1_000;

/** An operator moves the address: how long does the client hear nothing? */
export async function relocation(say: (text: string) => void): Promise<readonly Row[]> {
  await using keepalived = await Keepalived.start(hosts);
  await using hale = await Hale.start(hosts, { heartbeat: fastHeartbeat, fencing: unfenced });
  const seen = new Map<Contender, number[]>([
    [keepalived, []],
    [hale, []],
  ]);
  for (let index = 0; index < switches; index += 1) {
    for (const [contender, outages] of seen) {
      const outage = await switchOver(contender);
      outages.push(outage);
      say(`${contender.name}: ${outage.toFixed(1)} ms`);
    }
  }
  const [ours, theirs] = [seen.get(hale) ?? [], seen.get(keepalived) ?? []];
  return [
    {
      figure: "orderly relocation: client outage",
      unit: "ms",
      hale: median(ours),
      against: "keepalived",
      other: median(theirs),
      limit: median(theirs),
      samples: { hale: ours, keepalived: theirs },
    },
  ];
}

async function switchOver(contender: Contender): Promise<number> {
  const { lab } = contender;
  const owner = await contender.settle();
  const to = [...lab.hosts.keys()].find((name) => name !== owner) ?? "";
  await using prober = await startProbing(contender, owner);
  const fromMs = monotonicMs();
  await contender.switchOver(owner, to);
  await prober.waitFor((probe) => probe.outcome === "answered" && probe.responder !== owner, 10 * watchMs, fromMs);
  await sleep(watchMs / 2);
  return await changeGap(prober, owner, fromMs);
}

/** Around the change of responder: other gaps are other troubles, such as a busy machine. */
async function changeGap(prober: Prober, owner: string, fromMs: number): Promise<number> {
  const answers = (await prober.probes()).filter((p) => p.outcome === "answered" && p.startMs >= fromMs - watchMs);
  const next = answers.find((p) => p.startMs >= fromMs && p.responder !== owner);
  const changeMs = next === undefined ? monotonicMs() : next.startMs + next.durationMs;
  return (await longestGap(prober, changeMs - 200, changeMs + 100)).durationMs;
}
