import { afterAll, beforeAll, expect, test } from "vitest";
import { nginxConfig, nginxConfigFile, siteConfig } from "../../lab/demo/site.ts";
import { HaleCluster } from "../../lab/hale-cluster.ts";
import { Lab } from "../../lab/lab.ts";
import { monotonicMs } from "../../lab/monotonic.ts";
import { Prober } from "../../lab/prober.ts";
import { HolderWatch } from "../../lab/holder-watch.ts";

const service = "intranet";
const answerMs = 30_000;

let lab: Lab;
let cluster: HaleCluster;
let ip: string;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"] });
  ip = lab.virtualIp();
  await Promise.all([...lab.hosts.values()].map(async (host) => host.writeFile(nginxConfigFile, nginxConfig)));
  cluster = await HaleCluster.found(lab, { config: siteConfig(ip) });
  await cluster.waitForMembers();
  await cluster.waitForService(service);
});
afterAll(async () => lab.close());

test("[SAFE-1, SAFE-2] the owner loses power: nothing starts before its fence is confirmed, then another answers", async () => {
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` });
  await using watch = HolderWatch.start(lab, ip);
  const owner = (await cluster.owner(service)) ?? "";
  const others = cluster.nodes.filter((name) => name !== owner);
  await prober.waitForAnswer(owner, answerMs);

  lab.fenceDevice.works = false;
  const cutMs = monotonicMs();
  await lab.host(owner).powerOff();
  await cluster.waitForEvent(others[0] ?? "", /fence 2 requested/);
  const worksMs = monotonicMs();
  lab.fenceDevice.works = true;
  const answered = await prober.waitFor((p) => p.outcome === "answered" && p.responder !== owner, answerMs, cutMs);
  expect(answered.startMs).toBeGreaterThan(worksMs);

  await lab.host(owner).powerOn();
  await cluster.waitForMembers();
  await cluster.waitForService(service, { owner: answered.responder });
  expect(await watch.stop()).toEqual([]);
});

test("[LIVE-2] every process of the daemon is killed on the owner and started again: no answer is lost, nothing moves", async () => {
  await using prober = await Prober.start(lab.client, { kind: "http", url: `http://${ip}/` });
  const owner = (await cluster.owner(service)) ?? "";
  await prober.waitForAnswer(owner, answerMs);
  const fences = lab.fenceDevice.count("off");

  await cluster.killDaemon(owner);
  // Long enough that its peers hold it for dead and have formed a view without it.
  await cluster.waitForMembers(cluster.running);
  await cluster.startDaemon(owner);
  await cluster.waitForMembers();
  await cluster.waitForService(service, { owner });

  const { outages } = await prober.stop();
  expect(outages.filter((outage) => outage.from !== "")).toEqual([]);
  expect(lab.fenceDevice.count("off")).toBe(fences);
});

test("[SAFE-1, LIVE-1] the owner is cut off from both networks: it is fenced and the others take over", async () => {
  await using watch = HolderWatch.start(lab, ip);
  const owner = (await cluster.owner(service)) ?? "";
  const others = cluster.nodes.filter((name) => name !== owner);
  const powerOns = lab.host(owner).powerOns;
  await lab.cut([[owner], others]);
  await cluster.waitForMembers(others);
  await cluster.waitForService(service, { seenBy: others });
  expect(others).toContain(await cluster.owner(service, others[0]));
  await lab.heal();
  await cluster.waitForMembers();
  expect(lab.host(owner).powerOns, "it was off and on again").toBeGreaterThan(powerOns);
  expect(await watch.stop()).toEqual([]);
});

test("a clean stop of the owner's daemon moves its services first, and fences nobody", async () => {
  const owner = (await cluster.owner(service)) ?? "";
  const fences = lab.fenceDevice.count("off");
  expect(await cluster.stopDaemon(owner)).toBe(0);
  const others = cluster.nodes.filter((name) => name !== owner);
  await cluster.waitForService(service, { seenBy: others });
  expect(others).toContain(await cluster.owner(service, others[0]));
  await cluster.startDaemon(owner);
  await cluster.waitForMembers();
  expect(lab.fenceDevice.count("off")).toBe(fences);
});
