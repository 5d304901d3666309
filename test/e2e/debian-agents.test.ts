import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nginxConfig, nginxConfigFile } from "../../lab/demo/site.ts";
import { HaleCluster } from "../../lab/hale-cluster.ts";
import type { LabHost } from "../../lab/host.ts";
import { Lab } from "../../lab/lab.ts";
import { detachDisk, makeSharedDisk } from "./shared-disk.ts";

// Debian's own agents and init scripts, started on one real host, moved to the other and stopped. What is true is looked at from outside. Not
// among them are exportfs and LVM-activate, which want a kernel of their own: test/vm/storage.test.ts.

const settleMs = 120_000;
const postgres = join("/usr/lib/postgresql", readdirSync("/usr/lib/postgresql").toSorted().at(-1) ?? "", "bin");
const pgdata = "/var/lib/postgresql/hale";

/** The iptables of Debian 12 (1.8.9) prints protocols as numbers, and portblock looks for its rule by the name. */
const iptablesWithNames = `#!/bin/sh
case " $* " in
*" -L "*) /usr/sbin/iptables "$@" | sed -E 's/^(DROP +)6 /\\1tcp /; s/^(DROP +)17 /\\1udp /' ;;
*) exec /usr/sbin/iptables "$@" ;;
esac
`;

/** A service: what the configuration says of its resources, and a command that succeeds where it runs. */
interface Kind {
  readonly resources: readonly object[];
  readonly runs: string;
  /** The one host that may run it. Default: n1, or else n2. */
  readonly stays?: string;
}

let lab: Lab;
let cluster: HaleCluster;
/** A loop device on a file that both hosts share, as they would share a disk. */
let disk: string;
let kinds: Readonly<Record<string, Kind>>;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"] });
  disk = makeSharedDisk(lab);
  await Promise.all([...lab.hosts.values()].map(prepare));
  kinds = kindsOf(lab.virtualIp());
  const domain = { nodes: ["n1", "n2"], ordered: true, restricted: true };
  const services = Object.fromEntries(
    Object.entries(kinds).map(([name, { resources, stays }]) => [
      name,
      { domain: stays === undefined ? domain : { nodes: [stays], restricted: true }, resources },
    ]),
  );
  cluster = await HaleCluster.found(lab, { config: { services } });
  await cluster.waitForMembers();
}, settleMs);
afterAll(async () => {
  await lab.close();
  detachDisk(disk);
});

async function prepare(host: LabHost): Promise<void> {
  await host.writeFile(nginxConfigFile, nginxConfig.replace("listen 80", "listen 8081"));
  // That of the init script.
  await host.writeFile("/etc/nginx/nginx.conf", nginxConfig.replace(/^pid .*/, "pid /run/nginx.pid;"));
  await host.writeFile("/etc/apache2/ports.conf", "Listen 8082\n");
  // What Debian's mail(1) gives its mail to, instead of a mail server.
  await host.writeFile("/etc/hale/sendmail", "#!/bin/sh\ncat >>/run/mail\n", 0o755);
  await host.writeFile("/etc/mail.rc", "set sendmail=/etc/hale/sendmail\n");
  await host.writeFile("/etc/hale/sbin/iptables", iptablesWithNames, 0o755);
  await host.run(["mount", "--bind", "/etc/hale/sbin", "/usr/local/sbin"]);
  await host.run(["mkdir", "-p", "/run/apache2", "/run/lock", "/srv/disk"]);
  await host.run(["touch", "/srv/target"]);
  await host.run(["install", "-d", "-o", "postgres", pgdata, "/run/postgresql"]);
  await host.run(["su", "postgres", "-s", "/bin/sh", "-c", `cd / && ${postgres}/initdb --no-sync -A trust ${pgdata}`]);
}

