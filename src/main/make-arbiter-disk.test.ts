import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { NodeId } from "../model/ids.ts";
import { foldersOf, type Folders } from "./folders.ts";
import { arbiterDiskProblem, makeArbiterDisk, readArbiterDisk } from "./make-arbiter-disk.ts";

// Goal: a disk is made for this cluster, and nothing of somebody else's is lost by it.

let folder: string;
let folders: Folders;
const config = `cluster: office
nodes:
  serv1: { addresses: [192.168.1.11] }
  serv2: { addresses: [192.168.1.12] }
quorum: { arbiter: { disk: /dev/disk/by-id/scsi-1 } }
fencing: none
`;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hale-make-disk-"));
  folders = foldersOf({ HALE_ETC: folder, HALE_STATE: folder, HALE_RUN: folder });
  await writeFile(join(folder, "cluster.yaml"), config);
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

test("a file that is not there is made, and is an arbiter disk then", async () => {
  const path = join(folder, "disk");
  const header = await makeArbiterDisk(folders, { path, isForced: false });
  expect(header).toMatchObject({ cluster: "office", nodes: ["serv1", "serv2"] });
  const { slots, ...content } = await readArbiterDisk(path);
  expect(content).toEqual({ header });
  expect(slots).toMatchObject([
    { votes: [{ node: "serv1", sequence: 0 }, { node: "serv1" }], beat: { count: 0 } },
    { votes: [{ node: "serv2", sequence: 0 }, { node: "serv2" }], beat: { count: 0 } },
  ]);
});

test("a disk in use gets another name when it is forced, and none when it is not", async () => {
  const path = join(folder, "disk");
  const first = await makeArbiterDisk(folders, { path, isForced: false });
  await expect(makeArbiterDisk(folders, { path, isForced: false })).rejects.toMatchObject({
    code: "DISK_UNUSABLE",
    message: `Cannot make "${path}" an arbiter disk: it is the arbiter disk of cluster "office" (serv1, serv2); --force overwrites it`,
  });
  expect((await readArbiterDisk(path)).header).toEqual(first);
  const second = await makeArbiterDisk(folders, { path, isForced: true });
  expect(second.disk).not.toBe(first.disk);
});

test("somebody else's data stays as it is", async () => {
  const path = join(folder, "disk");
  const data = new Uint8Array(2 << 20);
  data[1080] = 0x53;
  await writeFile(path, data);
  await expect(makeArbiterDisk(folders, { path, isForced: false })).rejects.toMatchObject({
    message: `Cannot make "${path}" an arbiter disk: it is not empty (from byte 1080 on); --force overwrites it`,
  });
  expect((await readFile(path)).equals(data)).toBe(true);
});

test.each([
  ["a name below /dev that is none", "/dev/no-such-disk", "ENOENT"],
  ["no absolute path", "disk", "no absolute path"],
])("%s is refused", async (_, path, problem) => {
  await expect(makeArbiterDisk(folders, { path, isForced: true })).rejects.toMatchObject({
    code: "DISK_UNUSABLE",
    message: expect.stringContaining(problem) as string,
  });
});

test("a disk that is too small is refused, and what is none is said to be none", async () => {
  const path = join(folder, "disk");
  await writeFile(path, new Uint8Array(8192));
  await expect(makeArbiterDisk(folders, { path, isForced: true })).rejects.toThrow(
    "it has 8192 bytes, wants at least 40960",
  );
  await expect(readArbiterDisk(path)).rejects.toThrow(
    `Cannot read the arbiter disk "${path}": it is empty, no arbiter disk`,
  );
});

test("what keeps a node from using a disk is told", async () => {
  const path = join(folder, "disk");
  const owner = { self: "serv1" as NodeId, cluster: "office" };
  expect(await arbiterDiskProblem(path, owner)).toContain("ENOENT");
  await writeFile(path, new Uint8Array(1 << 20));
  expect(await arbiterDiskProblem(path, owner)).toBe("it is empty, no arbiter disk");
  await makeArbiterDisk(folders, { path, isForced: false });
  expect(await arbiterDiskProblem(path, owner)).toBeNull();
  expect(await arbiterDiskProblem(path, { ...owner, cluster: "lab" })).toBe(
    'it is the arbiter disk of cluster "office"',
  );
  expect(await arbiterDiskProblem(path, { ...owner, self: "serv9" as NodeId })).toBe(
    "it has no slot for serv9, only for serv1, serv2",
  );
});
