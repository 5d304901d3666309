import { setTimeout as sleep } from "node:timers/promises";
import { onPathAttackCommand } from "../lab/attack/attack-command.ts";
import { startFailoverFlood } from "../lab/attack/failover-flood.ts";
import { monotonicMs } from "../lab/monotonic.ts";
import { heartbeatMs } from "./contender.ts";
import { longestGap, median } from "./gap.ts";
import { fastHeartbeat, Hale } from "./hale.ts";
import { startProbing } from "./probing.ts";
import type { Row } from "./row.ts";

const nodes = ["n1", "n2", "n3"];
const stranger = "mallory";
const port = 6940;
const times = 7;
const watchMs = 3_000;
/** Longer than all that is done meanwhile. */
const floodMs = 60_000;
const flowingMs = 1_000;

/** Until it is ended: a flood at the survivors. */
type Flood = (hale: Hale, owner: string) => Promise<() => Promise<void>>;

const floods: Readonly<Record<string, Flood>> = {
  "without a flood": async () => async () => {},
  "in the members' names": floodForged,
  "copies of their newest packets": floodCopied,
};

/** The owner's power fails while the survivors are flooded on all networks, and the same without: a flood may cost a heartbeat. */
export async function attackedFailover(say: (text: string) => void): Promise<readonly Row[]> {
  await using hale = await Hale.start(nodes, { heartbeat: fastHeartbeat }, [stranger]);
  const seen: Readonly<Record<string, number[]>> = Object.fromEntries(Object.keys(floods).map((name) => [name, []]));
  // In turn, so that whatever else the machine does meets all of them.
  for (let turn = 0; turn < times; turn += 1) {
    for (const [name, flood] of Object.entries(floods)) {
      const outageMs = await failOver(hale, flood);
      seen[name]?.push(outageMs);
      say(`${name}: ${Math.round(outageMs)} ms`);
    }
  }
  const [calm = [], ...flooded] = Object.values(seen);
  return flooded.map((outages, index) => ({
    figure: `owner without power under a flood, ${Object.keys(floods)[index + 1]}: client outage`,
    unit: "ms",
    hale: median(outages),
    against: "without a flood",
    other: median(calm),
    limit: median(calm) + heartbeatMs,
    samples: { hale: outages, "without a flood": calm },
  }));
}

async function failOver(hale: Hale, flood: Flood): Promise<number> {
  const owner = await hale.settle();
  await using prober = await startProbing(hale, owner);
  const end = await flood(hale, owner);
  const cutMs = monotonicMs();
  await hale.lab.host(owner).powerOff();
  await sleep(watchMs);
  const gap = await longestGap(prober, cutMs - 50, cutMs + watchMs);
  await end();
  return gap.durationMs;
}

async function floodForged({ lab }: Hale, owner: string): Promise<() => Promise<void>> {
  const survivors = nodes.filter((name) => name !== owner);
  const flood = await startFailoverFlood(lab, { attacker: stranger, owner, survivors, port, forMs: floodMs });
  await sleep(flowingMs);
  return async () => {
    flood.kill("SIGKILL");
    await flood.exited;
  };
}

/** By who sees all packets, on each network. At one survivor: programs for both would leave the cluster no processor. */
async function floodCopied({ lab }: Hale, owner: string): Promise<() => Promise<void>> {
  const [victim = ""] = nodes.filter((name) => name !== owner);
  const others = nodes.filter((name) => name !== victim);
  const pids: string[] = [];
  for (const { name } of lab.networks) {
    const ipOf = (host: string): string => lab.host(host).ip(name);
    const plan = {
      device: name,
      members: others.map(ipOf),
      victim: ipOf(victim),
      port,
      forMs: floodMs,
      isAltered: false,
    };
    pids.push(await lab.inSwitch(`(${onPathAttackCommand(plan)}) >/dev/null 2>&1 & echo $!`));
  }
  await sleep(flowingMs);
  return async () => {
    await lab.inSwitch(`kill -KILL ${pids.map((pid) => pid.trim()).join(" ")}`);
  };
}
