import { expect, it } from "vitest";
import { type DiskReading, disksProblem, parseDisk, slotsProblem } from "./disk-reading.ts";

function dump(uuid: string, watchdog = 5, msgwait = 10): string {
  return `==Dumping header on disk /dev/sdb
Header version     : 2.1
UUID               : ${uuid}
Number of slots    : 255
Sector size        : 512
Timeout (watchdog) : ${watchdog}
Timeout (allocate) : 2
Timeout (loop)     : 1
Timeout (msgwait)  : ${msgwait}
==Header on disk /dev/sdb is dumped
`;
}

const list = "0\tn1\tclear\t\n1\tn2\treset\tn1\n";
const disk = (path: string, watchdog?: number, msgwait?: number) =>
  parseDisk(path, dump(path, watchdog, msgwait), list);
const silent: DiskReading = { ok: false, path: "/dev/x", reason: "no answer" };

it("[FEN-22] reads timeouts, slots and messages", () => {
  const reading = disk("/dev/sdb");
  expect(reading).toMatchObject({ ok: true, uuid: "/dev/sdb", watchdogMs: 5_000, msgwaitMs: 10_000 });
  expect(reading.ok && [...reading.slots]).toEqual([
    ["n1", { index: 0, message: "clear" }],
    ["n2", { index: 1, message: "reset" }],
  ]);
  expect(parseDisk("/dev/sdb", "==Header on disk /dev/sdb NOT dumped\n", "")).toMatchObject({ ok: false });
});

it.each([
  ["one disk", [disk("/dev/a")], null],
  ["two of three", [disk("/dev/a"), silent, disk("/dev/b")], null],
  ["one of three", [disk("/dev/a"), silent, silent], "1 of 3 disks can be read: /dev/x: no answer, /dev/x: no answer"],
  ["one of two", [disk("/dev/a"), silent], "1 of 2 disks can be read: /dev/x: no answer"],
  ["none", [], "0 of 0 disks can be read: "],
  ["the same twice", [disk("/dev/a"), disk("/dev/a")], "two of the paths are the same disk"],
  ["other timeouts", [disk("/dev/a"), disk("/dev/b", 6, 12)], "/dev/b has other timeouts than /dev/a: make them alike"],
  ["a short msgwait", [disk("/dev/a", 5, 9)], "msgwait (9 s) is less than twice the watchdog timeout (5 s)"],
])("[FEN-22] %s", (_name, readings, expected) => {
  expect(disksProblem(readings)).toBe(expected);
});

it("[FEN-22] a node without a slot on more than half of the disks cannot be told anything", () => {
  expect(slotsProblem([disk("/dev/a"), silent, disk("/dev/b")], "n2")).toBeNull();
  expect(slotsProblem([disk("/dev/a"), silent], "n2")).toContain('"n2" has a slot on 1 of 2 disks');
  expect(slotsProblem([disk("/dev/a")], "n3")).toContain('"n3" has a slot on 0 of 1 disks');
});
