import { setTimeout as sleep } from "node:timers/promises";
import { HaleCluster } from "../lab/hale-cluster.ts";
import { soleHolder } from "../lab/holders.ts";
import type { LabHost } from "../lab/host.ts";
import { Lab } from "../lab/lab.ts";
import { monotonicMs } from "../lab/monotonic.ts";
import { Prober } from "../lab/prober.ts";
import { waitUntil } from "../lab/wait-until.ts";
import type { EventList } from "../src/model/api-format.ts";
import { median } from "./gap.ts";
import { fastHeartbeat } from "./hale.ts";
import { keepalivedConfig } from "./keepalived.ts";
import type { Row } from "./row.ts";

const hosts = ["n1", "n2", "n3"];
const kills = 15;
const settleMs = 20_000;
const pauseMs = 1_500;
/** Beyond what nginx itself takes to start. */
const limitMs = 100;
const configFile = "/etc/bench/nginx.conf";
const script = "/etc/bench/nginx";

const nginxConfig = `pid /run/bench-nginx.pid;
error_log /dev/null crit;
worker_processes 1;
events { worker_connections 64; }
http {
  access_log off;
  server { listen 80; location / { add_header x-host $hostname always; return 200 "$hostname\\n"; } }
}
`;

/** As quick as an administrator can make it: nothing here waits or asks twice. */
const nginxScript = `#!/bin/sh
alive() { read -r pid 2>/dev/null </run/bench-nginx.pid && kill -0 "$pid" 2>/dev/null; }
case $1 in
  start) exec /usr/sbin/nginx -c ${configFile} ;;
  stop) alive && kill "$pid"; while alive; do sleep 0.01; done ;;
  *) alive || exit 7 ;;
esac
exit 0
`;

/** nginx is killed on a node that is well: how long does a client get no answer? */
export async function killedService(say: (text: string) => void): Promise<readonly Row[]> {
  const ours = await ofHale(say);
  const theirs = await ofKeepalived(say);
  return [
    {
      figure: "nginx killed on a healthy node: client outage",
      unit: "ms",
      hale: median(ours.outages),
      against: "keepalived, a script each second",
      other: median(theirs),
      limit: limitMs + median(ours.starts),
      samples: { hale: ours.outages, keepalived: theirs },
    },
    {
      figure: "the same beyond nginx's own start",
      unit: "ms",
      hale: median(ours.outages) - median(ours.starts),
      against: "limit",
      other: limitMs,
      limit: limitMs,
      samples: { starts: ours.starts },
    },
    {
      figure: "from its death to the question to its agent",
      unit: "ms",
      hale: median(ours.noticed),
      against: "limit",
      other: 50,
      limit: 50,
      samples: { noticed: ours.noticed },
    },
  ];
}

interface Seen {
  readonly outages: number[];
  /** What nginx takes to start, by the clock of the daemon. */
  readonly starts: number[];
  readonly noticed: number[];
}

/** It restarts nginx where it is; the monitor that could find it dead comes every ten minutes. */
async function ofHale(say: (text: string) => void): Promise<Seen> {
  await using lab = await labWithNginx();
  const ip = lab.virtualIp();
  const commands = { start: [script, "start"], stop: [script, "stop"] };
  const monitor = { command: [script, "monitor"], interval: "10m" };
  const services = {
    web: {
      recovery: { policy: "restart", "max-restarts": 1000 },
      resources: [{ address: { ip: `${ip}/24` } }, { exec: { name: "nginx", ...commands, monitor } }],
    },
  };
  const cluster = await HaleCluster.found(lab, { config: { heartbeat: fastHeartbeat, services } });
  await cluster.waitForMembers();
  await cluster.waitForService("web");
  const owner = (await cluster.owner("web")) ?? "";
  const seen: Seen = { outages: [], starts: [], noticed: [] };
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` }, { everyMs: 2 });
  for (let index = 0; index < kills; index += 1) {
    const { outageMs, killedAt } = await killNginx(lab.host(owner), prober);
    const status = await cluster.status(owner);
    const last = status?.services[0]?.resources.find(({ kind }) => kind === "exec")?.last;
    const startMs = last?.action === "start" ? last.outcome.durationMs : Number.NaN;
    const noticedAt = await askedAt(cluster, owner, killedAt);
    seen.outages.push(outageMs);
    seen.starts.push(startMs);
    seen.noticed.push(noticedAt - killedAt);
    say(
      `hale: ${outageMs.toFixed(0)} ms, of which nginx's start took ${startMs.toFixed(0)}; noticed after ${noticedAt - killedAt}`,
    );
  }
  return seen;
}

/** By the wall clock, which all hosts of a lab share. */
async function askedAt(cluster: HaleCluster, owner: string, sinceWall: number): Promise<number> {
  const { events } = JSON.parse(await cluster.must(owner, ["events", "--json"])) as EventList;
  const found = events.find(({ at, text }) => at >= sinceWall - 1 && text.includes("has ended: its agent is asked"));
  return found?.at ?? Number.NaN;
}

/** It moves the address to a host where nginx runs already. Its quicker way, by the kernel's connector of processes, is closed to namespaces. */
async function ofKeepalived(say: (text: string) => void): Promise<readonly number[]> {
  await using lab = await labWithNginx();
  const ip = lab.virtualIp();
  for (const [index, host] of [...lab.hosts.values()].entries()) {
    await host.writeFile(
      "/etc/keepalived/keepalived.conf",
      keepalivedConfig({ index, ip, script: `${script} monitor` }),
    );
    await host.run([script, "start"]);
    await host.spawn(["keepalived", "--dont-fork", "--log-console", "--vrrp"]);
  }
  const outages: number[] = [];
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` }, { everyMs: 2 });
  for (let index = 0; index < kills; index += 1) {
    await waitUntil("a calm keepalived", settleMs, () => soleHolder(lab, ip));
    await sleep(pauseMs);
    const owner = await waitUntil("one owner", settleMs, () => soleHolder(lab, ip));
    const { outageMs } = await killNginx(lab.host(owner), prober);
    outages.push(outageMs);
    say(`keepalived: ${outageMs.toFixed(0)} ms`);
    await lab.host(owner).run([script, "start"]);
  }
  return outages;
}

async function labWithNginx(): Promise<Lab> {
  const lab = await Lab.create({ hosts });
  for (const host of lab.hosts.values()) {
    await host.writeFile(configFile, nginxConfig);
    await host.writeFile(script, nginxScript, 0o755);
  }
  return lab;
}

/** Master and worker at once. The outage is from there to the next answer of a request that was sent after it. */
async function killNginx(
  host: LabHost,
  prober: Prober,
): Promise<{ readonly outageMs: number; readonly killedAt: number }> {
  await prober.waitFor((probe) => probe.outcome === "answered", settleMs, monotonicMs());
  // Beside the clock of the beats.
  await sleep(pauseMs + Math.random() * 1_000);
  await host.run(["sh", "-c", "pids=$(pgrep -x nginx); date +%s%3N >/run/bench-killed; kill -9 $pids || :"]);
  const killedAt = Number(await host.readFile("/run/bench-killed"));
  const killedMs = monotonicMs() - (Date.now() - killedAt);
  const failed = await prober.waitFor((probe) => probe.outcome !== "answered", settleMs, killedMs - 50);
  const next = await prober.waitFor((probe) => probe.outcome === "answered", settleMs, failed.startMs);
  return { outageMs: next.startMs + next.durationMs - killedMs, killedAt };
}
