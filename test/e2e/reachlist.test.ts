import { afterAll, beforeAll, expect, test } from "vitest";
import { echoCommand, startEcho } from "../../lab/echo.ts";
import { HaleCluster } from "../../lab/hale-cluster.ts";
import { HolderWatch } from "../../lab/holder-watch.ts";
import { Lab } from "../../lab/lab.ts";
import { waitUntil } from "../../lab/wait-until.ts";

// Goal: of two nodes the one that has lost its uplink loses the race, though it is the preferred one.

const waitMs = 30_000;
const service = "web";
const echoPort = 7;

let lab: Lab;
let cluster: HaleCluster;
let ip: string;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "router"] });
  ip = lab.virtualIp();
  for (const host of [lab.host("n1"), lab.host("n2")]) {
    host.boot = [echoCommand(echoPort, [ip])];
    await startEcho(host, echoPort, [ip]);
  }
  cluster = await HaleCluster.found(lab, {
    nodes: ["n1", "n2"],
    config: {
      heartbeat: { keepalive: "100ms", deadtime: "500ms", initdead: "5s", "daemon-grace": "6s" },
      quorum: { arbiter: { reachlist: [lab.host("router").ip()] }, prefer: "n1", delay: "2s" },
      services: { [service]: { resources: [{ address: { ip: `${ip}/24` } }] } },
    },
  });
  await cluster.waitForMembers();
  await cluster.waitForService(service);
});
afterAll(async () => lab.close());

test("[GRP-45, GRP-46, SAFE-1] the preferred node loses all its cables: the other one, which reaches the router, goes on", async () => {
  await waitUntil(
    "both to tell what they reach",
    waitMs,
    async () => (await cluster.status("n1"))?.group.reach.length === 2,
  );
  expect((await cluster.status("n1"))?.group.reach).toEqual([
    { node: "n1", reached: 1, of: 1 },
    { node: "n2", reached: 1, of: 1 },
  ]);
  expect((await cluster.hale("n1", ["status"])).stdout).toMatch(/reach +n1 1 of 1, n2 1 of 1/);
  await using watch = HolderWatch.start(lab, ip);
  await lab.cut([["n1"], ["n2", "router"]]);
  await waitUntil("n1 to be powered off", waitMs, () => !lab.host("n1").isOn);
  await cluster.waitForService(service, { owner: "n2", seenBy: ["n2"] });
  await lab.heal();
  await waitUntil("n1 to have power again", waitMs, () => lab.host("n1").isOn);
  await cluster.waitForMembers();
  expect(await watch.stop()).toEqual([]);
});
