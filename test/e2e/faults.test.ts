import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { stateFolder } from "../../lab/hale-cluster.ts";
import type { Probe } from "../../lab/probe.ts";
import type { Prober } from "../../lab/prober.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { type AddressSite, service, startAddressSite } from "./address-site.ts";
import { fillSmallDisk, startOnSmallDisk } from "./small-disk.ts";

const waitMs = 30_000;

let site: AddressSite;

beforeAll(async () => {
  site = await startAddressSite({ hosts: ["n1", "n2", "n3"] });
});
afterAll(async () => site.lab.close());

beforeEach(async () => {
  await site.settle();
});

test("[LIVE-2] haled is killed twenty times at odd moments, in its start too: no answer is lost, nobody is fenced", async () => {
  const { lab, cluster } = site;
  await using prober = await site.startProber();
  await using watch = site.startWatch();
  const owner = await site.ownerOf();
  await prober.waitForAnswer(owner, waitMs);
  const offs = lab.fenceDevice.count("off");
  const random = generator(1);
  let kills = 0;
  while (kills < 20) {
    // One node at a time: with two of three gone, the third has to stop.
    const node = cluster.nodes[random(cluster.nodes.length)] ?? "";
    for (let inARow = 0; inARow < 4; inARow += 1, kills += 1) {
      await cluster.killDaemon(node);
      await answersOf(prober, random(40));
      await cluster.startDaemon(node);
      // The odd moment is the point: in the middle of a start, of a write, of a view change.
      await answersOf(prober, random(120));
    }
    await cluster.waitForMembers();
  }
  await site.settle();
  expect((await prober.stop()).outages).toEqual([]);
  expect(lab.fenceDevice.count("off")).toBe(offs);
  expect(await watch.stop()).toEqual([]);
});

test("[LIVE-2] one of two networks is cut, and both lose a third of all packets: link events, and nothing else", async () => {
  const { lab, cluster } = site;
  const owner = await site.ownerOf();
  const others = cluster.nodes.filter((name) => name !== owner);
  const { view } = await groupOf(others[0]);
  const offs = lab.fenceDevice.count("off");
  await lab.cut([[owner], others], { network: "front" });
  const warned = async (): Promise<boolean> =>
    (await cluster.status(others[0] ?? ""))?.warnings.some((line) => line.startsWith(`link ${owner}/0`)) ?? false;
  await waitUntil("a warning of the dead link", waitMs, warned);
  await lab.heal();
  await waitUntil("the warning to go", waitMs, async () => !(await warned()));

  await using prober = await site.startProber();
  await lab.lose(0.3);
  await answersOf(prober, 1_000);
  await lab.heal();
  expect((await groupOf(others[0])).view, "the same view as before").toBe(view);
  expect(await site.ownerOf()).toBe(owner);
  expect(lab.fenceDevice.count("off")).toBe(offs);
});

test.each(["from", "to"])(
  "[SAFE-1, LIVE-1] nothing goes through %s the owner: it is fenced and another serves",
  async (way) => {
    const { lab, cluster } = site;
    await using watch = site.startWatch();
    const owner = await site.ownerOf();
    const others = cluster.nodes.filter((name) => name !== owner);
    await (way === "from" ? lab.cutOneWay([owner], others) : lab.cutOneWay(others, [owner]));
    await waitUntil("another owner", waitMs, async () =>
      others.includes((await cluster.owner(service, others[0])) ?? owner),
    );
    await lab.heal();
    await site.settle();
    expect(await watch.stop()).toEqual([]);
  },
);

test("[LIVE-2] haled stands still for less than the deadtime: nothing happens", async () => {
  const { lab, cluster } = site;
  await using prober = await site.startProber();
  const owner = await site.ownerOf();
  await prober.waitForAnswer(owner, waitMs);
  const offs = lab.fenceDevice.count("off");
  // In one command, which nothing that is busy here can draw out to a deadtime.
  await lab.host(owner).run(["sh", "-c", "pkill -STOP -f [h]aled.js; sleep 0.25; pkill -CONT -f [h]aled.js"]);
  await cluster.waitForEvent(owner, /the loop was away/);
  await site.settle();
  expect(await site.ownerOf()).toBe(owner);
  expect((await prober.stop()).outages).toEqual([]);
  expect(lab.fenceDevice.count("off")).toBe(offs);
});

