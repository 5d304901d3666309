import { setTimeout as sleep } from "node:timers/promises";
import { HaleCluster } from "../lab/hale-cluster.ts";
import { Lab } from "../lab/lab.ts";
import { monotonicMs } from "../lab/monotonic.ts";
import { waitUntil } from "../lab/wait-until.ts";

const nodes = ["n1", "n2", "n3"];
const data = "/var/lib/hale-postgres/data";
const settleMs = 120_000;
const acknowledgedFile = "/var/log/acknowledged";

/** Commits one number after another, each by a connection of its own, and notes those that the database has acknowledged, with the time. */
const writer = `#!/bin/bash
# writer ADDRESS PROGRAM
number=0
while :; do
  number=$((number + 1))
  if timeout 3 "$2" -XAtq -h "$1" -U postgres -d postgres -c "insert into writes values ($number)" >/dev/null 2>&1; then
    read -r up _ </proc/uptime
    echo "$number $up" >>${acknowledgedFile}
  else
    sleep 0.05
  fi
done
`;

/**
 * How the primary is lost. power, cut (off from the other nodes, not from the client) and daemon (all processes of haled killed, and not started again in the grace) end
 * with a fence, so another one is promoted. killed: the database alone, which may be back first.
 */
export type Loss = "power" | "cut" | "daemon" | "killed";

/** What a failover came to, for the client that wrote all the time. */
export interface Failover {
  readonly loss: Loss;
  readonly from: string;
  readonly to: string;
  /** Between two acknowledged commits. */
  readonly outageMs: number;
}

/** A primary and two standbys on three hosts, and a client that writes. */
export class PostgresSite implements AsyncDisposable {
  readonly lab: Lab;
  readonly cluster: HaleCluster;
  readonly #address: string;
  readonly #psql: string;

  private constructor(parts: { lab: Lab; cluster: HaleCluster; address: string; psql: string }) {
    this.lab = parts.lab;
    this.cluster = parts.cluster;
    this.#address = parts.address;
    this.#psql = parts.psql;
  }

