import { afterAll, beforeAll, expect, test } from "vitest";
import { nginxConfig, nginxConfigFile } from "../../lab/demo/site.ts";
import { HaleCluster } from "../../lab/hale-cluster.ts";
import type { ExecResult } from "../../lab/host-process.ts";
import { Lab } from "../../lab/lab.ts";
import { monotonicMs } from "../../lab/monotonic.ts";
import { Prober } from "../../lab/prober.ts";
import { waitUntil } from "../../lab/wait-until.ts";

// What operators ask to be left alone, and to be kept together or apart, with real programs. One lab for all, so each test leaves the cluster as it
// found it: all members, every service started where it was.

const pidFile = "/run/nginx-intranet.pid";
const answerMs = 20_000;

let lab: Lab;
let cluster: HaleCluster;
let ip: string;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"] });
  ip = lab.virtualIp();
  await Promise.all([...lab.hosts.values()].map(async (host) => host.writeFile(nginxConfigFile, nginxConfig)));
  const nginx = { agent: "heartbeat:nginx", configfile: nginxConfigFile, monitor: { interval: "1s", timeout: "20s" } };
  const dummy = (name: string) => ({ ocf: { agent: "heartbeat:Dummy", name } });
  const ordered = (...nodes: readonly string[]) => ({ nodes, ordered: true });
  cluster = await HaleCluster.found(lab, {
    config: {
      heartbeat: { keepalive: "100ms", deadtime: "800ms" },
      services: {
        web: {
          domain: ordered("n1", "n2", "n3"),
          recovery: { policy: "restart", "max-restarts": 10 },
          resources: [{ address: { ip: `${ip}/24` } }, { ocf: nginx }],
        },
        db: { domain: ordered("n2", "n3", "n1"), resources: [dummy("data")] },
        shop: { after: ["db"], with: ["db"], resources: [dummy("till")] },
        backup: { apart: ["db"], domain: ordered("n2", "n3", "n1"), resources: [dummy("tape")] },
      },
    },
  });
  await cluster.waitForMembers();
  await settle();
});
afterAll(async () => lab.close());

/** As it was in the beginning. */
async function settle(): Promise<void> {
  await cluster.waitForService("web", { owner: "n1" });
  await cluster.waitForService("db", { owner: "n2" });
  await cluster.waitForService("shop", { owner: "n2" });
  await cluster.waitForService("backup", { owner: "n3" });
}

async function hale(node: string, words: string): Promise<ExecResult> {
  return cluster.hale(node, words.split(" "));
}

async function must(words: string): Promise<string> {
  return cluster.must("n3", words.split(" "));
}

async function masterPid(): Promise<string> {
  return (await lab.host("n1").readFile(pidFile)).trim();
}

async function killNginx(): Promise<void> {
  await lab.host("n1").run(["pkill", "-9", "-x", "nginx"]);
}

async function hasNginx(): Promise<boolean> {
  return (await lab.host("n1").exec(["pgrep", "-x", "nginx"])).code === 0;
}

/** Starts of `service` that all members know of. */
async function startsOf(service: string): Promise<number> {
  return (await cluster.must("n3", ["events"])).split(`service ${service}: starting on `).length - 1;
}

/** nginx dies, and two moves of another service take longer than anybody would need to see it. */
async function expectNobodyCares(): Promise<void> {
  const starts = await startsOf("web");
  await killNginx();
  await must("service restart backup");
  await must("service restart backup");
  expect([await hasNginx(), await startsOf("web")]).toEqual([false, starts]);
  await cluster.waitForService("web", { owner: "n1" });
}

/** What the end of it brings: nginx is found dead, and started where it was. */
async function expectMended(words: string): Promise<void> {
  const starts = await startsOf("web");
  await must(words);
  await waitUntil("nginx to be started", answerMs, async () => (await startsOf("web")) === starts + 1);
  await cluster.waitForService("web", { owner: "n1" });
  expect(await hasNginx()).toBe(true);
}

