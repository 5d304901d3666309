import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HaleCluster, haleConfig } from "../../lab/hale-cluster.ts";
import { HolderWatch } from "../../lab/holder-watch.ts";
import { Lab } from "../../lab/lab.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import type { FenceReport, Snapshot } from "../../src/model/snapshot.ts";

// Goal: three nodes whose only fence device is a disk that all have. Debian's sbd watches it on each, and resets its host by reboot(2), which
// the kernel confines to the host. One story; only the watchdog is missing: a host of the lab has none.

const waitMs = 40_000;
const service = "web";
const run = promisify(execFile);

let lab: Lab;
let cluster: HaleCluster;
let ip: string;
let disk: string;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"] });
  ip = lab.virtualIp();
  const file = join(lab.shared, "sbd.img");
  await writeFile(file, new Uint8Array(2 << 20));
  disk = (await run("losetup", ["--find", "--show", "--direct-io=on", file])).stdout.trim();
  await run("sbd", ["-d", disk, "-1", "2", "-2", "0", "-4", "4", "create"]);
  for (const name of ["n1", "n2", "n3"]) await run("sbd", ["-d", disk, "allocate", name]);
  // Not on n1, at first.
  await Promise.all(["n2", "n3"].map(watch));
  const device = { agent: "sbd", devices: disk, watchdog: "/dev/null", timeout: "20s", monitor: { interval: "2s" } };
  const config = haleConfig(lab, {
    heartbeat: { keepalive: "100ms", deadtime: "800ms", initdead: "10s" },
    fencing: { devices: { disks: device } },
    services: {
      [service]: { domain: { nodes: ["n1", "n2", "n3"], ordered: true }, resources: [{ address: { ip: `${ip}/24` } }] },
    },
  });
  const steps = config.replace(
    /^ {2}(n\d):$/gm,
    (line, node: string) => `${line}\n    fence: [{ device: disks, plug: ${node} }]`,
  );
  cluster = await HaleCluster.found(lab, { config: steps });
  await cluster.waitForMembers();
});
afterAll(async () => {
  await lab.close();
  await run("losetup", ["--detach", disk]);
});

test("[FEN-21] a node whose disk nobody watches runs nothing, and is told why", async () => {
  await cluster.waitForService(service, { owner: "n2" });
  const told = /node n1 may run nothing before it is switched on by disks/;
  await waitUntil("the warning", waitMs, async () => has(await cluster.status("n2"), told));
  expect(await cluster.must("n2", ["events"])).toContain("the watcher of sbd does not run on this node");
  const check = await cluster.hale("n1", ["check"]);
  expect(check.stdout).toMatch(/✗ +fencing +device disks: sbd on n1: the watcher of sbd does not run on this node/);
  await waitForDevice(["n1"]);

  await watch("n1");
  await waitUntil("n1 to be guarded", waitMs, async () => {
    const status = await cluster.status("n2");
    return status !== undefined && !has(status, told);
  });
  await waitForDevice([]);
  expect((await cluster.hale("n1", ["check"])).stdout).toMatch(/✓ +fencing +device disks: sbd guards this node/);
  await cluster.must("n3", ["service", "relocate", service, "--to", "n1"]);
  await cluster.waitForService(service, { owner: "n1" });
});

test("[SAFE-1, FEN-22] a node that is cut off reads its message and resets itself; its service starts elsewhere only after msgwait", async () => {
  await using holders = HolderWatch.start(lab, ip);
  const before = lab.host("n1").powerOns;
  await lab.cut([["n1"], ["n2", "n3"]]);
  await waitUntil("n1 to be reset by sbd", waitMs, () => lab.host("n1").powerOns > before);
  await cluster.waitForService(service, { owner: "n2", seenBy: ["n2", "n3"], timeoutMs: waitMs });
  expect(await fenceOf("n1", "n2")).toMatchObject({ result: "confirmed", devices: ["disks"] });
  await lab.heal();
  await cluster.waitForMembers();
  await cluster.waitForService(service);
  expect(await holders.stop()).toEqual([]);
});

