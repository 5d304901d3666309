import { afterAll, beforeAll, expect, test } from "vitest";
import { HaleCluster, haleConfig, halePrograms, labKeys } from "../../lab/hale-cluster.ts";
import type { HostProcess } from "../../lab/host-process.ts";
import { Lab } from "../../lab/lab.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import type { WitnessStatus } from "../../src/model/witness-status.ts";

// Goal: one witness decides for several clusters, each by its own keys and its own grants, and takes up a new one while it runs.

const port = 6941;
const waitMs = 30_000;
const service = "web";
const otherKeys = "auth 1\n1 hmac-sha256 a-secret-that-only-the-other-cluster-knows\n";
const pairs = { lab: ["a1", "a2"], other: ["b1", "b2"] } as const;

let lab: Lab;
let witness: HostProcess;
let clusters: Readonly<Record<keyof typeof pairs, HaleCluster>>;

beforeAll(async () => {
  lab = await Lab.create({ hosts: [...pairs.lab, ...pairs.other, "third"] });
  const third = lab.host("third");
  await third.writeFile("/etc/hale/witness/lab.keys", labKeys, 0o600);
  witness = await third.spawn([halePrograms.hale, "witness", "--listen", `${third.ip()}:${port}`], { name: "witness" });
  const first = await found("lab", labKeys);
  await third.writeFile("/etc/hale/witness/other.keys", otherKeys, 0o600);
  witness.kill("SIGHUP");
  clusters = { lab: first, other: await found("other", otherKeys) };
});
afterAll(async () => lab.close());

test("[SAFE-1, LIVE-1] two clusters lose the cable between their nodes at once: one node of each goes on, by its own vote", async () => {
  const [lost, kept] = [lab.host("a1"), lab.host("b1")];
  await lab.cut([["a1"], ["a2"]]);
  await lab.cut([["b1"], ["b2"]]);
  for (const cluster of Object.values(clusters)) {
    const lone = await cluster.waitForLone(waitMs);
    await cluster.waitForService(service, { owner: lone, seenBy: [lone] });
  }
  await lab.heal();
  for (const host of [lost, kept, lab.host("a2"), lab.host("b2")]) if (!host.isOn) await host.powerOn();
  for (const cluster of Object.values(clusters)) {
    await cluster.settle(service);
    await cluster.waitForArbiter();
  }
});

test("each cluster has its line in the status of the witness", async () => {
  const status = await waitUntil("both to be served", waitMs, async () => {
    const text = await lab.host("third").run([halePrograms.hale, "witness", "status", "--json"]);
    const { clusters: served } = JSON.parse(text) as WitnessStatus;
    return served.length === 2 ? served : undefined;
  });
  expect(status.map(({ cluster }) => cluster).toSorted()).toEqual(["lab", "other"]);
});

async function found(name: keyof typeof pairs, authkeys: string): Promise<HaleCluster> {
  const nodes = pairs[name];
  const config = {
    heartbeat: { keepalive: "100ms", deadtime: "500ms", initdead: "5s", "daemon-grace": "6s" },
    quorum: { arbiter: { witness: `${lab.host("third").ip()}:${port}` } },
    services: { [service]: { resources: [{ address: { ip: `${lab.virtualIp(name === "lab" ? 0 : 1)}/24` } }] } },
  };
  const text = haleConfig(lab, config, nodes).replace("cluster: lab", `cluster: ${name}`);
  const cluster = await HaleCluster.found(lab, { nodes, config: text, authkeys });
  await cluster.settle(service);
  await cluster.waitForArbiter();
  return cluster;
}
