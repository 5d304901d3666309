import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { holders } from "../../lab/holders.ts";
import { monotonicMs } from "../../lab/monotonic.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { type AddressSite, service, startAddressSite } from "./address-site.ts";

// Goal: n1 has more votes than the two others together, and nobody begins before all are there. The node with the votes goes on alone,
// two without it do not, and after a blackout not even the votes are enough.

const waitMs = 30_000;
const initdeadMs = 2_000;
const light = ["n2", "n3"] as const;

let site: AddressSite;

beforeAll(async () => {
  site = await startAddressSite({
    hosts: ["n1", "n2", "n3"],
    config: {
      heartbeat: { keepalive: "100ms", deadtime: "500ms", initdead: `${initdeadMs}ms`, "daemon-grace": "6s" },
      votes: { n1: 3 },
      quorum: { "wait-for-all": true },
    },
  });
});
afterAll(async () => site.lab.close());

beforeEach(async () => {
  await site.lab.heal();
  site.lab.fenceDevice.works = true;
  await site.settle();
});

test("[GRP-43] [SAFE-1, SAFE-2, LIVE-3] the heavy node is cut off: it goes on alone, the others stop, and it starts nothing before the fence", async () => {
  const { lab, cluster, ip } = site;
  if ((await site.ownerOf()) !== "n2") await cluster.must("n1", ["service", "relocate", service, "--to", "n2"]);
  await using watch = site.startWatch();
  await using prober = await site.startProber();
  await prober.waitForAnswer("n2", waitMs);
  const seen = (await cluster.status("n1"))?.group.votes;
  expect(seen).toMatchObject({ present: 5, expected: 5, needed: 3, of: { n1: 3, n2: 1, n3: 1 } });

  lab.fenceDevice.works = false;
  await lab.cut([["n1"], light]);
  expect(await cluster.waitForLone()).toBe("n1");
  for (const node of light) {
    await cluster.waitUntilHelpless(node);
    expect((await cluster.hale(node, ["status"])).stdout).toMatch(/NO QUORUM/);
  }
  await waitUntil("n2 to stop what it runs", waitMs, () => holders(lab, ip).length === 0);
  await cluster.waitForEvent("n1", /fence .*n2.*failed|n2.*fence.*failed/);
  expect(holders(lab, ip), "n2 is not known to have stopped").toEqual([]);

  lab.fenceDevice.works = true;
  await prober.waitForAnswer("n1", waitMs);
  expect(lab.fenceDevice.count("off", "n3"), "n3 runs nothing").toBe(0);
  await lab.heal();
  await site.settle();
  expect(await site.ownerOf()).toBe("n1");
  expect(await watch.stop()).toEqual([]);
});

test("[GRP-43] [SAFE-1, LIVE-3] the heavy node dies: two of three have no quorum and start nothing, until it is back", async () => {
  const { lab, cluster, ip } = site;
  await using watch = site.startWatch();
  await using prober = await site.startProber();
  const offs = lab.fenceDevice.count("off");
  await lab.host("n1").powerOff();
  for (const node of light) await cluster.waitUntilHelpless(node);
  expect(holders(lab, ip)).toEqual([]);
  expect((await cluster.hale("n2", ["why", service])).stdout).toContain("no quorum here, not heard: n1");
  const backMs = monotonicMs();
  await lab.host("n1").powerOn();
  await prober.waitForAnswer(await ownerAgain(), waitMs, backMs);
  expect(lab.fenceDevice.count("off"), "nobody was fenced").toBe(offs);
  expect(await watch.stop()).toEqual([]);
});

test("[GRP-44] [SAFE-1] after a blackout nothing starts before all were there; once they were, the third may go", async () => {
  const { lab, cluster, ip } = site;
  await using watch = site.startWatch();
  const offs = lab.fenceDevice.count("off");
  await Promise.all(cluster.nodes.map(async (node) => lab.host(node).powerOff()));
  await using prober = await site.startProber();
  await Promise.all(["n1", "n2"].map(async (node) => lab.host(node).powerOn()));
  for (const node of ["n1", "n2"]) {
    await waitUntil(`${node} to wait for n3 alone`, waitMs, async () => {
      return (await cluster.status(node))?.group.awaited.join() === "n3";
    });
  }
  // Without the option these two, of whom one has a quorum alone, would fence n3 now.
  const togetherMs = monotonicMs();
  await prober.waitFor(({ startMs }) => startMs > togetherMs + 2 * initdeadMs, waitMs);
  expect((await cluster.status("n1"))?.group).toMatchObject({ isQuorate: false, awaited: ["n3"] });
  expect((await prober.probes()).filter(({ outcome }) => outcome === "answered")).toEqual([]);
  expect(holders(lab, ip)).toEqual([]);

  const allMs = monotonicMs();
  await lab.host("n3").powerOn();
  await prober.waitForAnswer(await ownerAgain(), waitMs, allMs);
  expect(lab.fenceDevice.count("off"), "nobody was fenced for being slow to boot").toBe(offs);

  // They have been together: now two are enough, and one that starts is taken in by who goes on.
  const owner = await site.ownerOf();
  const third = light.find((node) => node !== owner) ?? "";
  const rest = cluster.nodes.filter((node) => node !== third);
  await lab.host(third).powerOff();
  await cluster.waitForMembers(rest);
  const [, restarted = ""] = rest;
  await cluster.stopDaemon(restarted);
  await cluster.startDaemon(restarted);
  await cluster.waitForMembers(rest);
  await cluster.waitForService(service);
  if (!lab.host(third).isOn) await lab.host(third).powerOn();
  await site.settle();
  expect(await watch.stop()).toEqual([]);
});

/** Of the whole cluster. */
async function ownerAgain(): Promise<string> {
  await site.settle();
  return site.ownerOf();
}
