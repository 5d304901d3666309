import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "../lab/monotonic.ts";
import { type Contender, heartbeatMs } from "./contender.ts";
import { longestGap, median } from "./gap.ts";
import { fastHeartbeat, Hale, unfenced } from "./hale.ts";
import { HeartbeatWatch } from "./heartbeat-watch.ts";
import { Keepalived } from "./keepalived.ts";
import { startProbing } from "./probing.ts";
import type { Row } from "./row.ts";

const hosts = ["n1", "n2", "n3"];
const cuts = 9;
const watchMs = 3_000;
const fenceExtraMs = 150;

interface Outage {
  /** From the chosen moment of the cut to the first answer. */
  readonly clientMs: number;
  /** Longest time without an answer. Differs by what the cut itself took, which is 2 to 20 ms of luck. */
  readonly clockedMs: number;
  /** From the last heartbeat that reached a survivor to the first answer. */
  readonly sinceHeartbeatMs: number;
}

/** The owner's wires are cut, on all networks, at nine moments spread over the heartbeat interval. */
export async function silentDeath(say: (text: string) => void): Promise<readonly Row[]> {
  await using keepalived = await Keepalived.start(hosts);
  await using hale = await Hale.start(hosts, { heartbeat: fastHeartbeat, fencing: unfenced });
  await using fenced = await Hale.start(hosts, { heartbeat: fastHeartbeat });
  const seen = new Map<Contender, Outage[]>([
    [keepalived, []],
    [hale, []],
    [fenced, []],
  ]);
  // In turn, so that whatever else the machine does meets all of them.
  for (let index = 0; index < cuts; index += 1) {
    for (const [contender, outages] of seen) {
      const outage = await cutOwner(contender, (index + 0.5) / cuts);
      outages.push(outage);
      const how = contender === fenced ? "hale with fence" : contender.name;
      const [client, clocked, since] = [outage.clientMs, outage.clockedMs, outage.sinceHeartbeatMs].map(Math.round);
      say(`${how}: ${client} ms (clocked ${clocked}, since the last heartbeat ${since})`);
    }
  }
  const client = (contender: Contender) => seen.get(contender)?.map((o) => o.clientMs) ?? [];
  const clocked = (contender: Contender) => seen.get(contender)?.map((o) => o.clockedMs) ?? [];
  const row = (figure: string, of: (contender: Contender) => readonly number[], who: Contender): Row => ({
    figure,
    unit: "ms",
    hale: median(of(who)),
    against: "keepalived",
    other: median(of(keepalived)),
    samples: { hale: of(who), keepalived: of(keepalived) },
  });
  const limit = median(client(keepalived));
  return [
    { ...row("silent death of the owner: client outage", client, hale), limit },
    { ...row("the same with a confirmed fence", client, fenced), limit: limit + fenceExtraMs },
    row("silent death, as clocked", clocked, hale),
    row("the same with a confirmed fence", clocked, fenced),
  ];
}

async function cutOwner(contender: Contender, phase: number): Promise<Outage> {
  const { lab } = contender;
  const owner = await contender.settle();
  const others = [...lab.hosts.keys()].filter((name) => name !== owner);
  await using prober = await startProbing(contender, owner);
  await using watch = await HeartbeatWatch.start(lab.host(others[0] ?? ""), contender.heartbeatsOf(owner));
  await watch.waitForPhase(heartbeatMs, phase);
  const cutMs = monotonicMs();
  await lab.cut([[owner], [...others, "client"]]);
  await sleep(watchMs);
  const gap = await longestGap(prober, cutMs - 50, cutMs + watchMs);
  const last = (await watch.times()).filter((at) => at < gap.endMs).at(-1) ?? Number.NaN;
  const sinceHeartbeatMs = gap.endMs - last;
  return { clientMs: sinceHeartbeatMs - phase * heartbeatMs, clockedMs: gap.durationMs, sinceHeartbeatMs };
}
