import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { appendFile, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DiskRecord } from "../../model/disk.ts";
import { FileJournal } from "./file-journal.ts";

const [mountProgram, unmountProgram] = ["mount", "umount"] as const;
let folder: string;
let journal: FileJournal;
const record: DiskRecord = { kind: "boot", boot: 1 };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hale-journal-"));
  journal = new FileJournal(folder);
});

afterEach(async () => {
  await journal.close();
  await rm(folder, { recursive: true, force: true });
});

test("the file is for its owner alone", async () => {
  await journal.load();
  expect((await stat(join(folder, "journal"))).mode & 0o777).toBe(0o600);
});

test("what waits is written in one frame", async () => {
  await journal.load();
  await Promise.all(Array.from({ length: 50 }, () => journal.append([record])));
  await journal.close();
  const again = new FileJournal(folder);
  expect((await again.load()).detail).toMatch(/50 records in [12] writes/);
  await again.close();
});

test("a torn last write is cut away, so that the next one does not make it damage", async () => {
  await journal.load();
  await journal.append([record]);
  await journal.close();
  const path = join(folder, "journal");
  await appendFile(path, (await readFile(path)).subarray(16, 45));
  const second = new FileJournal(folder);
  expect(await second.load()).toMatchObject({ state: "good", records: [record] });
  await second.append([{ kind: "committed", committed: 1 }]);
  await second.close();
  const third = new FileJournal(folder);
  expect((await third.load()).records).toHaveLength(2);
  await third.close();
});

test("[GRP-58] a rewrite that was cut at any byte leaves what was there before", async () => {
  await journal.load();
  await journal.append([record, { kind: "committed", committed: 1 }]);
  const before = await readFile(join(folder, "journal"));
  await journal.rewrite([{ kind: "boot", boot: 9 }]);
  const after = await readFile(join(folder, "journal"));
  await journal.close();
  for (let length = 0; length <= after.length; length += 1) {
    await writeFile(join(folder, "journal"), before);
    await writeFile(join(folder, "journal.new"), after.subarray(0, length));
    const next = new FileJournal(folder);
    expect(await next.load()).toMatchObject({ state: "good", records: [record, { kind: "committed", committed: 1 }] });
    await next.rewrite([{ kind: "boot", boot: 10 }]);
    await next.close();
  }
  expect(await readFile(join(folder, "journal"))).toHaveLength(after.length + 1);
});

describe("the lock", () => {
  test("keeps a second journal out while the first is open, and the error says what to do", async () => {
    await journal.load();
    const second = new FileJournal(folder);
    await expect(second.load()).rejects.toMatchObject({ code: "STATE_UNUSABLE" });
    await expect(second.append([record])).rejects.toThrow("another haled uses it");
    await journal.close();
    const third = new FileJournal(folder);
    await third.load();
    await third.close();
  });
});

describe("a disk that refuses", () => {
  test("rejects what waits and what comes, with what to do", async () => {
    await journal.load();
    // A file system of two pages fills up for certain; without the right to mount one there is nothing to test here.
    if (!mountSmall(folder)) return;
    const small = new FileJournal(join(folder, "state"));
    try {
      await small.load();
      const big: DiskRecord = { kind: "founded", voters: Array.from({ length: 9_000 }, () => "x" as never) };
      const first = small.append([big]);
      const second = small.append([record]);
      await expect(first).rejects.toMatchObject({ code: "STATE_UNUSABLE" });
      await expect(second).rejects.toThrow("the disk is full; make room");
      await expect(small.append([record])).rejects.toThrow("the disk is full");
      await small.close();
      const again = new FileJournal(join(folder, "state"));
      expect(await again.load()).toMatchObject({ state: "good", records: [] });
      await again.close();
    } finally {
      execFileSync(unmountProgram, [join(folder, "state")]);
    }
  });

  test.each<[string, (base: string) => Promise<string>, RegExp]>([
    [
      "a file",
      async (base) => made(join(base, "file"), writeFile(join(base, "file"), "")),
      /ENOTDIR, something that is not/,
    ],
    [
      "below a file",
      async (base) => made(join(base, "f/state"), writeFile(join(base, "f"), "")),
      /ENOTDIR, something that/,
    ],
    [
      "a link to nowhere",
      async (base) => made(join(base, "l"), symlink("/no/where", join(base, "l"))),
      /ENOENT, the folder/,
    ],
    [
      "one that no kernel makes",
      async () => "/proc/hale/state",
      /ENOENT, the folder cannot be made there.*set HALE_STATE/,
    ],
    [
      "one with a folder for a journal",
      async (base) => made(base, mkdir(join(base, "journal"))),
      /EISDIR, a folder is where/,
    ],
    [
      "one with a folder for a lock",
      async (base) => made(base, mkdir(join(base, "lock"))),
      /EISDIR, a folder is where/,
    ],
  ])("a state folder that is %s: says place, what was found and what to do", async (_what, make, told) => {
    const place = await make(folder);
    const odd = new FileJournal(place);
    await expect(odd.load()).rejects.toMatchObject({
      code: "STATE_UNUSABLE",
      message: expect.stringContaining(place) as string,
    });
    await expect(odd.append([record])).rejects.toThrow(told);
  });
});

test("a journal of a newer version is not touched", async () => {
  await journal.load();
  await journal.close();
  const path = join(folder, "journal");
  await writeFile(path, "hale journal 2\n\nwhatever");
  await expect(new FileJournal(folder).load()).rejects.toMatchObject({ code: "STATE_UNUSABLE" });
  expect(await readFile(path, "utf8")).toContain("whatever");
});

function mountSmall(parent: string): boolean {
  const target = join(parent, "state");
  try {
    mkdirSync(target);
    execFileSync(mountProgram, ["-t", "tmpfs", "-o", "size=8k", "tmpfs", target], { stdio: "ignore" });
    return true;
  } catch {
    return false; // Not root, or no mount allowed.
  }
}

async function made(path: string, making: Promise<unknown>): Promise<string> {
  await making;
  return path;
}
