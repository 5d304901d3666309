import { afterAll, beforeAll, expect, test } from "vitest";
import { startFailoverFlood } from "../../lab/attack/failover-flood.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { type AddressSite, startAddressSite } from "./address-site.ts";

const port = 6940;
const waitMs = 30_000;
const nodes = ["n1", "n2", "n3"];

let site: AddressSite;

beforeAll(async () => {
  site = await startAddressSite({ hosts: [...nodes, "mallory"], nodes });
});
afterAll(async () => site.lab.close());

// How long it takes, beside the same without a flood, is a figure of bench/attacked-failover.ts.
test("[SAFE-1, LIVE-1, LIVE-2] the owner loses power under a flood in its name: the service moves, nobody else is fenced", async () => {
  await using prober = await site.startProber();
  await using watch = site.startWatch();
  const owner = await site.ownerOf();
  const survivors = nodes.filter((name) => name !== owner);
  await prober.waitForAnswer(owner, waitMs);
  const flood = await startFailoverFlood(site.lab, { attacker: "mallory", owner, survivors, port, forMs: 2 * waitMs });
  for (const survivor of survivors)
    await waitUntil(`${survivor} to notice the flood`, waitMs, async () => {
      const network = (await site.cluster.status(survivor))?.network;
      return [0, 1].every((link) => (network?.[`link ${link}: floods of forged addresses`] ?? 0) > 0);
    });

  await site.lab.host(owner).powerOff();
  const { responder } = await prober.waitFor((p) => p.outcome === "answered" && p.responder !== owner, waitMs);
  expect(survivors).toContain(responder);
  expect(flood.isRunning).toBe(true);
  flood.kill("SIGKILL");

  await site.lab.host(owner).powerOn();
  await site.settle();
  expect(await site.ownerOf()).toBe(responder);
  expect(new Set(site.lab.fenceDevice.orders.map(({ plug }) => plug))).toEqual(new Set([owner]));
  expect(await watch.stop()).toEqual([]);
});
