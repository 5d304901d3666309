import { execFile } from "node:child_process";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileArbiterDisk } from "../../src/adapters/arbiter-disk/file-arbiter-disk.ts";
import { lookAtDisk } from "../../src/adapters/arbiter-disk/look-at-disk.ts";
import type { NodeId } from "../../src/model/ids.ts";
import type { ArbiterDisk } from "../../src/ports/arbiter-disk.ts";
import { FakeNetwork } from "../../src/sim/fake-network.ts";
import { Random } from "../../src/sim/random.ts";
import { SimArbiterDisk } from "../../src/sim/sim-arbiter-disk.ts";
import { SimProcess } from "../../src/sim/sim-process.ts";
import { VirtualTime } from "../../src/sim/virtual-time.ts";
import { arbiterDiskContract, type DiskBench } from "./arbiter-disk.contract.ts";

// Goal: a file, a block device and the simulated disk keep the promises that the daemon's rules for a shared disk stand on.

const run = promisify(execFile);
const sizeBytes = 64 * 1024;
let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "hale-arbiter-disk-"));
});
afterAll(async () => rm(folder, { recursive: true, force: true }));

async function newFile(): Promise<string> {
  const path = join(folder, `disk-${(count += 1)}`);
  await writeFile(path, new Uint8Array(sizeBytes));
  return path;
}

async function fileBench(): Promise<DiskBench> {
  const path = await newFile();
  const opened: ArbiterDisk[] = [];
  return {
    sizeBytes,
    open: () => {
      const disk = new FileArbiterDisk(path, () => undefined);
      opened.push(disk);
      return disk;
    },
    take: () => rename(path, `${path}.gone`),
    replace: () => writeFile(path, new Uint8Array(sizeBytes)),
    close: async () => {
      for (const disk of opened) await disk.close();
    },
  };
}

/** A loop device at a path of its own, so that another one can come in its place. */
async function deviceBench(): Promise<DiskBench> {
  const devices: string[] = [];
  const link = join(folder, `link-${(count += 1)}`);
  const attach = async (): Promise<void> => {
    const { stdout } = await run("losetup", ["--find", "--show", "--direct-io=on", await newFile()]);
    devices.push(stdout.trim());
    await run("ln", ["-sfn", stdout.trim(), link]);
  };
  await attach();
  const opened: ArbiterDisk[] = [];
  return {
    sizeBytes,
    open: () => {
      const disk = new FileArbiterDisk(link, () => undefined);
      opened.push(disk);
      return disk;
    },
    take: () => rm(link),
    replace: attach,
    close: async () => {
      for (const disk of opened) await disk.close();
      for (const device of devices) await run("losetup", ["--detach", device]);
    },
  };
}

function simBench(): Promise<DiskBench> {
  const time = new VirtualTime();
  const random = new Random(1);
  const nodes = ["a", "b"] as unknown as readonly NodeId[];
  const network = new FakeNetwork(time, random, 1);
  const disk = new SimArbiterDisk({ network, time, random, cluster: "c", nodes });
  disk.lose();
  const process = new SimProcess(time, (error) => {
    throw error;
  });
  let opened = 0;
  const settled = <T>(promise: Promise<T>): Promise<T> => {
    queueMicrotask(() => time.runUntil(time.now + 10));
    return promise;
  };
  return Promise.resolve({
    sizeBytes: 40 * 1024,
    open: () => {
      const way = disk.forProcess(nodes[(opened += 1) % 2] ?? ("a" as NodeId), process);
      return {
        read: (length) => settled(way.read(length)),
        write: (place, bytes) => settled(way.write(place, bytes)),
        close: () => way.close(),
      };
    },
    take: () => Promise.resolve(nodes.forEach((node) => disk.failing.add(node))),
    replace: () => {
      disk.mend();
      disk.lose();
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
}

const isRoot = process.getuid?.() === 0;

arbiterDiskContract("simulated", simBench);
arbiterDiskContract("a file", fileBench);
if (isRoot) arbiterDiskContract("a loop device", deviceBench);

describe("a file or a device", () => {
  test("a folder is none", async () => {
    const disk = new FileArbiterDisk(folder, () => undefined);
    await expect(disk.read(4096)).rejects.toThrow("it is neither a block device nor a file");
  });

  test("whose path leads to another one now is left for that one", async () => {
    const path = await newFile();
    const disk = new FileArbiterDisk(path, () => undefined);
    await disk.read(4096);
    await rename(path, `${path}.old`);
    await writeFile(path, new Uint8Array(sizeBytes).fill(5));
    expect((await disk.read(4096))[0]).toBe(5);
    await disk.close();
  });

  test.each([
    ["empty", null, null],
    ["used at its beginning", 1024, 1024],
    ["used at its end", sizeBytes - 1, sizeBytes - 1],
  ])("%s", async (_, place, usedAt) => {
    const path = await newFile();
    const bytes = new Uint8Array(sizeBytes);
    if (place !== null) bytes[place] = 1;
    await writeFile(path, bytes);
    expect(await lookAtDisk(path)).toEqual({ isDevice: false, sizeBytes, usedAt });
  });

  test.runIf(isRoot)("a loop device has a size, and one that is mounted is in use", async () => {
    const path = await newFile();
    await writeFile(path, new Uint8Array(2 << 20));
    const { stdout } = await run("losetup", ["--find", "--show", path]);
    const device = stdout.trim();
    try {
      expect(await lookAtDisk(device)).toEqual({ isDevice: true, sizeBytes: 2 << 20, usedAt: null });
      await run("mkfs.ext4", ["-q", device]);
      expect((await lookAtDisk(device)).usedAt).not.toBeNull();
      const point = await mkdtemp(join(folder, "mount-"));
      await run("mount", [device, point]);
      try {
        await expect(lookAtDisk(device)).rejects.toThrow("EBUSY");
      } finally {
        await run("umount", [point]);
      }
    } finally {
      await run("losetup", ["--detach", device]);
    }
  });
});