function kindsOf(ip: string): Readonly<Record<string, Kind>> {
  const ocf = (type: string, parameters: object = {}) => [{ ocf: { agent: `heartbeat:${type}`, ...parameters } }];
  const lsb = (name: string) => [{ lsb: { script: `/etc/init.d/${name}`, name: `lsb-${name}` } }];
  const answers = (url: string) => `curl -sS -o /dev/null http://127.0.0.1:${url}`;
  const port = (action: string, portno: number) => [
    { ocf: { agent: "heartbeat:portblock", name: action, protocol: "tcp", portno, action } },
  ];
  const dummy = ocf("Dummy", { state: "/run/dummy.state" });
  return {
    address: {
      resources: ocf("IPaddr2", { ip, cidr_netmask: 24, nic: "eth0" }),
      runs: `ip address | grep -q ' ${ip}/24'`,
    },
    disk: {
      resources: ocf("Filesystem", { device: disk, directory: "/srv/disk", fstype: "ext4" }),
      runs: "mountpoint -q /srv/disk",
    },
    nginx: {
      resources: [...port("block", 8081), ...ocf("nginx", { configfile: nginxConfigFile }), ...port("unblock", 8081)],
      runs: answers("8081/"),
    },
    // Nobody listens there: it is refused at once where it is not blocked.
    blocked: { resources: port("block", 8083), runs: "curl -s -m 5 http://127.0.0.1:8083/; [ $? = 28 ]" },
    apache: {
      resources: ocf("apache", {
        configfile: "/etc/apache2/apache2.conf",
        statusurl: "http://127.0.0.1:8082/server-status",
      }),
      runs: answers("8082/server-status"),
    },
    database: {
      resources: ocf("pgsql", {
        pgctl: `${postgres}/pg_ctl`,
        psql: `${postgres}/psql`,
        pgdata,
        logfile: `${pgdata}/log`,
      }),
      runs: `${postgres}/psql -h /run/postgresql -U postgres -c 'select 1' template1`,
    },
    dummy: { resources: dummy, runs: "test -e /run/dummy.state" },
    delay: { resources: ocf("Delay", { startdelay: 1, stopdelay: 1, mondelay: 0 }), runs: "true" },
    mail: {
      resources: ocf("MailTo", { email: "root@localhost", subject: "hale" }),
      runs: "grep -q Takeover /run/mail",
    },
    link: {
      resources: ocf("symlink", { link: "/srv/link", target: "/srv/target" }),
      runs: "test -L /srv/link",
    },
    // On a host of its own: beside another nginx the script takes that for its own.
    "lsb-nginx": { resources: lsb("nginx"), runs: answers("80/"), stays: "n3" },
    "lsb-ssh": { resources: lsb("ssh"), runs: "pgrep -x sshd" },
  };
}

async function runsOn(node: string, { runs }: Kind): Promise<boolean> {
  return (await lab.host(node).exec(["sh", "-c", runs])).code === 0;
}

/** By name, of all kinds that leave something to be seen. */
async function whatRuns(node: string): Promise<readonly string[]> {
  const seen = await Promise.all(
    Object.entries(kinds).map(async ([name, kind]) => ((await runsOn(node, kind)) ? [name] : [])),
  );
  return seen.flat();
}

const all = (): readonly string[] => Object.keys(kinds);
const moving = (): readonly string[] => all().filter((name) => kinds[name]?.stays === undefined);
const staying = (node: string): readonly string[] => all().filter((name) => kinds[name]?.stays === node);
/** What leaves something behind when it is stopped, or nothing at any time. */
const traceless = ["delay", "mail"];

describe("Debian's agents", { timeout: settleMs }, () => {
  test("[SVC-10, SAFE-6] all start, and are monitored", async () => {
    for (const name of moving()) await cluster.waitForService(name, { owner: "n1", timeoutMs: settleMs });
    for (const name of staying("n3")) await cluster.waitForService(name, { owner: "n3", timeoutMs: settleMs });
    expect(await whatRuns("n1")).toEqual(moving());
    expect(await traces("n2")).toEqual([]);
    expect(await traces("n3")).toEqual(staying("n3"));
  });

  test("[SVC-14, SAFE-1] all are stopped on a node on standby and started on the other", async () => {
    await cluster.must("n1", ["node", "standby", "n1"], settleMs);
    for (const name of moving()) await cluster.waitForService(name, { owner: "n2", timeoutMs: settleMs });
    expect(await whatRuns("n2")).toEqual(moving());
    expect(await traces("n1")).toEqual([]);
  });

  test("[SVC-16] all are stopped when they are disabled, and leave nothing behind", async () => {
    for (const name of all()) await cluster.must("n1", ["service", "disable", name], settleMs);
    expect(await traces("n2")).toEqual([]);
    expect(await traces("n3")).toEqual([]);
    for (const node of ["n1", "n2"]) {
      expect(await lab.host(node).run(["iptables", "-S", "INPUT"])).toBe("-P INPUT ACCEPT\n");
    }
  });
});

async function traces(node: string): Promise<readonly string[]> {
  return (await whatRuns(node)).filter((name) => !traceless.includes(name));
}
