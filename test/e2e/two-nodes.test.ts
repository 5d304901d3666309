import { afterAll, beforeAll, expect, test } from "vitest";
import { holders } from "../../lab/holders.ts";
import type { LabHost } from "../../lab/host.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { type AddressSite, service, startAddressSite } from "./address-site.ts";
import { fillSmallDisk, startOnSmallDisk } from "./small-disk.ts";

const waitMs = 30_000;

let site: AddressSite;

beforeAll(async () => {
  site = await startAddressSite({ hosts: ["n1", "n2"], config: { quorum: { arbiter: "fencing", prefer: "n1" } } });
});
afterAll(async () => site.lab.close());

test.each(["n1", "n2"])(
  "[SAFE-1, LIVE-1] both networks are cut while %s owns the service: one is powered off, the other goes on, both come back",
  async (owner) => {
    const { lab, cluster } = site;
    if ((await site.ownerOf()) !== owner) await cluster.must("n1", ["service", "relocate", service, "--to", owner]);
    await using prober = await site.startProber();
    await using watch = site.startWatch();
    await prober.waitForAnswer(owner, waitMs);
    const offs = lab.fenceDevice.count("off");

    const loser = await cutUntilOneIsOff();
    const survivor = cluster.nodes.find((name) => name !== loser.name) ?? "";
    await cluster.waitForService(service, { owner: survivor, seenBy: [survivor] });
    await prober.waitForAnswer(survivor, waitMs);
    await waitUntil(`${loser.name} to have power again`, waitMs, () => loser.isOn);
    expect((await cluster.status(loser.name))?.group.isQuorate, "a node that was fenced does not go on alone").not.toBe(
      true,
    );

    await lab.heal();
    await cluster.waitForMembers();
    await cluster.waitForService(service, { owner: survivor });
    expect(lab.fenceDevice.count("off"), "one fence").toBe(offs + 1);
    expect(await watch.stop()).toEqual([]);
  },
);

test("[SAFE-1, SAFE-2] the fence device is out of order during the race: both freeze, the service stays where it is", async () => {
  const { lab, cluster } = site;
  await using watch = site.startWatch();
  const owner = await site.ownerOf();
  const attempts = await attemptsOf("n1");
  lab.fenceDevice.works = false;
  await lab.cut([["n1"], ["n2"]]);
  await waitUntil("a second attempt to fence", waitMs, async () => (await attemptsOf("n1")) >= attempts + 2);
  for (const node of cluster.nodes) expect((await cluster.status(node))?.group.isQuorate).toBe(false);
  expect(holders(lab, site.ip)).toEqual([owner]);
  // A break that heals before the race is decided costs nothing.
  await lab.heal();
  lab.fenceDevice.works = true;
  await cluster.waitForMembers();
  await cluster.waitForService(service);
  expect(await watch.stop()).toEqual([]);
});

test("[GRP-47, LIVE-1] the disk of the preferred node is full: it fences nobody, and the other one goes on", async () => {
  const { lab, cluster } = site;
  await using watch = site.startWatch();
  const offs = lab.fenceDevice.count("off", "n2");
  const daemon = await startOnSmallDisk(cluster, "n1");
  await site.settle();
  if ((await site.ownerOf()) !== "n1") await cluster.must("n1", ["service", "relocate", service, "--to", "n1"]);
  await fillSmallDisk(cluster, "n1");
  await lab.cut([["n1"], ["n2"]]);
  expect(await daemon.exited).toBe(1);
  expect(await daemon.output()).toMatch(/the disk is full; make room/);
  await cluster.waitForService(service, { owner: "n2", seenBy: ["n2"] });
  expect(lab.fenceDevice.count("off", "n2")).toBe(offs);
  await lab.heal();
  await site.settle();
  expect(await watch.stop()).toEqual([]);
});

/** How often the node has tried to fence the other one to go on alone. */
async function attemptsOf(node: string): Promise<number> {
  const events = await site.cluster.must(node, ["events"]);
  return events.split("\n").filter((line) => line.includes("to go on alone")).length;
}

/** @returns the node that was powered off */
async function cutUntilOneIsOff(): Promise<LabHost> {
  const before = new Map([...site.lab.hosts].map(([name, host]) => [name, host.powerOns]));
  await site.lab.cut([["n1"], ["n2"]]);
  return waitUntil("one node to be powered off", waitMs, () =>
    [...site.lab.hosts.values()].find((host) => !host.isOn || host.powerOns > (before.get(host.name) ?? 0)),
  );
}
