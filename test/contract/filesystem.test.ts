import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFilesystemAgent } from "../../src/adapters/filesystem/filesystem-agent.ts";
import { mountsBelow, readMounts } from "../../src/adapters/filesystem/mount-table.ts";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
import type { FilesystemResource, ResourceConfig } from "../../src/model/cluster-config.ts";
import { parseServiceId, resourceId } from "../../src/model/ids.ts";
import type { OperationAction, OperationOutcome } from "../../src/model/operation.ts";
import { durationMs, instantMs } from "../../src/model/units.ts";
import { ownFolder } from "./own-folder.ts";
import { operation, resourceAgentContract } from "./resource-agent.contract.ts";

// File systems for real: ext4 on loop devices. Programs are started by threads, so a mount namespace of the test's own would not hold them: what is
// mounted below the test's folder is unmounted at its end.

const folder = ownFolder("filesystem");
const runner = new ProgramRunner({ outputFolder: join(folder, "output") });
const never = new AbortController().signal;
const canLoop = process.getuid?.() === 0 && existsSync("/dev/loop-control") && existsSync("/usr/sbin/mkfs.ext4");

function run(program: string, ...argv: readonly string[]): string {
  return execFileSync(program, argv, { encoding: "utf8" });
}

function mountedAt(directory: string): boolean {
  return readFileSync("/proc/self/mountinfo", "utf8").includes(` ${directory} `);
}

function filesystem(device: string, directory: string, more: Partial<FilesystemResource> = {}): FilesystemResource {
  const span = durationMs(5000);
  const name = directory.slice(1).replaceAll("/", "-");
  return {
    kind: "filesystem",
    id: resourceId(parseServiceId("web"), name),
    name,
    device,
    directory,
    fsck: "auto",
    startTimeoutMs: span,
    stopTimeoutMs: span,
    monitorTimeoutMs: span,
    monitorIntervalMs: span,
    ...more,
  };
}

