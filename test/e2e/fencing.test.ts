import { afterAll, beforeAll, expect, test } from "vitest";
import { HaleCluster, haleConfig, halePrograms } from "../../lab/hale-cluster.ts";
import { Lab } from "../../lab/lab.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import type { TestedStep } from "../../src/cli/fence-test.ts";
import type { FenceReport, Snapshot } from "../../src/model/snapshot.ts";

// What operators learn of their fence devices before and after they need them. One story, on real hosts, with a real agent.

let lab: Lab;
let cluster: HaleCluster;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"], programs: halePrograms });
  const config = haleConfig(lab, {
    heartbeat: { keepalive: "100ms", deadtime: "800ms", initdead: "10s" },
    services: {
      web: {
        domain: { nodes: ["n1", "n2", "n3"], ordered: true },
        resources: [{ ocf: { agent: "heartbeat:Dummy" } }],
      },
    },
  });
  const watched = config.replace(/( +)agent: fence_lab\n/, "$&$1monitor: { interval: 2s, timeout: 5s }\n");
  cluster = await HaleCluster.found(lab, { config: watched });
  await cluster.waitForMembers();
  await cluster.waitForService("web", { owner: "n1" });
});
afterAll(async () => lab.close());

/** Until every node tells so of the device. */
async function waitForDevice(what: string, isSo: (device: Snapshot["devices"][number]) => boolean): Promise<void> {
  await waitUntil(what, 30_000, async () => {
    const told = await Promise.all(cluster.nodes.map(async (node) => cluster.status(node)));
    return told.every((snapshot) => snapshot?.devices.length === 1 && snapshot.devices.every(isSo));
  });
}

test("[FEN-16] a device that breaks is seen on every node before it is needed, and so is its repair", async () => {
  await waitForDevice(
    "the device to be looked at",
    ({ last, broken }) => last?.isWorking === true && broken.length === 0,
  );
  lab.fenceDevice.works = false;
  await waitForDevice("the device to be broken for all", ({ broken }) => broken.length === 3);
  const status = await cluster.must("n2", ["status"]);
  expect(status).toMatch(/fencing +power does not work\n/);
  expect(status).toMatch(/! fence device power does not work for n1, n2, n3: fence_lab monitor: .*out of order/);
  const events = await cluster.must("n3", ["events"]);
  for (const node of cluster.nodes)
    expect(events).toMatch(new RegExp(`${node} +warning: fence device power does not work: fence_lab monitor`));

  const tested = await cluster.hale("n1", ["fence", "test", "n2"]);
  expect(tested.code).toBe(1);
  expect(tested.stdout).toMatch(/✗ n2 +power +n2 .*out of order/);

  lab.fenceDevice.works = true;
  await waitForDevice("the device to work again for all", ({ broken }) => broken.length === 0);
  expect(await cluster.must("n1", ["events"])).toMatch(/n2 +fence device power works again/);
});

test("a test asks each device for each node, and switches nothing", async () => {
  const orders = lab.fenceDevice.orders.length;
  const document = JSON.parse(await cluster.must("n3", ["fence", "test", "--json"])) as { steps: TestedStep[] };
  expect(document).toMatchObject({ ok: true });
  expect(document.steps.map(({ node, device, plug, power }) => ({ node, device, plug, power }))).toEqual(
    cluster.nodes.map((node) => ({ node, device: "power", plug: node, power: "on" })),
  );
  expect(lab.fenceDevice.orders).toHaveLength(orders);
});

test("[FEN-15, FEN-17] a fence happens beside all questions, and is told afterwards, also by a new daemon", async () => {
  expect(await cluster.must("n2", ["fence", "history"])).toBe("no node was fenced\n");
  await lab.host("n1").powerOff();
  await cluster.waitForService("web", { owner: "n2" });
  const fences = await history("n3");
  expect(fences).toMatchObject([
    { target: "n1", result: "confirmed", means: "devices", devices: ["power"], why: "it is lost and may run web" },
  ]);
  expect(fences[0]?.endedAt).toBeGreaterThanOrEqual(fences[0]?.startedAt ?? Number.POSITIVE_INFINITY);
  await cluster.waitForMembers();
  await cluster.stopDaemon("n3");
  await cluster.startDaemon("n3");
  await cluster.waitForMembers();
  expect(await history("n3")).toEqual(fences);
  expect(await cluster.must("n3", ["fence", "history", "n1"])).toMatch(/n1 +confirmed .*confirmed off by power\n/);
});

test("a configuration is held against what the agent says of itself", async () => {
  const right = await cluster.must("n1", ["config", "check"]);
  expect(right).not.toContain("not checked");
  const config = await lab.host("n1").exec(["cat", "/etc/hale/cluster.yaml"]);
  await lab
    .host("n1")
    .writeFile(
      "/tmp/wrong.yaml",
      config.stdout.replace("agent: fence_lab", "agent: fence_lab\n      power_timout: 3"),
      0o600,
    );
  const wrong = await cluster.hale("n1", ["config", "check", "/tmp/wrong.yaml"]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(
    /fencing\.devices\.power\.power_timout: found key "power_timout".*did you mean "power_timeout"\?/,
  );
  expect(await cluster.must("n1", ["fence", "show", "fence_lab"])).toMatch(/required +plug/);
});

async function history(node: string): Promise<readonly FenceReport[]> {
  return (JSON.parse(await cluster.must(node, ["fence", "history", "--json"])) as { fences: FenceReport[] }).fences;
}
