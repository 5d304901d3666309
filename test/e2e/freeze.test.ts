import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { holders } from "../../lab/holders.ts";
import type { Prober } from "../../lab/prober.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { type AddressSite, service, startAddressSite } from "./address-site.ts";

// Goal: a service with `without-quorum: freeze` runs on where it is, through a cut, for its clients on the same side; and starts
// elsewhere only when its node is known to be off.

const waitMs = 30_000;

let site: AddressSite;
let owner: string;
let others: readonly string[];

beforeAll(async () => {
  site = await startAddressSite({ hosts: ["n1", "n2", "n3"], policy: { "without-quorum": "freeze" } });
});
afterAll(async () => site.lab.close());

beforeEach(async () => {
  await site.lab.heal();
  site.lab.fenceDevice.works = true;
  await site.settle();
  owner = await site.ownerOf();
  others = site.cluster.nodes.filter((name) => name !== owner);
});

test("[SVC-23] [SAFE-1, SAFE-2] the owner is cut off and cannot be fenced: not an answer is lost, nothing starts elsewhere, and nothing moves when it heals", async () => {
  const { lab, cluster } = site;
  await using watch = site.startWatch();
  await using prober = await site.startProber();
  await cutOff(prober);
  await lab.heal();
  await site.settle();
  expect(await site.ownerOf()).toBe(owner);
  expect((await prober.stop()).outages).toEqual([]);
  expect(lab.fenceDevice.count("off")).toBe(0);
  expect(await watch.stop()).toEqual([]);
  // The device is still out of order, which a node that looks at it in its turn may have told.
  const warnings = (await cluster.status(owner))?.warnings ?? ["no answer"];
  expect(warnings.filter((text) => !text.startsWith("fence device "))).toEqual([]);
});

test("[SVC-23] [SAFE-1, SAFE-2] the owner is fenced while it is frozen: only then another starts the service, and it comes back without", async () => {
  const { lab, cluster } = site;
  await using watch = site.startWatch();
  await using prober = await site.startProber();
  await cutOff(prober);
  const offs = lab.fenceDevice.count("off");
  lab.fenceDevice.works = true;
  const taken = await waitUntil("another owner", waitMs, async () => {
    const [seen = ""] = others;
    const now = await cluster.owner(service, seen);
    return now !== undefined && now !== owner ? now : undefined;
  });
  await prober.waitForAnswer(taken, waitMs);
  expect(lab.fenceDevice.count("off", owner), "fenced once, with success").toBe(offs + 1);
  await lab.heal();
  await site.settle();
  expect(await site.ownerOf()).toBe(taken);
  const { outages } = await prober.stop();
  expect(outages, "one, from the fence to the takeover").toHaveLength(1);
  expect(outages[0]).toMatchObject({ from: owner, to: taken });
  expect(await watch.stop()).toEqual([]);
});

/** From the owner's answers until it has frozen its service, and the others have tried in vain to fence it. */
async function cutOff(prober: Prober): Promise<void> {
  const { lab, cluster, ip } = site;
  await prober.waitForAnswer(owner, waitMs);
  lab.fenceDevice.works = false;
  const attempts = await failedFences();
  await lab.cut([[owner], others]);
  await cluster.waitForMembers(others);
  await cluster.waitForEvent(owner, /it is frozen, and goes on here/);
  await cluster.waitUntilHelpless(owner);
  await waitUntil("an attempt to fence it", waitMs, async () => (await failedFences()) > attempts);
  expect(holders(lab, ip)).toEqual([owner]);
}

async function failedFences(): Promise<number> {
  const events = await site.cluster.must(others[0] ?? "", ["events"]);
  return events.split("\n").filter((line) => /fence \d+ failed/.test(line)).length;
}
