import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "../lab/monotonic.ts";
import type { Contender } from "./contender.ts";
import { fastHeartbeat, Hale } from "./hale.ts";
import { type Holding, watchHolders } from "./holders.ts";
import { Keepalived } from "./keepalived.ts";
import { startProbing } from "./probing.ts";
import type { Row } from "./row.ts";

const hosts = ["n1", "n2", "n3"];
const watchMs = 5_000;
/** Well within the grace of 10 s. */
const restartAfterMs = 2_000;
/** Beyond the grace and a fence. */
const abandonedMs = 15_000;

/** Every process of the owner's daemon is killed; its kernel, its address and its programs go on. */
export async function killedDaemon(say: (text: string) => void): Promise<readonly Row[]> {
  await using keepalived = await Keepalived.start(hosts);
  await using hale = await Hale.start(hosts, { heartbeat: fastHeartbeat });
  const theirs = await killOwner(keepalived, undefined, watchMs);
  say(`keepalived: ${text(theirs)}`);
  const restarted = await killOwner(hale, restartAfterMs, watchMs);
  say(`hale, restarted: ${text(restarted)}`);
  const abandoned = await killOwner(hale, undefined, abandonedMs);
  say(`hale, not restarted: ${text(abandoned)}`);
  return [
    {
      figure: "daemon killed, restarted in the grace: holders of the address",
      unit: "hosts",
      hale: restarted.most,
      against: "keepalived",
      other: theirs.most,
      limit: 1,
    },
    {
      figure: "the same: answers lost",
      unit: "answers",
      hale: restarted.lost,
      against: "keepalived, not restarted",
      other: theirs.lost,
      limit: 0,
    },
    {
      figure: "daemon killed, never restarted: holders of the address",
      unit: "hosts",
      hale: abandoned.most,
      against: "keepalived",
      other: theirs.most,
      limit: 1,
    },
  ];
}

interface Kill extends Holding {
  readonly lost: number;
}

async function killOwner(contender: Contender, restartMs: number | undefined, forMs: number): Promise<Kill> {
  const { lab, ip } = contender;
  const owner = await contender.settle();
  await using prober = await startProbing(contender, owner, 2);
  const stop = new AbortController();
  const watching = watchHolders(lab, ip, stop.signal);
  const fromMs = monotonicMs();
  await contender.killDaemon(owner);
  if (restartMs !== undefined) {
    await sleep(restartMs);
    await contender.startDaemon(owner);
  }
  await sleep(forMs);
  stop.abort();
  const holding = await watching;
  await prober.stop();
  const lost = (await prober.probes()).filter((p) => p.startMs >= fromMs && p.outcome !== "answered").length;
  return { ...holding, lost };
}

function text({ most, doubledMs, moves, lost }: Kill): string {
  return `${most} holders at most (${doubledMs.toFixed(0)} ms with several), ${moves} moves, ${lost} answers lost`;
}
