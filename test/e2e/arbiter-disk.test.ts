import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { HaleCluster } from "../../lab/hale-cluster.ts";
import { Lab } from "../../lab/lab.ts";
import { Prober } from "../../lab/prober.ts";
import { echoCommand, startEcho } from "../../lab/echo.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { HolderWatch } from "../../lab/holder-watch.ts";

// Goal: two nodes and a block device that both have. Whatever is lost between them, at most one runs the service; and a node that runs
// and is not reached is told apart from one that is off.

const waitMs = 30_000;
const nodes = ["n1", "n2"] as const;
const service = "web";
const echoPort = 7;
const run = promisify(execFile);

let lab: Lab;
let cluster: HaleCluster;
let ip: string;
let device: string;
/** A file system that holds the device's bytes: whoever freezes it lets every write to the device hang. */
let under: { readonly device: string; readonly folder: string };

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2"] });
  ip = lab.virtualIp();
  const folder = await mkdtemp(join(tmpdir(), "hale-arbiter-"));
  under = { device: await attach(join(lab.shared, "under.img"), 16 << 20), folder };
  await run("mkfs.ext4", ["-q", under.device]);
  await run("mount", [under.device, under.folder]);
  device = await attach(join(under.folder, "arbiter.img"), 1 << 20);
  for (const host of [lab.host("n1"), lab.host("n2")]) {
    host.boot = [echoCommand(echoPort, [ip])];
    await startEcho(host, echoPort, [ip]);
  }
  cluster = await HaleCluster.found(lab, {
    nodes: ["n1", "n2"],
    config: {
      heartbeat: { keepalive: "100ms", deadtime: "500ms", initdead: "5s", "daemon-grace": "6s" },
      quorum: { arbiter: { disk: device } },
      services: { [service]: { resources: [{ address: { ip: `${ip}/24` } }] } },
    },
  });
  await cluster.waitForMembers();
  await makeDisk([]);
  await settle();
});
afterAll(async () => {
  await lab.close();
  await run("losetup", ["--detach", device]);
  await run("umount", [under.folder]);
  await run("losetup", ["--detach", under.device]);
  await rm(under.folder, { recursive: true });
});
beforeEach(async () => {
  lab.fenceDevice.works = true;
  await lab.heal();
  await settle();
});

test("[SAFE-1, LIVE-1] the cable between the nodes is cut: exactly one goes on, the other is fenced, both come back", async () => {
  await using watch = HolderWatch.start(lab, ip);
  await using prober = await Prober.start(lab.client, { kind: "udp", ip, port: echoPort });
  await lab.cut([["n1"], ["n2"]]);
  const survivor = await cluster.waitForLone();
  await cluster.waitForService(service, { owner: survivor, seenBy: [survivor] });
  await prober.waitForAnswer(survivor, waitMs);
  const other = otherOf(survivor);
  await cluster.waitUntilHelpless(other);
  await lab.heal();
  await settle();
  expect(await watch.stop()).toEqual([]);
});

test("[LIVE-1] the owner dies silently: the other goes on", async () => {
  await using watch = HolderWatch.start(lab, ip);
  const owner = (await cluster.owner(service)) ?? "";
  await using prober = await Prober.start(lab.client, { kind: "udp", ip, port: echoPort });
  await prober.waitForAnswer(owner, waitMs);
  await lab.host(owner).powerOff();
  await prober.waitForAnswer(otherOf(owner), waitMs);
  if (!lab.host(owner).isOn) await lab.host(owner).powerOn();
  await settle();
  expect(await watch.stop()).toEqual([]);
});

