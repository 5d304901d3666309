import { afterAll, beforeAll, expect, test } from "vitest";
import { type AddressSite, service, startAddressSite } from "./address-site.ts";

// Goal: a node that comes and goes is kept from its service until somebody has looked, and serves again at one command.

const waitMs = 30_000;

let site: AddressSite;

beforeAll(async () => {
  site = await startAddressSite({
    hosts: ["n1", "n2", "n3"],
    config: { quarantine: { losses: 2, within: "1h", for: "1h" } },
    policy: { domain: { nodes: ["n1", "n2", "n3"], ordered: true, restricted: true, failback: true } },
  });
});
afterAll(async () => site.lab.close());

test("[PLC-6, PLC-9] [SAFE-1] a node that is lost twice gets nothing back, until it is released", async () => {
  const { lab, cluster } = site;
  await using watch = site.startWatch();
  await using prober = await site.startProber();
  await prober.waitForAnswer("n1", waitMs);

  await loseAndTakeIn("n1");
  expect((await cluster.status("n2"))?.nodes.find(({ node }) => node === "n1")?.quarantine).toBeUndefined();
  await cluster.waitForService(service, { owner: "n1" });

  await loseAndTakeIn("n1");
  const held = await cluster.status("n3");
  expect(held?.nodes.find(({ node }) => node === "n1")).toMatchObject({ state: "member", quarantine: { losses: 2 } });
  expect(held?.group.electorate).toContain("n1");
  expect((await cluster.hale("n1", ["why", service])).stdout).toMatch(/\n +in quarantine, lost again/);
  await cluster.waitForService(service, { owner: "n2" });
  // It may not serve, so it is not where the service goes when its owner goes.
  await cluster.must("n3", ["service", "relocate", service, "--to", "n3"]);
  await cluster.must("n3", ["service", "relocate", service]);
  await cluster.waitForService(service, { owner: "n2" });

  await cluster.must("n2", ["node", "release", "n1"]);
  await cluster.waitForService(service, { owner: "n1" });
  await prober.waitForAnswer("n1", waitMs);
  expect((await cluster.status("n2"))?.nodes.find(({ node }) => node === "n1")?.quarantine).toBeUndefined();
  expect(await watch.stop()).toEqual([]);

  /** Its power goes; another serves; it is switched on again by the fence, and is a member. */
  async function loseAndTakeIn(node: string): Promise<void> {
    await lab.host(node).powerOff();
    await prober.waitForAnswer("n2", waitMs, (await prober.probes()).at(-1)?.startMs);
    await cluster.waitForMembers();
  }
});