  static async start(): Promise<PostgresSite> {
    const lab = await Lab.create({ hosts: nodes });
    try {
      const found = await lab.host("n1").exec(["sh", "-c", "ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1"]);
      const bin = found.stdout.trim();
      const ip = lab.virtualIp();
      await initialise(lab, bin);
      const ocf = {
        agent: "hale:pgsql",
        name: "pgsql",
        pgdata: data,
        primary_host: ip,
        start: { timeout: "60s" },
        monitor: { interval: "1s", timeout: "10s" },
      };
      const recovery = { policy: "restart", "max-restarts": 100, within: "1m" };
      const services = {
        db: { clones: "all", promotable: true, recovery, resources: [{ ocf }] },
        primary: { after: ["db"], with: ["db"], recovery, resources: [{ address: { ip: `${ip}/24` } }] },
      };
      const config = { quarantine: "none", services };
      const cluster = await HaleCluster.found(lab, { config });
      await lab.client.writeFile("/etc/writer", writer, 0o755);
      const psql = `${bin}/psql`;
      await waitForWhole(cluster);
      const site = { lab, cluster, address: ip, psql };
      await waitUntil("the table", settleMs, async () => {
        const made = await ask(site, "create table if not exists writes (number bigint primary key)");
        return made.code === 0;
      });
      await lab.client.spawn(["/etc/writer", ip, psql], { name: "writer" });
      return new PostgresSite(site);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** The primary is lost, another one is promoted, and the old one comes back as its standby. */
  async failover(loss: Loss): Promise<Failover> {
    await waitForWhole(this.cluster);
    const from = await this.#owner();
    const count = await waitUntil("a commit", settleMs, async () => {
      const before = (await this.acknowledged()).length;
      await sleep(500);
      const now = (await this.acknowledged()).length;
      return now > before ? now : undefined;
    });
    await this.#lose(loss, from);
    // Until here the old one may have gone on.
    const lostAt = monotonicMs();
    await waitUntil("commits again", settleMs, async () => {
      const written = await this.acknowledged();
      return written
        .slice(count)
        .some(({ atMs }, index, all) => atMs > lostAt + 300 && index === all.length - 1 && all.length > 20);
    });
    const written = (await this.acknowledged()).slice(Math.max(0, count - 1));
    const gaps = written.slice(1).map(({ atMs }, index) => atMs - (written[index]?.atMs ?? atMs));
    const to = await this.#owner();
    await this.lab.heal();
    if (!this.lab.host(from).isOn) await this.lab.host(from).powerOn();
    await waitForWhole(this.cluster);
    await this.#waitForStandbys();
    return { loss, from, to, outageMs: Math.round(Math.max(...gaps)) };
  }

  async #lose(loss: Loss, node: string): Promise<void> {
    const host = this.lab.host(node);
    const { powerOns } = host;
    switch (loss) {
      case "power":
        return host.powerOff();
      case "cut":
        return this.lab.cut([[node], nodes.filter((other) => other !== node)]);
      case "daemon":
        await this.cluster.killDaemon(node);
        // Until then the primary goes on.
        await waitUntil("the fence", settleMs, () => !host.isOn || host.powerOns > powerOns);
        return;
      case "killed":
        await host.exec(["sh", "-c", `kill -9 $(head -n 1 ${data}/postmaster.pid)`]);
    }
  }

  /** The old primary is a standby of the new one, as is the third. */
  async #waitForStandbys(): Promise<void> {
    const statement = "select count(*) from pg_stat_replication where state = 'streaming'";
    await waitUntil("two standbys", settleMs, async () => (await this.#ask(statement)).trim() === "2");
  }

  async #ask(statement: string): Promise<string> {
    return (await ask({ lab: this.lab, address: this.#address, psql: this.#psql }, statement)).stdout;
  }

  /** Commits that the client was told of, in their order. */
  async acknowledged(): Promise<readonly { readonly number: number; readonly atMs: number }[]> {
    const { stdout } = await this.lab.client.exec(["sh", "-c", `cat ${acknowledgedFile} 2>/dev/null || true`]);
    return stdout
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => {
        const [number = "", up = ""] = line.split(" ");
        return { number: Number(number), atMs: Number(up) * 1_000 };
      });
  }

  /** Commits that were acknowledged until now and are not there. */
  async lostCommits(): Promise<readonly number[]> {
    const acknowledged = await this.acknowledged();
    const site = { lab: this.lab, address: this.#address, psql: this.#psql };
    const { code, stdout, stderr } = await ask(site, "select number from writes");
    if (code !== 0) throw new Error(`Cannot read the table: ${stderr}`);
    const there = new Set(stdout.split("\n").map(Number));
    return acknowledged.flatMap(({ number }) => (there.has(number) ? [] : [number]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }

  async #owner(): Promise<string> {
    return waitUntil("a primary", settleMs, async () => {
      // Who has just been switched on tells what it knew before, and has no quorum yet.
      for (const node of this.cluster.running) {
        const status = await this.cluster.status(node);
        const owner = status?.services.find(({ service }) => service === "db")?.owner;
        if (status?.group.isQuorate === true && owner) return owner;
      }
      return undefined;
    });
  }
}

/** The first node has a database; the others copy it. */
async function initialise(lab: Lab, bin: string): Promise<void> {
  for (const name of nodes)
    await lab.host(name).exec(["install", "-d", "-o", "postgres", "-m", "700", "/var/lib/hale-postgres"]);
  const init = ["runuser", "-u", "postgres", "--", `${bin}/initdb`, "-D", data, "-A", "trust", "--no-sync"];
  const { code, stderr } = await lab.host("n1").exec(init, { timeoutMs: 60_000 });
  if (code !== 0) throw new Error(`Cannot make a database: ${stderr}`);
  const open = ["host all all all trust", "host replication all all trust"].join("\n");
  await lab.host("n1").exec(["sh", "-c", `printf '%s\n' '${open}' >>${data}/pg_hba.conf`]);
}

/** All instances run, one of them is promoted, and the address is there. */
async function waitForWhole(cluster: HaleCluster): Promise<void> {
  await cluster.waitForMembers(cluster.nodes, settleMs);
  for (const service of [...nodes.map((name) => `db@${name}`), "db", "primary"])
    await cluster.waitForService(service, { timeoutMs: settleMs });
}

async function ask(
  { lab, address, psql }: { readonly lab: Lab; readonly address: string; readonly psql: string },
  statement: string,
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  const argv = [psql, "-XAtq", "-h", address, "-U", "postgres", "-d", "postgres", "-c", statement];
  return lab.client.exec(["timeout", "10", ...argv], { timeoutMs: 15_000 });
}
