import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HaleCluster, haleConfig } from "../../lab/hale-cluster.ts";
import { Lab } from "../../lab/lab.ts";
import type { FenceReport } from "../../src/model/snapshot.ts";
import { AloneCluster } from "./alone.ts";
import { DebianMachines } from "./debian.ts";

// Goal: machines that are really reset, by a watchdog that is a device. A reset ends the emulator.

const waitMs = 200_000;
const run = promisify(execFile);
let machines: DebianMachines;

beforeAll(() => {
  machines = new DebianMachines();
});
afterAll(() => machines[Symbol.dispose]());

test("[FEN-13] a machine whose daemon stands still is reset by its watchdog, which it has fed until then", async ({
  annotate,
}) => {
  const timeoutMs = 24_000;
  await using machine = await machines.boot();
  await machine.run("modprobe i6300esb");
  // The emulated processor may be away for seconds: the watchdog has its time for that.
  const heartbeat = { keepalive: "1s", warntime: "3s", deadtime: "4s", initdead: "6s", "daemon-grace": "5s" };
  const fencing = { watchdog: { device: "/dev/watchdog", timeout: `${timeoutMs / 1_000}s` } };
  const services = { held: { resources: [{ delay: {} }] } };
  const cluster = await AloneCluster.found(machine, { heartbeat, fencing, services });
  await cluster.waitForStart("held");
  expect(await machine.run("cat /sys/class/watchdog/watchdog0/state /sys/class/watchdog/watchdog0/timeout")).toBe(
    `active\n${timeoutMs / 1_000}`,
  );
  // Its driver does not tell how much is left. Without food it would be over by then.
  await machine.run(`sleep ${(timeoutMs * 1.5) / 1_000}`);
  await machine.run("kill -STOP $(systemctl show --value --property=MainPID haled)");
  const stoppedAt = performance.now();
  await machine.ended(waitMs);
  const tookMs = performance.now() - stoppedAt;
  await annotate(`reset after ${Math.round(tookMs)} ms`);
  // It may have been fed just before it was stopped, and the emulator's clock is the host's.
  expect(tookMs).toBeLessThan(timeoutMs * 1.01 + 10_000);
});

describe("a machine that sbd watches", () => {
  let lab: Lab;
  let disk: string;

  beforeAll(async () => {
    lab = await Lab.create({ hosts: ["n1", "n2", "n3"] });
    // What runs as n1 is no host of the lab.
    await lab.host("n1").powerOff();
    const file = machines.disk("sbd.img", 2);
    disk = (await run("losetup", ["--find", "--show", "--direct-io=on", file])).stdout.trim();
    await run("sbd", ["-d", disk, "-1", "10", "-4", "20", "create"]);
    for (const name of ["n1", "n2", "n3"]) await run("sbd", ["-d", disk, "allocate", name]);
  });
  afterAll(async () => {
    await lab.close();
    await run("losetup", ["--detach", disk]);
  });

  test("[SAFE-2, FEN-22] is reset by the message of a cluster that does not know what it runs, and only then anything starts", async () => {
    await using machine = await machines.boot([disk]);
    const settings = (watchdog: string) => `SBD_PACEMAKER=no SBD_SYNC_RESOURCE_STARTUP=no SBD_WATCHDOG_DEV=${watchdog}`;
    await machine.run(`modprobe i6300esb; ${settings("/dev/watchdog")} sbd -n n1 -d /dev/vdc watch >/dev/null 2>&1`);
    await machine.until("its watcher", "cat /sys/class/watchdog/watchdog0/state", /^active/);
    for (const name of ["n2", "n3"])
      await lab.host(name).run(["sh", "-c", `${settings("/dev/null")} exec sbd -n ${name} -R -d ${disk} watch`]);
    const text = haleConfig(lab, {
      heartbeat: { keepalive: "200ms", deadtime: "3s", initdead: "6s" },
      fencing: { devices: { disks: { agent: "sbd", devices: disk, watchdog: "/dev/null", timeout: "60s" } } },
      services: { web: { resources: [{ address: { ip: `${lab.virtualIp()}/24` } }] } },
    }).replace(/^ {2}(n\d):$/gm, (line, node: string) => `${line}\n    fence: [{ device: disks, plug: ${node} }]`);
    expect(machine.isOff).toBe(false);
    const cluster = await HaleCluster.found(lab, { nodes: ["n2", "n3"], config: text });
    await cluster.waitForService("web", { seenBy: ["n2", "n3"], timeoutMs: waitMs });
    expect(machine.isOff).toBe(true);
    const told = JSON.parse(await cluster.must("n2", ["fence", "history", "--json"])) as { fences: FenceReport[] };
    expect(told.fences.find(({ target }) => target === "n1")).toMatchObject({
      result: "confirmed",
      devices: ["disks"],
    });
  });
});