describe.skipIf(!canLoop)("filesystem", () => {
  let device = "";
  let second = "";
  const agent = createFilesystemAgent({ runner, clock: { now: () => instantMs(0) } });
  const directory = join(folder, "made/when missing");

  beforeAll(() => {
    device = makeDisk("one", "hale-one");
    second = makeDisk("two", "hale-two");
  });

  afterAll(() => {
    for (const mount of mountsBelow(readMounts(), folder)) run("umount", mount.directory);
    for (const one of [device, second]) if (one !== "") run("losetup", "--detach", one);
    runner.close();
  });

  function makeDisk(name: string, label: string): string {
    const image = join(folder, name);
    run("truncate", "--size=16M", image);
    run("mkfs.ext4", "-q", "-F", "-L", label, image);
    return run("losetup", "--find", "--show", image).trim();
  }

  async function operate(
    action: OperationAction,
    resource: FilesystemResource,
    timeoutMs = 5000,
  ): Promise<OperationOutcome> {
    return agent.run(operation(resource, action, { timeoutMs: durationMs(timeoutMs) }), never);
  }

  resourceAgentContract("filesystem", () => {
    let now = instantMs(0);
    const resource = filesystem(device, directory);
    const foreign: ResourceConfig = { ...resource, kind: "lsb", script: "/bin/true" };
    return {
      agent: createFilesystemAgent({ runner, clock: { now: () => now } }),
      resource,
      foreign,
      setNow: (instant) => {
        now = instant;
      },
      isRunning: () => mountedAt(directory.replaceAll(" ", "\\040")),
      kill: () => void run("umount", directory),
      failing: (action) => (action === "start" ? filesystem("/dev/hale-nowhere", directory) : undefined),
      close: () => undefined,
    };
  });

  test.each(["LABEL=hale-one", "UUID"])("[FS-1] a device is found by %s", async (written) => {
    const tag = written === "UUID" ? `UUID=${run("blkid", "-o", "value", "-s", "UUID", device).trim()}` : written;
    const resource = filesystem(tag, join(folder, "by-tag"), { options: "noatime" });
    expect(await operate("start", resource)).toMatchObject({ status: "ok" });
    expect(run("findmnt", "-n", "-o", "SOURCE,OPTIONS", resource.directory)).toMatch(/^\/dev\/loop\d+ rw,noatime/);
    expect(await operate("monitor", resource)).toMatchObject({ status: "ok" });
    // A new daemon has not found it yet.
    const next = createFilesystemAgent({ runner, clock: { now: () => instantMs(0) } });
    expect(await next.run(operation(resource, "monitor"), never)).toMatchObject({ status: "ok" });
    expect(await operate("stop", resource)).toMatchObject({ status: "ok", reason: "unmounted" });
    expect((await operate("start", filesystem("LABEL=hale-none", "/nowhere"))).reason).toMatch(
      /^Cannot mount LABEL=hale-none at \/nowhere: there is no such block device here/,
    );
  });

  test("[FS-2] a device that is mounted elsewhere on this machine is not mounted again", async () => {
    const other = join(folder, "other");
    mkdirSync(other);
    run("mount", device, other);
    const resource = filesystem(device, join(folder, "twice"));
    expect(await operate("start", resource)).toMatchObject({
      status: "failed",
      reason: `Cannot mount ${device} at ${resource.directory}: it is mounted at ${other} already: umount ${other}`,
    });
    expect(await operate("monitor", resource)).toMatchObject({ status: "not-running" });
    expect(await operate("stop", resource)).toMatchObject({ status: "ok" });
    expect(mountedAt(other)).toBe(true);
    // And another device at the place is neither ours, nor covered.
    const covered = filesystem(second, other);
    expect(await operate("monitor", covered)).toMatchObject({ status: "not-running" });
    expect((await operate("start", covered)).reason).toContain(`${device} is mounted there already`);
    run("umount", other);
  });

  test("[FS-3] who keeps it busy is named, asked to end, then ended", async () => {
    const resource = filesystem(device, join(folder, "busy"));
    await operate("start", resource);
    const polite = spawn("sleep", ["600"], { cwd: resource.directory });
    const stubborn = spawn("sh", [
      "-c",
      `trap '' TERM; exec 3> ${resource.directory}/open; while :; do sleep 600; done`,
    ]);
    while (!existsSync(join(resource.directory, "open"))) await sleep(10);
    const ends = [polite, stubborn].map(
      (child) => new Promise((resolve) => child.once("exit", (_code, signal) => resolve(signal))),
    );
    const outcome = await operate("stop", resource, 4000);
    expect(outcome).toMatchObject({ status: "ok", reason: "unmounted" });
    expect(outcome.output).toMatch(new RegExp(`SIGTERM to who uses .*sleep \\(${polite.pid}\\)`));
    expect(outcome.output).toMatch(new RegExp(`SIGKILL to who uses .*sh \\(${stubborn.pid}\\)`));
    expect(await Promise.all(ends)).toEqual(["SIGTERM", "SIGKILL"]);
  });

  test("[FS-3] what is mounted below goes first", async () => {
    const resource = filesystem(device, join(folder, "below"));
    await operate("start", resource);
    mkdirSync(join(resource.directory, "sub"));
    run("mount", "-t", "tmpfs", "tmpfs", join(resource.directory, "sub"));
    expect(await operate("stop", resource)).toMatchObject({ status: "ok" });
    expect(mountedAt(resource.directory)).toBe(false);
  });

  test("[FS-3] a mount that no process keeps busy is a failure that says what may", async () => {
    const resource = filesystem(device, join(folder, "kernel"));
    await operate("start", resource);
    writeFileSync(join(resource.directory, "image"), Buffer.alloc(1 << 20));
    const inner = run("losetup", "--find", "--show", join(resource.directory, "image")).trim();
    const outcome = await operate("stop", resource, 900);
    run("losetup", "--detach", inner);
    expect(outcome.reason).toMatch(/busy, and no process of this machine uses it: an NFS export, a loop device/);
    expect(await operate("stop", resource)).toMatchObject({ status: "ok" });
  });

  test("[FS-4] a file system with errors is repaired unasked as far as that is safe, and not mounted otherwise", async () => {
    const resource = filesystem(device, join(folder, "damaged"));
    // Of a directory block that is gone, fsck -a leaves the decision to people.
    await operate("start", resource);
    for (const name of ["a", "b", "c"]) writeFileSync(join(resource.directory, name), name);
    await operate("stop", resource);
    run("debugfs", "-w", "-R", "clri <2>", device);
    expect((await operate("start", { ...resource, fsck: "force" })).reason).toMatch(
      /it has errors that are not repaired unasked: fsck \/dev\/loop\d+, by hand/,
    );
    expect(mountedAt(resource.directory)).toBe(false);
    run("mkfs.ext4", "-q", "-F", "-L", "hale-one", device);
    expect(await operate("start", { ...resource, fsck: "force" })).toMatchObject({ status: "ok" });
    await operate("stop", resource);
  });

  test("[FS-5] a monitor reads: a disk that fails and a mount that became read-only are found", async () => {
    const resource = filesystem(second, join(folder, "monitored"));
    await operate("start", resource);
    run("mount", "-o", "remount,ro", resource.directory);
    run("mount", "-o", "remount,bind,rw", resource.directory);
    expect((await operate("monitor", resource)).reason).toMatch(/the kernel has set it read-only after an error/);
    run("mount", "-o", "remount,rw", resource.directory);
    expect(await operate("monitor", resource)).toMatchObject({ status: "ok" });
    await operate("stop", resource);
  });

  test("[FS-5] a device that hangs holds up its own operation, and no longer than its time-out", async () => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "stat"), "#!/bin/sh\ntrap '' TERM\nsleep 60\nsleep 60\n", { mode: 0o755 });
    const stuck = new ProgramRunner({ outputFolder: join(folder, "stuck"), path: `${bin}:/usr/sbin:/usr/bin` });
    const hanging = createFilesystemAgent({ runner: stuck, clock: { now: () => instantMs(0) } });
    const resource = filesystem(device, join(folder, "hanging"));
    await operate("start", resource);
    const outcome = await hanging.run(operation(resource, "monitor", { timeoutMs: durationMs(200) }), never);
    stuck.close();
    expect(outcome).toMatchObject({ status: "timed-out" });
    expect(outcome.reason).toMatch(/^not done after 200 ms: stat -f .* ended by SIGKILL$/);
    expect(await operate("stop", resource)).toMatchObject({ status: "ok" });
  });

  test("[FS-1] binds a folder, and mounts what has no device", async () => {
    const source = join(folder, "source");
    mkdirSync(source);
    writeFileSync(join(source, "here"), "");
    const bind = filesystem(source, join(folder, "bound"), { options: "bind" });
    expect(await operate("start", bind)).toMatchObject({ status: "ok" });
    expect(existsSync(join(bind.directory, "here"))).toBe(true);
    expect(await operate("monitor", bind)).toMatchObject({ status: "ok" });
    expect(await operate("stop", bind)).toMatchObject({ status: "ok" });
    const memory = filesystem("tmpfs", join(folder, "memory"), { fstype: "tmpfs", options: "size=1m" });
    expect(await operate("start", memory)).toMatchObject({ status: "ok" });
    expect(await operate("start", memory)).toMatchObject({
      status: "ok",
      reason: expect.stringContaining("already") as string,
    });
    expect(await operate("monitor", memory)).toMatchObject({ status: "ok" });
    expect(await operate("stop", memory)).toMatchObject({ status: "ok" });
  });

  test("a type that the kernel does not know speaks against the node", async () => {
    const resource = filesystem(device, join(folder, "strange"), { fstype: "halefs" });
    expect(await operate("start", resource)).toMatchObject({ status: "failed", severity: "hard" });
    rmSync(resource.directory, { recursive: true });
  });
});
