import { expect, test } from "vitest";
import { factsOf, findOwnList, ownProcesses } from "./proc-table.ts";

const unified = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate";
const hybrid = [
  "31 24 0:27 / /sys/fs/cgroup ro shared:9 - tmpfs tmpfs ro,mode=755",
  "32 31 0:28 / /sys/fs/cgroup/unified rw shared:10 - cgroup2 cgroup2 rw",
  "33 31 0:29 / /sys/fs/cgroup/systemd rw shared:11 - cgroup cgroup rw,xattr,name=systemd",
  "34 31 0:30 / /sys/fs/cgroup/cpu rw shared:12 - cgroup cgroup rw,cpu",
].join("\n");
const service = "/system.slice/haled.service";

test.each([
  ["unified", `0::${service}\n`, unified, `/sys/fs/cgroup${service}/cgroup.procs`],
  ["the root of it", "0::/\n", unified, "/sys/fs/cgroup/cgroup.procs"],
  [
    "hybrid",
    `4:cpu:/\n1:name=systemd:${service}\n0::${service}\n`,
    hybrid,
    `/sys/fs/cgroup/unified${service}/cgroup.procs`,
  ],
  [
    "systemd's own alone",
    `4:cpu:/\n1:name=systemd:${service}\n`,
    hybrid,
    `/sys/fs/cgroup/systemd${service}/cgroup.procs`,
  ],
  [
    "a mount of a part of the tree",
    "0::/machine/a/init\n",
    unified.replace("0:26 /", "0:26 /machine/a"),
    "/sys/fs/cgroup/init/cgroup.procs",
  ],
  ["a part of the tree that we are not in", "0::/machine/ab\n", unified.replace("0:26 /", "0:26 /machine/a"), null],
  ["a container that sees another part", "0::/../..\n", unified, null],
  ["no control groups", "", "21 1 0:20 / /proc rw - proc proc rw", null],
  ["garbage", "\0\0::\n0:\n", "x - cgroup2 -", null],
])("the list of our control group: %s", (_name, groups, mounts, list) => {
  expect(findOwnList(groups, mounts)).toBe(list);
});

test("processes of our own are listed, in our control group or in all, and what is told of them is true", () => {
  expect(ownProcesses()).toContain(process.pid);
  expect(ownProcesses(null)).toContain(process.pid);
  expect(ownProcesses("/there/is/none")).toEqual([]);
  expect(factsOf(process.pid)).toMatchObject({ parent: process.ppid, isZombie: false });
  expect(factsOf(2 ** 30)).toBeNull();
});