test("[GRP-95] [SAFE-2] who cannot be fenced and writes to the disk runs: told so, and nobody may say that it is off", async () => {
  await using watch = HolderWatch.start(lab, ip);
  lab.fenceDevice.works = false;
  await lab.cut([["n1"], ["n2"]]);
  const survivor = await cluster.waitForLone();
  const other = otherOf(survivor);
  const warning = `${other} is heard on no link, but writes to ${device}: it runs, and is not reached`;
  await waitUntil("the warning", waitMs, async () => (await cluster.status(survivor))?.warnings.includes(warning));
  const refused = await cluster.hale(survivor, ["node", "confirm-off", other, "--yes"]);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain(`Cannot confirm that node "${other}" is off: it writes to the arbiter disk`);
  await lab.host(other).powerOff();
  await waitUntil(
    "the disk to fall silent",
    waitMs,
    async () => !(await cluster.status(survivor))?.warnings.includes(warning),
  );
  expect(await cluster.hale(survivor, ["node", "confirm-off", other, "--yes"])).toMatchObject({ code: 0 });
  await cluster.waitForService(service, { owner: survivor, seenBy: [survivor] });
  await lab.heal();
  if (!lab.host(other).isOn) await lab.host(other).powerOn();
  await settle();
  expect(await watch.stop()).toEqual([]);
});

test("[GRP-88] [GRP-91] the disk is wiped, then made anew: nothing happens but a warning, and it gets its vote again", async () => {
  const before = await cluster.status("n1");
  await run("dd", ["if=/dev/zero", `of=${device}`, "bs=1M", "count=1", "conv=fsync"]);
  await waitUntil("the warning", waitMs, async () => (await cluster.status("n1"))?.group.witness?.isHeard === false);
  expect((await cluster.status("n1"))?.group).toMatchObject({ isQuorate: true, view: before?.group.view });
  expect((await cluster.hale("n1", ["events"])).stdout).toContain("arbiter disk: it is empty, no arbiter disk");
  await makeDisk([]);
  await cluster.waitForArbiter();
  expect((await cluster.hale("n2", ["arbiter-disk", "init", device])).stderr).toContain("--force overwrites it");
  // It has made its slot its own, and claimed nothing.
  expect((await cluster.hale("n2", ["arbiter-disk", "show", device])).stdout).toMatch(/n1 +- +- +1 +\d+\n/);
});

test("[GRP-94] [LIVE-2] the disk stands still: the daemons go on as if there were none, and use it again", async () => {
  await using watch = HolderWatch.start(lab, ip);
  const before = await cluster.status("n1");
  await run("fsfreeze", ["--freeze", under.folder]);
  try {
    for (const node of nodes) {
      const status = await waitUntil("the disk to be missed", waitMs, async () => {
        const now = await cluster.status(node);
        return now?.group.witness?.isHeard === false ? now : undefined;
      });
      expect(status.group).toMatchObject({ isQuorate: true, view: before?.group.view });
      expect(status.warnings).toContain("the arbiter disk is not heard: the next node that is lost stops the other");
    }
    // What needs the journal and the group goes on beside the write that hangs.
    const frozen = await cluster.hale("n2", ["service", "restart", service]);
    expect(frozen).toMatchObject({ code: 0 });
  } finally {
    await run("fsfreeze", ["--unfreeze", under.folder]);
  }
  await cluster.waitForArbiter();
  expect((await cluster.status("n1"))?.group.view).toBe(before?.group.view);
  expect(await watch.stop()).toEqual([]);
});

/** A loop device with so many bytes of zeros in that file. */
async function attach(file: string, bytes: number): Promise<string> {
  await writeFile(file, new Uint8Array(bytes));
  const { stdout } = await run("losetup", ["--find", "--show", "--direct-io=on", file]);
  return stdout.trim();
}

async function makeDisk(more: readonly string[]): Promise<void> {
  const { code, stderr } = await cluster.hale("n1", ["arbiter-disk", "init", device, ...more]);
  if (code !== 0) throw new Error(`Cannot make the disk: ${stderr}`);
}

/** Whole, with a service and a disk that votes. */
async function settle(): Promise<void> {
  await cluster.settle(service);
  await cluster.waitForArbiter();
}

function otherOf(node: string): string {
  return node === "n1" ? "n2" : "n1";
}
