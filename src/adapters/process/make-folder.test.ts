import { mkdtemp, readdir, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolder } from "./make-folder.ts";

let base: string;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "hale-make-folder-"));
});
afterEach(async () => rm(base, { recursive: true, force: true }));

test("makes what is missing, with its mode, and leaves alone what is there", async () => {
  const folder = join(base, "a", "b");
  makeFolder(folder, 0o700);
  makeFolder(folder, 0o755);
  expect((await stat(folder)).mode & 0o777).toBe(0o700);
  expect((await stat(join(base, "a"))).mode & 0o777).toBe(0o755);
});

test("says what is in the way, and never tries for ever", async () => {
  await writeFile(join(base, "file"), "");
  await symlink(join(base, "nowhere", "x"), join(base, "link"));
  expect(() => makeFolder(join(base, "file"), 0o700)).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
  expect(() => makeFolder(join(base, "file", "x"), 0o700)).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
  expect(() => makeFolder(join(base, "link"), 0o700)).toThrow(expect.objectContaining({ code: "ENOENT" }));
  expect(() => makeFolder("/proc/hale-is-not-there/x", 0o700)).toThrow(expect.objectContaining({ code: "ENOENT" }));
  expect(await readdir(base)).toHaveLength(2);
});
