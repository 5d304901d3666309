import { setTimeout as sleep } from "node:timers/promises";
import type { Contender } from "./contender.ts";
import { fastHeartbeat, Hale } from "./hale.ts";
import { watchHolders } from "./holders.ts";
import { Keepalived } from "./keepalived.ts";
import type { Row } from "./row.ts";

const hosts = ["n1", "n2", "n3"];
const spinners = 8;
const busyMs = 60_000;
const spin = ["sh", "-c", "while :; do :; done"];

/** Eight programs that only count, on all processors, for a minute: nothing may move and nobody may be shot. */
export async function busyCores(say: (text: string) => void): Promise<readonly Row[]> {
  const ours = await haleUnderLoad(say);
  await using keepalived = await Keepalived.start(hosts);
  const theirs = await underLoad(keepalived);
  say(`keepalived: ${theirs} moves`);
  return [
    {
      figure: "both cores busy for a minute: false failovers",
      unit: "moves",
      hale: ours.moves,
      against: "keepalived",
      other: theirs,
      limit: 0,
    },
    {
      figure: "the same: views lost without a cause",
      unit: "views",
      hale: ours.viewsLost,
      against: "limit",
      other: 0,
      limit: 0,
    },
  ];
}

/** Moves count with the fences that were ordered. */
async function haleUnderLoad(say: (text: string) => void): Promise<{ moves: number; viewsLost: number }> {
  await using hale = await Hale.start(hosts, { heartbeat: fastHeartbeat });
  await hale.settle();
  const before = await hale.view("n1");
  const moves = await underLoad(hale);
  const after = await hale.view("n1");
  const fences = hale.lab.fenceDevice.orders.length;
  say(`hale: ${moves} moves, ${fences} fences, view ${before} -> ${after}`);
  return { moves: moves + fences, viewsLost: before === after ? 0 : 1 };
}

async function underLoad(contender: Contender): Promise<number> {
  const { lab, ip } = contender;
  await contender.settle();
  const stop = new AbortController();
  const watching = watchHolders(lab, ip, stop.signal);
  const load = await Promise.all(Array.from({ length: spinners }, async () => lab.client.spawn(spin)));
  await sleep(busyMs);
  for (const program of load) program.kill("SIGKILL");
  await sleep(busyMs / 30);
  stop.abort();
  const { moves, most } = await watching;
  return moves + most - 1;
}
