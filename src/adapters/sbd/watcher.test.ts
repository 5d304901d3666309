import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { DiskReading } from "./disk-reading.ts";
import { findWatcher, guardProblem, ownSlotProblem, type Watcher } from "./watcher.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hale-proc-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const program = "/usr/sbin/sbd";

function addProcess(
  pid: number,
  title: string,
  { parent = 1, exe = program, open = [] as readonly string[] } = {},
): void {
  mkdirSync(join(folder, `${pid}`, "fd"), { recursive: true });
  writeFileSync(join(folder, `${pid}`, "cmdline"), `${title.replaceAll(" ", "\0")}   \0\0`);
  writeFileSync(join(folder, `${pid}`, "status"), `Name:\tsbd\nPPid:\t${parent}\n`);
  symlinkSync(exe, join(folder, `${pid}`, "exe"));
  for (const [index, file] of open.entries()) symlinkSync(file, join(folder, `${pid}`, "fd", `${index}`));
}

it("[FEN-21] finds the daemon by its processes, and nothing else that has its title", async () => {
  expect(await findWatcher(folder, program)).toBeNull();
  addProcess(10, "sbd: inquisitor", { exe: "/usr/bin/bash" });
  addProcess(11, "sbd -d /dev/sdb message n1 off");
  expect(await findWatcher(folder, program)).toBeNull();
  addProcess(20, "sbd: inquisitor", { exe: `${program} (deleted)`, open: ["/dev/null", "/dev/watchdog"] });
  addProcess(21, "sbd: watcher: /dev/sdb - slot: 3 - uuid: aaa", { parent: 20 });
  addProcess(22, "sbd: watcher: Pacemaker", { parent: 20 });
  addProcess(23, "sbd: watcher: /dev/sdc - slot: 1 - uuid: bbb", { parent: 99 });
  expect(await findWatcher(folder, program)).toEqual({
    openFiles: ["/dev/null", "/dev/watchdog"],
    disks: [{ slot: 3, uuid: "aaa" }],
    others: ["Pacemaker"],
  });
  addProcess(30, "sbd: inquisitor");
  expect(await findWatcher(folder, program)).toBeUndefined();
});

const watcher: Watcher = {
  openFiles: ["/dev/null", "/dev/watchdog0"],
  disks: [
    { uuid: "aaa", slot: 0 },
    { uuid: "bbb", slot: 4 },
  ],
  others: [],
};

function disk(uuid: string, index: number, message = "clear"): DiskReading {
  const slots = new Map([["n1", { index, message }]]);
  return { ok: true, path: `/dev/${uuid}`, uuid, watchdogMs: 5_000, msgwaitMs: 10_000, slots };
}
const silent: DiskReading = { ok: false, path: "/dev/ccc", reason: "no answer" };
const second = disk("bbb", 4);
const two = [disk("aaa", 0), second];

it.each([
  ["as it should be", watcher, undefined, two, "nothing"],
  ["its watchdog by name", watcher, "/dev/watchdog0", two, "nothing"],
  ["without one, as sbd says it", watcher, "/dev/null", two, "nothing"],
  ["not there", null, undefined, two, "the watcher of sbd does not run on this node: systemctl status sbd"],
  ["twice", undefined, undefined, two, "sbd runs more than once on this node"],
  ["without a watchdog", { ...watcher, openFiles: ["/dev/null"] }, undefined, two, "does not hold a watchdog"],
  ["with another watchdog", watcher, "/dev/watchdog1", two, "does not hold /dev/watchdog1"],
  [
    "with Pacemaker",
    { ...watcher, others: ["Pacemaker", "Cluster"] },
    undefined,
    two,
    "listens to Pacemaker and Cluster",
  ],
  ["two of three disks", watcher, undefined, [...two, silent], "nothing"],
  ["one of two disks", { ...watcher, disks: watcher.disks.slice(1) }, undefined, two, "watches 1 of 2 disks"],
])("[FEN-21] a watcher: %s", (_name, seen, watchdog, readings, expected) => {
  const problem = guardProblem(seen, { readings, watchdog });
  expect(problem ?? "nothing").toContain(expected);
});

it.each([
  ["as it should be", two, "nothing"],
  ["a disk that is silent", [...two, silent], "/dev/ccc: no answer"],
  ["a disk that it does not watch", [...two, disk("ddd", 0)], "does not watch /dev/ddd"],
  ["more disks than we have", two.slice(1), "watches 2 disks, and 1 are configured"],
  ["another node's slot", [disk("aaa", 7), second], 'has slot 0 of /dev/aaa, and "n1" has slot 7'],
  ["a message that waits", [disk("aaa", 0, "reset"), second], '"reset" waits for "n1" on /dev/aaa'],
])("[FEN-21] before anything runs: %s", (_name, readings, expected) => {
  const problem = ownSlotProblem(watcher, readings, "n1");
  expect(problem ?? "nothing").toContain(expected);
});
