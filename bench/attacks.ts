import { capturePackets } from "../lab/attack/captured-packets.ts";
import {
  floodAsMember,
  floodAsStranger,
  floodOnPath,
  type FloodSite,
  floodWithCalls,
  forgedFloods,
  strangersFloods,
} from "../lab/attack/floods.ts";
import { median } from "./gap.ts";
import { fastHeartbeat, Hale } from "./hale.ts";
import { useSoFar } from "./process-use.ts";
import type { Row } from "./row.ts";

const nodes = ["n1", "n2", "n3"];
const stranger = "mallory";
const port = 6940;
const times = 3;
const floodMs = 2_000;
/** Of a processor. Without filters a flood costs 0.6 and more, and heartbeats are lost. */
const shareMax = 0.5;

/** @returns how many came out of the attacker */
type Attack = (site: FloodSite) => Promise<number>;

const attacks: Readonly<Record<string, Attack>> = {
  ...Object.fromEntries(
    Object.entries(strangersFloods).map(([what, flood]): [string, Attack] => [
      `a stranger's, ${what}`,
      async (site) => floodAsStranger(site, flood),
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(forgedFloods).map(([what, flood]): [string, Attack] => [
      `in a member's name, ${what}`,
      async (site) => floodAsMember(site, flood),
    ]),
  ),
  "copies of the newest packets, altered": async (site) => copies(site, true),
  "copies of the newest packets, exact": async (site) => copies(site, false),
  "connections of two strangers": async (site) => (await floodWithCalls(site)).reduce((a, called) => a + called, 0),
};

/** The owner is flooded as fast as the attacker can: what it costs the daemon. Its view must be the same at the end. */
export async function attackCosts(say: (text: string) => void): Promise<readonly Row[]> {
  await using hale = await Hale.start(nodes, { heartbeat: fastHeartbeat }, [stranger]);
  const victim = await hale.settle();
  const site: FloodSite = {
    lab: hale.lab,
    victim,
    members: nodes.filter((name) => name !== victim),
    stranger,
    port,
    captured: await capturePackets(hale.lab, port),
    forMs: floodMs,
  };
  const before = await hale.view(victim);
  const rows: Row[] = [];
  for (const [what, attack] of Object.entries(attacks)) {
    const shares: number[] = [];
    for (let turn = 0; turn < times; turn += 1) {
      const usedS = await cpuSecondsOf(hale, victim);
      const sent = await attack(site);
      shares.push(((await cpuSecondsOf(hale, victim)) - usedS) / (floodMs / 1_000));
      say(`${what}: ${Math.round(sent / (floodMs / 1_000))} a second, ${shares.at(-1)?.toFixed(2)} of a processor`);
    }
    rows.push({
      figure: `flood, ${what}: daemon's share of a processor`,
      unit: "",
      hale: median(shares),
      against: "limit",
      other: shareMax,
      limit: shareMax,
      samples: { hale: shares },
    });
  }
  const after = await hale.view(victim);
  rows.push({
    figure: "floods: views lost",
    unit: "views",
    hale: before === after ? 0 : 1,
    against: "limit",
    other: 0,
    limit: 0,
  });
  return rows;
}

async function copies(site: FloodSite, isAltered: boolean): Promise<number> {
  return (await floodOnPath(site, isAltered)).reduce((sum, { frames }) => sum + frames, 0);
}

async function cpuSecondsOf(hale: Hale, node: string): Promise<number> {
  const { pid } = hale.lab.host(node);
  const daemons = await hale.daemonPids(node);
  return daemons.reduce((sum, own) => sum + useSoFar(`/proc/${pid}/root/proc/${own}`).cpuS, 0);
}
