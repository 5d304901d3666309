import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AddressSite, service, startAddressSite } from "./address-site.ts";

// Goal: an address is where its service is and nowhere else, and who knows its hardware address once needs to learn nothing when another node takes it over.

const waitMs = 30_000;
const mac = "02:00:00:00:68:01";

let site: AddressSite;

beforeAll(async () => {
  site = await startAddressSite({ hosts: ["n1", "n2", "n3"], address: { mac } });
});
afterAll(async () => site.lab.close());

/** Hosts that have the interface of the address. */
async function holders(): Promise<readonly string[]> {
  const { lab, cluster } = site;
  const found: string[] = [];
  for (const node of cluster.running) if ((await lab.host(node).run(["ip", "link"])).includes(mac)) found.push(node);
  return found;
}

test("[ADR-4, SAFE-1] a client that never learns another hardware address is answered by the next owner", async () => {
  const { lab, cluster, ip } = site;
  await using watch = site.startWatch();
  const link = /dev (\S+)/.exec(await lab.client.run(["ip", "route", "get", ip]))?.[1] ?? "";
  await lab.client.run(["ip", "neigh", "replace", ip, "lladdr", mac, "nud", "permanent", "dev", link]);
  await using prober = await site.startProber();
  const owner = await site.ownerOf();
  await prober.waitForAnswer(owner, waitMs);
  expect(await holders()).toEqual([owner]);

  await lab.host(owner).powerOff();
  const others = cluster.nodes.filter((node) => node !== owner);
  const answered = await prober.waitFor((p) => p.outcome === "answered" && p.responder !== owner, waitMs);
  expect(others).toContain(answered.responder);
  await site.settle();
  expect(await holders()).toEqual([answered.responder]);
  expect(await watch.stop()).toEqual([]);
});

test("[ADR-4, SVC-10] the daemon is killed: the next one adopts the interface, and no answer is lost", async () => {
  const { cluster } = site;
  await using prober = await site.startProber();
  const owner = await site.ownerOf();
  await prober.waitForAnswer(owner, waitMs);
  await cluster.killDaemon(owner);
  await cluster.waitForMembers(cluster.running);
  await cluster.startDaemon(owner);
  await cluster.waitForMembers();
  await cluster.waitForService(service, { owner });
  const { outages } = await prober.stop();
  expect(outages.filter((outage) => outage.from !== "")).toEqual([]);
  expect(await holders()).toEqual([owner]);
});

test("[ADR-4] a relocation leaves nothing behind", async () => {
  const { cluster } = site;
  const owner = await site.ownerOf();
  const next = cluster.nodes.find((node) => node !== owner) ?? "";
  await cluster.must(owner, ["service", "relocate", service, "--to", next]);
  await cluster.waitForService(service, { owner: next });
  expect(await holders()).toEqual([next]);
});

test("[SVC-34, ADR-5] the address, set by hand on another node, is removed there and told of; not in maintenance", async () => {
  const { lab, cluster, ip } = site;
  const owner = await site.ownerOf();
  const other = cluster.nodes.find((node) => node !== owner) ?? "";
  const host = lab.host(other);
  const link = /dev (\S+)/.exec(await host.run(["ip", "route", "get", ip]))?.[1] ?? "";
  const isSet = async (): Promise<boolean> => (await host.run(["ip", "-brief", "address"])).includes(` ${ip}/`);

  await host.run(["ip", "address", "add", `${ip}/24`, "dev", link]);
  await cluster.waitForEvent(other, /which does not run here, was set on \S+ by somebody: removed/);
  expect(await isSet()).toBe(false);
  expect(await holders()).toEqual([owner]);

  await cluster.must(owner, ["maintenance", "on"]);
  await host.run(["ip", "address", "add", `${ip}/24`, "dev", link]);
  // Longer than it took: nothing is to be waited for.
  await sleep(1_500);
  expect(await isSet()).toBe(true);
  await cluster.must(owner, ["maintenance", "off"]);
  await expect.poll(isSet, { timeout: waitMs }).toBe(false);
  await cluster.waitForService(service, { owner });
});