test("[LIVE-1, FEN-22] a node that is off reads nothing: msgwait alone makes it known to be off", async () => {
  await cluster.must("n3", ["service", "relocate", service, "--to", "n2"]);
  await cluster.waitForService(service, { owner: "n2" });
  await lab.host("n2").powerOff();
  await cluster.waitForService(service, { owner: "n1", seenBy: ["n1", "n3"], timeoutMs: waitMs });
  const fence = await fenceOf("n2", "n3");
  expect(fence).toMatchObject({ result: "confirmed", devices: ["disks"] });
  expect((fence?.endedAt ?? 0) - (fence?.startedAt ?? 0)).toBeGreaterThanOrEqual(4_000);
  // Its message waits for it on the disk; its watcher takes it away when it starts, and only then may anything run there.
  await lab.host("n2").powerOn();
  await cluster.waitForMembers();
  await waitUntil("n2 to be guarded again", waitMs, async () => !has(await cluster.status("n1"), /n2 may run nothing/));
  await cluster.must("n3", ["service", "relocate", service, "--to", "n2"]);
  await cluster.waitForService(service, { owner: "n2" });
});

test("[FEN-16, FEN-21] a watcher that is stopped in order on a living node is told of until it runs again, and nothing moves", async () => {
  const starts = (await cluster.must("n1", ["events"])).split("-> starting").length;
  await lab.host("n3").run(["sh", "-c", "kill -TERM $(pgrep -o -x sbd)"]);
  await waitForDevice(["n3"]);
  for (const node of cluster.nodes)
    expect(has(await cluster.status(node), /fence device disks .*n3.*the watcher of sbd does not run/), node).toBe(
      true,
    );
  expect((await cluster.hale("n3", ["check"])).stdout).toMatch(/✗ +fencing +device disks: sbd on n3: the watcher/);
  await startWatcher("n3");
  await waitForDevice([]);
  expect(lab.host("n3").powerOns).toBe(1);
  expect((await cluster.must("n1", ["events"])).split("-> starting").length).toBe(starts);
});

/** Runs sbd on the host, now and at each boot: the messages of a disk, without Pacemaker and without a watchdog. */
async function watch(name: string): Promise<void> {
  const host = lab.host(name);
  host.boot = [watcherOf(name), ...host.boot];
  await startWatcher(name);
}

function watcherOf(name: string): readonly string[] {
  const settings = ["SBD_PACEMAKER=no", "SBD_SYNC_RESOURCE_STARTUP=no", "SBD_WATCHDOG_DEV=/dev/null"];
  return ["env", ...settings, "sbd", "-n", name, "-R", "-d", disk, "watch"];
}

async function startWatcher(name: string): Promise<void> {
  const { code, stdout, stderr } = await lab.host(name).exec(watcherOf(name));
  if (code !== 0) throw new Error(`Cannot run sbd on ${name}: ${stdout}${stderr}`);
}

/** Until all agree that the device does not work for exactly these nodes. */
async function waitForDevice(broken: readonly string[]): Promise<void> {
  await waitUntil(`the disk to be broken for ${broken.join(" ") || "nobody"}`, waitMs, async () => {
    const told = await Promise.all(cluster.nodes.map(async (node) => (await cluster.status(node))?.devices[0]));
    return told.every((device) => device?.broken.map(({ node }) => node).join(" ") === broken.join(" "));
  });
}

function has(status: Snapshot | undefined, warning: RegExp): boolean {
  return status?.warnings.some((text) => warning.test(text)) === true;
}

/** The only one of that node. */
async function fenceOf(target: string, seenBy: string): Promise<FenceReport | undefined> {
  const told = await cluster.must(seenBy, ["fence", "history", target, "--json"]);
  const { fences } = JSON.parse(told) as { fences: readonly FenceReport[] };
  expect(fences).toHaveLength(1);
  return fences[0];
}
