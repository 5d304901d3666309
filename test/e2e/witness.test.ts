import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { attackCommand, onPathAttackCommand } from "../../lab/attack/attack-command.ts";
import { HaleCluster, halePrograms, labKeys } from "../../lab/hale-cluster.ts";
import type { HostProcess } from "../../lab/host-process.ts";
import { Lab } from "../../lab/lab.ts";
import { Prober } from "../../lab/prober.ts";
import { echoCommand, startEcho } from "../../lab/echo.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { HolderWatch } from "../../lab/holder-watch.ts";
import { holders } from "../../lab/holders.ts";
import type { WitnessStatus } from "../../src/model/witness-status.ts";

// Goal: two nodes and a witness on a third machine. Whichever of the three, or of the ways between them, is lost, at most one node
// runs the service, and one does whenever two of the three hear each other.

const waitMs = 30_000;
const nodes = ["n1", "n2"] as const;
const service = "web";
const port = 6941;
const echoPort = 7;

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
  await third.writeFile("/etc/hale/witness/lab.keys", labKeys, 0o600);
  await startWitness();
  cluster = await HaleCluster.found(lab, {
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

test("hale witness status: whose witness it is, and who has asked; exit code 4 when nobody is there to say so", async () => {
  const third = lab.host("third");
  const { stdout } = await third.exec([halePrograms.hale, "witness", "status"]);
  expect(stdout).toMatch(/^witness at 10\.77\.0\.3:6941, hale \S+, for /);
  expect(stdout).toMatch(/^lab {2}votes as witness\.[0-9a-f]{12}, promised view \S+, installed \S+$/m);
  for (const node of nodes)
    expect(stdout).toMatch(new RegExp(`^  ${node} +\\S+ ago +${lab.host(node).ip()}:\\d+ `, "m"));
  const status = await witnessStatus();
  expect(status.clusters.map(({ cluster }) => cluster)).toEqual(["lab"]);
  expect(status.clusters[0]?.askers.map(({ node }) => node)).toEqual([...nodes]);
  await killWitness();
  const nobody = await third.exec([halePrograms.hale, "witness", "status"]);
  expect(nobody).toMatchObject({ code: 4, stdout: "" });
  expect(nobody.stderr).toContain("hale-witness");
  await startWitness();
});

test.each([
  ["garbage of a stranger", "floods of strangers"],
  ["copies of the nodes' newest questions, altered", "floods of forged addresses"],
])("[SAFE-1] [LIVE-1] the witness is flooded with %s: the owner dies, the other goes on", async (_what, flood) => {
  await using watch = HolderWatch.start(lab, ip);
  const owner = (await cluster.owner(service)) ?? "";
  const other = owner === "n1" ? "n2" : "n1";
  await using prober = await Prober.start(lab.client, { kind: "udp", ip, port: echoPort });
  await prober.waitForAnswer(owner, waitMs);
  const counter = `witness: ${flood}`;
  const before = (await witnessStatus()).network[counter] ?? 0;
  if (flood === "floods of strangers") await floodByStranger();
  else await floodOnPath();
  await waitUntil("the flood to be noticed", waitMs, async () => {
    return ((await witnessStatus()).network[counter] ?? 0) > before;
  });
  await lab.host(owner).powerOff();
  await prober.waitForAnswer(other, waitMs);
  if (!lab.host(owner).isOn) await lab.host(owner).powerOn();
  await settle();
  expect(await watch.stop()).toEqual([]);
});

/** Both end by themselves. */
const floodMs = 10_000;

async function floodByStranger(): Promise<void> {
  const payloads = Array.from({ length: 20 }, (_, index) => randomBytes(index * 50).toString("base64"));
  await lab.client.spawn(attackCommand({ targets: [lab.host("third").ip()], port, forMs: floodMs, payloads }));
}

async function floodOnPath(): Promise<void> {
  const [front] = lab.networks;
  const members = nodes.map((node) => lab.host(node).ip());
  const victim = lab.host("third").ip();
  const plan = { device: front?.name ?? "", members, victim, port, forMs: floodMs, isAltered: true };
  await lab.inSwitch(`(${onPathAttackCommand(plan)}) >${lab.folder}/attack 2>&1 &`);
}

async function witnessStatus(): Promise<WitnessStatus> {
  const text = await lab.host("third").run([halePrograms.hale, "witness", "status", "--json"]);
  return JSON.parse(text) as WitnessStatus;
}

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
