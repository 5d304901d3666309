import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { nginxConfig, nginxConfigFile } from "../../lab/demo/site.ts";
import { HaleCluster } from "../../lab/hale-cluster.ts";
import { HolderWatch } from "../../lab/holder-watch.ts";
import { holders } from "../../lab/holders.ts";
import { Lab } from "../../lab/lab.ts";
import { waitUntil } from "../../lab/wait-until.ts";

// The power of a room is to be switched off. Each test leaves the cluster as it found it: all members, the services started.

const waitMs = 30_000;
const nodes = ["n1", "n2", "n3"];

let lab: Lab;
let cluster: HaleCluster;
let ip: string;
let watch: HolderWatch;

beforeAll(async () => {
  lab = await Lab.create({ hosts: nodes });
  ip = lab.virtualIp();
  await Promise.all([...lab.hosts.values()].map(async (host) => host.writeFile(nginxConfigFile, nginxConfig)));
  const dummy = (name: string, more: object = {}) => ({ ocf: { agent: "heartbeat:Dummy", name, ...more } });
  cluster = await HaleCluster.found(lab, {
    config: {
      heartbeat: { keepalive: "100ms", deadtime: "800ms" },
      services: {
        db: { domain: { nodes: ["n2", "n3", "n1"], ordered: true }, resources: [dummy("data")] },
        web: {
          after: ["db"],
          domain: { nodes, ordered: true },
          resources: [
            { address: { ip: `${ip}/24` } },
            { ocf: { agent: "heartbeat:nginx", configfile: nginxConfigFile } },
            // Time in which somebody may die.
            dummy("cache", { op_sleep: "2" }),
          ],
        },
      },
    },
  });
});
afterAll(async () => lab.close());

beforeEach(async () => {
  await settle();
  watch = HolderWatch.start(lab, ip);
});
afterEach(expectNobodyHarmed);

async function settle(): Promise<void> {
  for (const name of ["db", "web"]) await cluster.settle(name);
}

/** Never two holders, and nobody fenced. */
async function expectNobodyHarmed(): Promise<void> {
  expect(await watch.stop()).toEqual([]);
  expect(lab.fenceDevice.orders).toEqual([]);
}

async function waitForTheEnd(who: readonly string[]): Promise<void> {
  await waitUntil("the daemons to end", waitMs, () => who.every((node) => !cluster.isDaemonRunning(node)));
  for (const node of who) expect(await cluster.daemon(node).exited, node).toBe(0);
}

async function expectNothingRuns(): Promise<void> {
  expect(holders(lab, ip)).toEqual([]);
  for (const host of lab.hosts.values()) expect((await host.exec(["pgrep", "-x", "nginx"])).code, host.name).toBe(1);
}

test("[SVC-45, SVC-46, GRP-48] everything stops, and any two of three start it again when the third stays off: nobody is fenced", async () => {
  const shown = await cluster.must("n2", ["cluster", "stop", "--dry-run"]);
  expect(shown).toMatch(/^Nothing is done[^]*stop web on n1[^]*stop db on n2[^]*all services are stopped/);
  const asked = await cluster.must("n2", ["cluster", "stop"]);
  expect(asked).toContain("all services are stopped, and the daemons end");
  await expectNothingRuns();
  await waitForTheEnd(nodes);
  for (const host of lab.hosts.values()) await host.powerOff();
  // Not the ones that were the last to go: n1 has said so of all.
  for (const node of ["n2", "n3"]) await lab.host(node).powerOn();
  await cluster.waitForMembers(["n2", "n3"]);
  await cluster.waitForService("web", { seenBy: ["n2", "n3"] });
  expect((await cluster.status("n2"))?.nodes.find(({ node }) => node === "n1")).toMatchObject({
    state: "off",
    reason: "left with the whole cluster, which was stopped",
  });
  await lab.host("n1").powerOn();
  await settle();
});

test("[SVC-45, SVC-46] a daemon is killed meanwhile: the others end, and all start again", async () => {
  const asked = await cluster.must("n1", ["cluster", "stop", "--no-wait"]);
  expect(asked).toContain("accepted");
  await waitUntil("web to be stopping", waitMs, async () =>
    (await cluster.status("n1"))?.services.some(({ state }) => state === "stopping"),
  );
  expect((await cluster.hale("n2", ["status"])).stdout).toContain("the cluster is being stopped by root");
  expect((await cluster.hale("n2", ["cluster", "stop"])).stderr).toMatch(
    /being stopped already \(root\) \[NOT_ALLOWED\]/,
  );
  await cluster.killDaemon("n3");
  await waitForTheEnd(["n1", "n2"]);
  await expectNothingRuns();
  for (const node of nodes) await cluster.startDaemon(node);
  await settle();
});

test("[SVC-45] who comes back meanwhile is given nothing, and starts everything with the others when those are back", async () => {
  await cluster.must("n1", ["cluster", "stop", "--no-wait"]);
  await cluster.killDaemon("n3");
  await cluster.startDaemon("n3");
  await waitForTheEnd(["n1", "n2"]);
  await expectNothingRuns();
  expect(cluster.isDaemonRunning("n3")).toBe(true);
  for (const node of ["n1", "n2"]) await cluster.startDaemon(node);
  await settle();
});