test("[SAFE-1, SAFE-2] haled stands still for longer than the deadtime on the owner: it is fenced before another starts", async () => {
  const { lab, cluster } = site;
  await using watch = site.startWatch();
  const owner = await site.ownerOf();
  const others = cluster.nodes.filter((name) => name !== owner);
  const offs = lab.fenceDevice.count("off", owner);
  await signalDaemon(owner, "STOP");
  await cluster.waitForMembers(others);
  await waitUntil("another owner", waitMs, async () =>
    others.includes((await cluster.owner(service, others[0])) ?? owner),
  );
  expect(lab.fenceDevice.count("off", owner)).toBe(offs + 1);
  await site.settle();
  expect(await watch.stop()).toEqual([]);
});

test.each([
  ["damaged in the middle", `printf XXXX | dd of=${stateFolder}/journal bs=1 seek=900 conv=notrunc`, /journal damaged/],
  ["cut in its last write", `truncate -s -7 ${stateFolder}/journal`, null],
  ["gone", `rm ${stateFolder}/journal`, null],
])("[V5] the journal of a member is %s: it is taken in again, with its vote", async (_what, command, said) => {
  const { lab, cluster } = site;
  const owner = await site.ownerOf();
  const node = cluster.nodes.find((name) => name !== owner) ?? "";
  const offs = lab.fenceDevice.count("off");
  await cluster.killDaemon(node);
  await lab.host(node).run(["sh", "-c", command]);
  await cluster.startDaemon(node);
  if (said !== null) await cluster.waitForEvent(node, said);
  await site.settle();
  await waitUntil("its vote", waitMs, async () => (await groupOf(owner)).electorate.includes(node as never));
  expect(await site.ownerOf()).toBe(owner);
  expect(lab.fenceDevice.count("off")).toBe(offs);
});

test("[SAFE-1, LIVE-1] the owner's disk is full: its daemon ends, says why, and the others take over; with room it comes back", async () => {
  const { cluster } = site;
  await using watch = site.startWatch();
  const owner = await site.ownerOf();
  const others = cluster.nodes.filter((name) => name !== owner);
  const daemon = await startOnSmallDisk(cluster, owner);
  await site.settle();
  await fillSmallDisk(cluster, owner);
  // Each of these is an entry, until one finds no room.
  while (daemon.isRunning) await cluster.hale(others[0] ?? "", ["node", "standby", others[1] ?? ""]);
  expect(await daemon.exited).toBe(1);
  expect(await daemon.output()).toMatch(/the disk is full; make room/);
  await cluster.must(others[0] ?? "", ["node", "online", others[1] ?? ""]);
  await waitUntil("another owner", waitMs, async () =>
    others.includes((await cluster.owner(service, others[0])) ?? owner),
  );
  await site.settle();
  expect(await watch.stop()).toEqual([]);
});

async function groupOf(
  node: string | undefined,
): Promise<{ readonly view: string | null; readonly electorate: readonly string[] }> {
  const status = await site.cluster.status(node ?? "");
  if (status === undefined) throw new Error(`Cannot read the status of ${node}`);
  return status.group;
}

/** To the daemon alone and from inside: a stopped process above it would keep its host from dying. */
async function signalDaemon(node: string, signal: string): Promise<void> {
  await site.lab.host(node).run(["pkill", `-${signal}`, "-f", "haled.js"]);
}

/** Until so many more requests have ended: the pace of a fault, by what a client sees. */
async function answersOf(prober: Prober, count: number): Promise<readonly Probe[]> {
  const before = (await prober.probes()).length;
  return waitUntil(`${count} more requests`, waitMs, async () => {
    const probes = await prober.probes();
    return probes.length >= before + count ? probes : undefined;
  });
}

/** Numbers from 0 to below `limit`, the same ones each time. */
function generator(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
}
