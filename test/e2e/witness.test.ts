import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HaleCluster, halePrograms } from "../../lab/hale-cluster.ts";
import type { HostProcess } from "../../lab/host-process.ts";
import { Lab } from "../../lab/lab.ts";
import { Prober } from "../../lab/prober.ts";
import { echoCommand, startEcho } from "../../lab/echo.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { HolderWatch } from "../../lab/holder-watch.ts";
import { holders } from "../../lab/holders.ts";

// Goal: two nodes and a witness on a third machine. Whichever of the three, or of the ways between them, is lost, at most one node
// runs the service, and one does whenever two of the three hear each other.

const waitMs = 30_000;
const nodes = ["n1", "n2"] as const;
const service = "web";
const port = 6941;
const echoPort = 7;
const keys = "auth 1\n1 hmac-sha256 a-secret-that-only-this-lab-knows\n";

let lab: Lab;
let cluster: HaleCluster;
let ip: string;
let witness: HostProcess;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "third"] });
  ip = lab.virtualIp();
  for (const host of [lab.host("n1"), lab.host("n2")]) {
    host.boot = [echoCommand(echoPort, [ip])];
    await startEcho(host, echoPort, [ip]);
  }
  const third = lab.host("third");
  await third.writeFile("/etc/hale/witness/lab.keys", keys, 0o600);
  await startWitness();
  cluster = await HaleCluster.found(lab, {
    authkeys: keys,
    nodes: ["n1", "n2"],
    config: {
      heartbeat: { keepalive: "100ms", deadtime: "500ms", initdead: "5s", "daemon-grace": "6s" },
      quorum: { arbiter: { witness: `${third.ip()}:${port}` } },
      services: { [service]: { resources: [{ address: { ip: `${ip}/24` } }] } },
    },
  });
  await settle();
});
afterAll(async () => lab.close());
beforeEach(async () => {
  await lab.heal();
  await settle();
});

test("[SAFE-1, LIVE-1] the cable between the nodes is cut: one goes on, the other stops or is fenced, both come back", async () => {
  await using watch = HolderWatch.start(lab, ip);
  await using prober = await Prober.start(lab.client, { kind: "udp", ip, port: echoPort });
  await lab.cut([["n1"], ["n2"]]);
  const survivor = await cluster.waitForLone();
  await cluster.waitForService(service, { owner: survivor, seenBy: [survivor] });
  await prober.waitForAnswer(survivor, waitMs);
  const other = survivor === "n1" ? "n2" : "n1";
  await cluster.waitUntilHelpless(other);
  expect((await cluster.hale(other, ["status"])).stdout).toMatch(/NO QUORUM/);
  expect((await cluster.hale(other, ["why", service])).stdout).toContain(`no quorum here, not heard: ${survivor}`);
  await lab.heal();
  await settle();
  expect(await watch.stop()).toEqual([]);
});

test("[LIVE-1] the owner dies silently: the other goes on", async () => {
  await using watch = HolderWatch.start(lab, ip);
  const owner = (await cluster.owner(service)) ?? "";
  const other = owner === "n1" ? "n2" : "n1";
  await using prober = await Prober.start(lab.client, { kind: "udp", ip, port: echoPort });
  await prober.waitForAnswer(owner, waitMs);
  await lab.host(owner).powerOff();
  await prober.waitForAnswer(other, waitMs);
  if (!lab.host(owner).isOn) await lab.host(owner).powerOn();
  await settle();
  expect(await watch.stop()).toEqual([]);
});

test("[LIVE-2] the witness is killed, and comes back: nothing happens but a warning", async () => {
  const before = await cluster.status("n1");
  await killWitness();
  const lost = await waitUntil("the warning", waitMs, async () => {
    const status = await cluster.status("n1");
    return status?.group.witness?.isHeard === false ? status : undefined;
  });
  expect(lost.warnings).toContain("the witness is not heard: the next node that is lost stops the other");
  expect(lost.group.view).toBe(before?.group.view);
  expect(lost.group.isQuorate).toBe(true);
  await startWitness();
  await cluster.waitForArbiter();
  const status = await cluster.status("n1");
  expect(status?.group.view).toBe(before?.group.view);
  expect(status?.group.electorate).toEqual(before?.group.electorate);
});

test("[LIVE-3] witness and one node dead: no quorum, told plainly, and the service stops", async () => {
  await using watch = HolderWatch.start(lab, ip);
  await killWitness();
  await waitUntil("the witness to be missed", waitMs, async () => {
    return (await cluster.status("n1"))?.group.witness?.isHeard === false;
  });
  // Both ways: nobody can fence, nobody can go on.
  lab.fenceDevice.works = false;
  await lab.cut([["n1"], ["n2"]]);
  for (const node of nodes) {
    await cluster.waitUntilHelpless(node);
    expect((await cluster.hale(node, ["status"])).stdout).toMatch(/NO QUORUM/);
    expect((await cluster.hale(node, ["why", service])).stdout).toContain("the witness");
  }
  await waitUntil("nobody to hold the address", waitMs, () => holders(lab, ip).length === 0);
  await startWitness();
  await cluster.waitForLone();
  lab.fenceDevice.works = true;
  await lab.heal();
  await settle();
  expect(await watch.stop()).toEqual([]);
});

test("[GRP-88] the witness comes back with an empty disk: it gets a vote under a new name", async () => {
  const before = (await cluster.status("n1"))?.group.electorate ?? [];
  await killWitness();
  await lab.host("third").run(["rm", "-rf", "/var/lib/hale/witness"]);
  await startWitness();
  await waitUntil("a vote for the new disk", waitMs, async () => {
    const now = (await cluster.status("n2"))?.group.electorate ?? [];
    return now.length === 3 && now.join() !== before.join();
  });
});

async function startWitness(): Promise<void> {
  const third = lab.host("third");
  witness = await third.spawn([halePrograms.hale, "witness", "--listen", `${third.ip()}:${port}`], { name: "witness" });
}

async function killWitness(): Promise<void> {
  witness.kill("SIGKILL");
  await witness.exited;
}

/** Whole, with a service and a witness that votes. */
async function settle(): Promise<void> {
  await cluster.settle(service);
  await cluster.waitForArbiter();
}
