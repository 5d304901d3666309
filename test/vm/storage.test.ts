import { afterAll, beforeAll, expect, test } from "vitest";
import { AloneCluster } from "./alone.ts";
import { type DebianMachine, DebianMachines } from "./debian.ts";

// Goal: a volume group, the file system on it, its export by the NFS server of the kernel, and the mount of that, on real devices. One story, in the
// order of the tests.

let machines: DebianMachines;
let machine: DebianMachine;
let cluster: AloneCluster;
const volume = "/dev/shared/data";

beforeAll(async () => {
  machines = new DebianMachines();
  machine = await machines.boot([machines.disk("shared", 128)]);
  await machine.run(`set -e
modprobe dm_mod
hostname n1
# No udev is here. What makes a group one node's is the name of the node.
echo 'global { system_id_source = "uname" } activation { udev_sync = 0 udev_rules = 0 }' >/etc/lvm/lvm.conf
pvcreate -qq /dev/vdc; vgcreate -qq shared /dev/vdc; lvcreate -qq -n data -L 64M shared
mkfs.ext4 -q ${volume}
vgchange -qq -an shared
systemctl start nfs-server`);
  const times = { start: { timeout: "2m" }, stop: { timeout: "2m" }, monitor: { interval: "30m", timeout: "2m" } };
  const seen = { device: "127.0.0.1:/srv/data", directory: "/mnt/seen", fstype: "nfs", options: "vers=4.2,soft" };
  const services = {
    store: {
      resources: [
        { lvm: { group: "shared", ...times } },
        { filesystem: { device: volume, directory: "/srv/data", fstype: "ext4", ...times } },
        {
          "nfs-export": {
            directory: "/srv/data",
            clients: "127.0.0.1",
            fsid: 7,
            options: "rw,no_root_squash",
            ...times,
          },
        },
      ],
    },
    client: { enabled: false, after: ["store"], resources: [{ filesystem: { ...seen, ...times } }] },
  };
  cluster = await AloneCluster.found(machine, { services });
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  machines[Symbol.dispose]();
});

test("[FS-1] a volume group is made active, its file system mounted, and exported", async () => {
  await cluster.waitForStart("store");
  expect(await machine.run("lvs --noheadings -o lv_active,vg_systemid shared/data")).toMatch(/active +n1/);
  expect(await machine.run("findmnt -no SOURCE,FSTYPE /srv/data")).toMatch(/^\/dev\/mapper\/shared-data +ext4/);
  expect(await machine.run("exportfs")).toMatch(/\/srv\/data\s+127\.0\.0\.1/);
  await machine.run("echo kept >/srv/data/file");
});

test("[FS-1] what is exported is mounted by NFS", async () => {
  await cluster.must("enable-service", "client");
  expect(await machine.run("findmnt -no FSTYPE /mnt/seen")).toBe("nfs4");
  expect(await machine.run("cat /mnt/seen/file")).toBe("kept");
  await cluster.must("disable-service", "client");
  expect((await machine.exec("findmnt /mnt/seen")).code).not.toBe(0);
});

test("[FS-3] a stop names who keeps it busy, asks it to end and ends it, and lets the volume group go", async () => {
  // One that ends when it is asked to, and one that does not.
  const pids = await machine.run(`cd /srv/data
sleep 1000 >/dev/null 2>&1 & a=$!
sh -c 'trap "" TERM; while :; do sleep 1; done' >/dev/null 2>&1 & b=$!
echo $a $b`);
  const [polite = "", stubborn = ""] = pids.split(" ");
  await cluster.must("disable-service", "store");
  for (const pid of [polite, stubborn]) expect((await machine.exec(`kill -0 ${pid}`)).code).not.toBe(0);
  expect(await machine.run("exportfs")).toBe("");
  expect((await machine.exec("findmnt /srv/data")).code).not.toBe(0);
  expect(await machine.run("lvs --noheadings -o lv_active shared/data")).toBe("");
});

test("[FS-4] a file system that was not left in order is checked before it is mounted", async () => {
  await machine.run(`set -e
vgchange -qq -ay shared
# As after a crash of the kernel: state 2 is "with errors".
debugfs -w -R 'set_super_value state 2' ${volume} 2>/dev/null
dumpe2fs -h ${volume} 2>/dev/null | grep 'state: .*error'
vgchange -qq -an shared`);
  await cluster.must("enable-service", "store");
  expect(await machine.run("cat /srv/data/file")).toBe("kept");
  expect(await machine.run(`dumpe2fs -h ${volume} 2>/dev/null | grep state:`)).toMatch(/: +clean$/);
});

test("[FS-1] a volume group that the node before had is taken over: nobody else makes it active from then on", async () => {
  await cluster.must("disable-service", "store");
  await machine.run("vgchange -qq --yes --systemid n2 shared");
  expect((await machine.exec("vgchange -qq -ay shared")).code).not.toBe(0);
  await cluster.must("enable-service", "store");
  expect(await machine.run("lvs --noheadings -o lv_active,vg_systemid shared/data")).toMatch(/active +n1/);
});
