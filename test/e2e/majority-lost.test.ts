import { afterAll, beforeAll, expect, test } from "vitest";
import { haleConfig, stateFolder } from "../../lab/hale-cluster.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { type AddressSite, service, startAddressSite } from "./address-site.ts";

// Goal: what haled(8) says of a majority that is gone for good is enough to go on, and what comes back by mistake stays outside.

const waitMs = 30_000;

let site: AddressSite;

beforeAll(async () => {
  site = await startAddressSite({ hosts: ["n1", "n2", "n3"] });
});
afterAll(async () => site.lab.close());

test("two of three are gone for good: the third one founds the cluster anew, and goes on with the services", async () => {
  const { lab, cluster } = site;
  const survivor = lab.host("n3");
  for (const name of ["n1", "n2"]) await lab.host(name).powerOff();
  await waitUntil("no quorum", waitMs, async () => (await cluster.status("n3"))?.group.isQuorate === false);
  expect((await cluster.hale("n3", ["service", "restart", service])).code).toBe(3);

  await cluster.killDaemon("n3");
  const services = { [service]: { resources: [{ address: { ip: `${site.ip}/24` } }] } };
  const text = haleConfig(lab, { services }, ["n3"]);
  await survivor.writeFile("/etc/hale/cluster.yaml", text.replace("cluster: lab", "cluster: lab-2"), 0o644);
  expect((await cluster.hale("n3", ["init"])).stderr).toMatch(/holds state already/);
  await survivor.run(["mv", `${stateFolder}/journal`, `${stateFolder}/journal.old`]);
  await cluster.must("n3", ["init"]);
  await cluster.startDaemon("n3");
  await cluster.waitForMembers(["n3"]);
  await cluster.waitForService(service, { owner: "n3", seenBy: ["n3"] });

  // One of the old cluster, alone, is no majority of it, and a stranger to the new one.
  await using watch = site.startWatch();
  await lab.host("n1").powerOn();
  await waitUntil("n1 to speak", waitMs, async () => {
    const dropped = (await cluster.status("n3"))?.dropped ?? {};
    return Object.values(dropped).some((count) => count > 0);
  });
  await waitUntil("n1 to have started", waitMs, async () => (await cluster.status("n1"))?.group.isQuorate === false);
  expect((await cluster.status("n3"))?.group.members).toEqual(["n3"]);
  expect(await cluster.owner(service, "n3")).toBe("n3");
  expect(await watch.stop()).toEqual([]);
});
