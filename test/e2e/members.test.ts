import { afterAll, beforeAll, expect, test } from "vitest";
import { nginxConfig, nginxConfigFile, siteConfig } from "../../lab/demo/site.ts";
import { haleConfig, HaleCluster, type HaleConfig, labKeys } from "../../lab/hale-cluster.ts";
import { HolderWatch } from "../../lab/holder-watch.ts";
import { Lab } from "../../lab/lab.ts";
import { Prober } from "../../lab/prober.ts";
import { waitUntil } from "../../lab/wait-until.ts";

// Goal: a cluster grows from two nodes to three and shrinks again while nginx answers, and no daemon is restarted for it.

const service = "intranet";
const waitMs = 30_000;
const all = ["n1", "n2", "n3"] as const;
const two = ["n1", "n2"] as const;

let lab: Lab;
let cluster: HaleCluster;
let ip: string;

beforeAll(async () => {
  lab = await Lab.create({ hosts: all });
  ip = lab.virtualIp();
  await Promise.all([...lab.hosts.values()].map(async (host) => host.writeFile(nginxConfigFile, nginxConfig)));
  cluster = await HaleCluster.found(lab, { config: configOf(two), nodes: two });
  await cluster.waitForMembers();
  await cluster.waitForService(service, { owner: "n1" });
});
afterAll(async () => lab.close());

test("[GRP-100, GRP-101, NOD-1] a third node is added while nginx runs: not an answer is lost", async () => {
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` });
  await using watch = HolderWatch.start(lab, ip);
  await prober.waitForAnswer("n1", waitMs);
  const before = await incarnations();

  await writeEverywhere(all);
  await cluster.startDaemon("n3");
  await cluster.must("n2", ["config", "reload"]);
  await cluster.waitForMembers(all);
  await waitUntil("n3 to have its vote", waitMs, async () => {
    return (await cluster.status("n1"))?.group.electorate.join(" ") === all.join(" ");
  });

  expect(await incarnations()).toEqual(before);
  expect((await prober.stop()).outages).toEqual([]);
  expect(await watch.stop()).toEqual([]);
});

test("[NOD-2, NOD-6, GRP-102, GRP-104] it is removed for ever, and ends when it comes back", async () => {
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` });
  await prober.waitForAnswer("n1", waitMs);
  const member = await cluster.hale("n1", ["node", "remove", "n3"]);
  expect(member.code).toBe(1);
  expect(member.stderr).toContain("it is a member; stop its daemon first");

  expect(await cluster.stopDaemon("n3")).toBe(0);
  await cluster.waitForMembers(two);
  await writeEverywhere(two);
  const early = await cluster.hale("n1", ["config", "reload"]);
  expect(early.stderr).toContain("first: hale node remove n3");
  await cluster.must("n1", ["node", "remove", "n3"]);
  expect((await cluster.status("n2"))?.group.electorate).toEqual(two);
  await cluster.must("n1", ["config", "reload"]);

  const daemon = await cluster.startDaemon("n3");
  await waitUntil("the daemon of n3 to end", waitMs, () => !daemon.isRunning);
  expect(await daemon.exited).toBe(2);
  await cluster.waitForEvent("n1", /n3 was removed, and is refused/);
  expect((await prober.stop()).outages).toEqual([]);
  await cluster.waitForMembers(two);
});

test("[NOD-3, NOD-5, GRP-104] readmitted it comes as a new node, has its vote, and may serve", async () => {
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` });
  await using watch = HolderWatch.start(lab, ip);
  await prober.waitForAnswer("n1", waitMs);
  // Its name in the files alone brings it back as little as its old daemon does.
  await writeEverywhere(all);
  await cluster.must("n1", ["config", "reload"]);
  const refused = await cluster.startDaemon("n3");
  await waitUntil("the daemon of n3 to end", waitMs, () => !refused.isRunning);
  expect(await refused.exited).toBe(2);
  expect((await cluster.status("n1"))?.group.electorate).toEqual(two);

  await cluster.must("n2", ["node", "readmit", "n3"]);
  await cluster.startDaemon("n3");
  await cluster.waitForMembers(all);
  await waitUntil("n3 to have its vote", waitMs, async () => {
    return (await cluster.status("n1"))?.group.electorate.join(" ") === all.join(" ");
  });
  expect((await prober.stop()).outages).toEqual([]);

  await using moved = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` });
  await cluster.must("n3", ["service", "relocate", service, "--to", "n3"]);
  await moved.waitForAnswer("n3", waitMs);
  expect(lab.fenceDevice.orders.filter(({ action }) => action === "off")).toEqual([]);
  expect(await watch.stop()).toEqual([]);
});

function configOf(nodes: readonly string[]): HaleConfig {
  const { services, ...config } = siteConfig(ip);
  const site = services?.[service] as object;
  return {
    ...config,
    ...(nodes.length === 2 ? { quorum: { arbiter: "fencing", prefer: "n1" } } : {}),
    services: { [service]: { ...site, domain: { nodes, ordered: true, restricted: true, failback: false } } },
  };
}

/** On every node that the file names; another one keeps its own. */
async function writeEverywhere(nodes: readonly string[]): Promise<void> {
  const text = haleConfig(lab, configOf(nodes), nodes);
  await Promise.all(nodes.map(async (name) => cluster.writeFiles(name, text, labKeys)));
}

/** A daemon that is restarted has another one. */
async function incarnations(): Promise<readonly unknown[]> {
  const nodes = (await cluster.status("n1"))?.nodes ?? [];
  return nodes.filter(({ node }) => node !== "n3").map(({ node, incarnation }) => [node, incarnation]);
}