test("[SVC-40] a rolling restart: each daemon is shut down with its services running, asked itself, and finds them again: not an answer is lost", async () => {
  const [pid, starts, backups] = [await masterPid(), await startsOf("web"), await startsOf("backup")];
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` });
  await prober.waitForAnswer("n1", answerMs);
  for (const node of cluster.nodes) {
    const others = cluster.nodes.filter((other) => other !== node);
    const asked = await hale(node, `node shutdown ${node} --services freeze`);
    expect(asked).toMatchObject({ code: 0, stderr: "" });
    await waitUntil(`the daemon of ${node} to end`, answerMs, () => !cluster.isDaemonRunning(node));
    await cluster.waitForMembers(others);
    await prober.waitForAnswer("n1", answerMs, monotonicMs());
    await cluster.startDaemon(node);
    await cluster.waitForMembers();
    const isOver = async (): Promise<boolean> => !(await must("status")).includes("is frozen");
    await waitUntil("its services to be looked after again", answerMs, isOver);
  }
  await settle();
  expect([await masterPid(), await startsOf("web"), await startsOf("backup")]).toEqual([pid, starts, backups]);
  expect((await prober.stop()).outages).toEqual([]);
});

test("[SVC-40, SVC-41] a service that is shut down with its node waits for it", async () => {
  const asked = await hale("n1", "node shutdown n1 --services stop");
  expect([asked.code, asked.stdout]).toEqual([
    0,
    expect.stringContaining("node n1 has left; its services wait for it"),
  ]);
  expect(await must("status")).toContain("service web waits for n1, which root shut down with it");
  await waitUntil("the daemon to end", answerMs, () => !cluster.isDaemonRunning("n1"));
  await cluster.startDaemon("n1");
  await cluster.waitForMembers();
  await settle();
});

test("[SVC-29, SVC-30] in maintenance everything runs on while the daemon of its node is stopped and started: not an answer is lost", async () => {
  await must("maintenance on");
  const [pid, starts] = [await masterPid(), await startsOf("web")];
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` });
  await prober.waitForAnswer("n1", answerMs);
  expect(await cluster.stopDaemon("n1")).toBe(0);
  await cluster.waitForMembers(["n2", "n3"]);
  await prober.waitForAnswer("n1", answerMs, monotonicMs());
  await cluster.startDaemon("n1");
  await cluster.waitForMembers();
  await must("maintenance off");
  await settle();
  expect((await prober.stop()).outages).toEqual([]);
  expect([await masterPid(), await startsOf("web")]).toEqual([pid, starts]);
  expect([lab.fenceDevice.count("off"), lab.host("n1").powerOns]).toEqual([0, 1]);
});

test("[SVC-29] nginx is killed in maintenance: it stays dead, the status says that nobody looks, and at its end it is started", async () => {
  await must("maintenance on");
  await killNginx();
  expect(await must("why web")).toMatch(/is it looked after\? +no, the cluster is in maintenance \(root\)/);
  expect((await hale("n3", "service restart web")).stderr).toMatch(/first: hale maintenance off \[NOT_ALLOWED\]/);
  expect(await must("status")).toContain("end it by: hale maintenance off");
  expect(await hasNginx()).toBe(false);
  await expectMended("maintenance off");
});

test("[SVC-29] a frozen service, and a frozen node: the others go on, what is frozen stays dead until it is unfrozen", async () => {
  await must("service freeze web");
  await expectNobodyCares();
  await expectMended("service unfreeze web");
  await must("node freeze n1");
  await expectNobodyCares();
  expect((await hale("n3", "service relocate backup --to n1")).stderr).toMatch(/frozen \(root\) \[NOT_ALLOWED\]/);
  await expectMended("node unfreeze n1");
});

test("[SVC-28, SVC-31] a stop for now: shown before it is done, done, and ended by a start", async () => {
  const shown = await must("service stop web --dry-run");
  expect(shown).toMatch(/^Nothing is done[^]*stop web on n1[^]*DOWN\nweb +n1 +stays down/);
  expect(await hasNginx()).toBe(true);
  expect(await must("service stop web")).toContain(
    "✓ service web is stopped, until it is started or a node comes or goes",
  );
  expect(await hasNginx()).toBe(false);
  expect(await must("why web n2")).toMatch(/is it to run\? +no, stopped[^]*n2 +may +place 2 of its domain/);
  expect(await must("service start web")).toContain("✓ service web is started on n1");
  await settle();
});

test("[REL-1, REL-2] what comes after another service stops before it, and starts after it", async () => {
  await must("service stop db");
  const told = await must("events");
  const at = (text: string): number => told.lastIndexOf(text);
  expect(at("service shop: stopping on n2 -> stopped")).toBeGreaterThan(0);
  expect(at("service db: stopping on n2 -> stopped")).toBeGreaterThan(at("service shop: stopping on n2 -> stopped"));
  expect(await must("why shop")).toContain("db is stopped by an operator");
  await must("service start db");
  await settle();
});

test("[REL-4, REL-5, PLC-8] together, apart: refused with the reason, and they move as one when the way is free", async () => {
  expect((await hale("n3", "service relocate db --to n3")).stderr).toMatch(/kept apart from backup, which runs there/);
  expect(await must("why backup n2")).toMatch(/n2 +may not +kept apart from db, which runs there/);
  expect(await must("why shop n3")).toMatch(/n3 +may not +kept with db, which is on n2/);
  const shown = await must("service relocate db --to n1 --dry-run");
  expect(shown).toMatch(/stop shop on n2[^]*start db on n1[^]*start shop on n1/);
  await must("service relocate db --to n1");
  for (const name of ["db", "shop"]) await cluster.waitForService(name, { owner: "n1" });
  await cluster.waitForService("backup", { owner: "n3" });
  await must("service relocate db --to n2");
  await settle();
});
