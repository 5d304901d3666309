import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import type { ResourceConfig } from "../model/cluster-config.ts";
import { hostClaims } from "./host-claims.ts";

// Goal: what the machine mounts, exports or sets by itself beside the cluster is seen in its files, in a folder that stands for `/`.

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hale-claims-"));
});
afterEach(async () => rm(root, { recursive: true }));

async function file(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await symlink(target, join(root, path));
}

function resources(...lines: readonly string[]): readonly ResourceConfig[] {
  const head = [
    "cluster: c",
    "nodes: { a: { addresses: [10.0.0.1] } }",
    "fencing: { none: { assume-off-after: 20s } }",
  ];
  const text = [...head, "services:", "  web:", "    resources:", ...lines.map((line) => `      - ${line}`)];
  const parsed = parseConfig(text.join("\n"), "cluster.yaml");
  if (!parsed.ok) throw new RangeError(JSON.stringify(parsed.errors));
  return parsed.config.services.flatMap((service) => service.resources);
}

/** `web/srv /etc/fstab:3 mounts …`, one for each. */
async function found(...lines: readonly string[]): Promise<readonly string[]> {
  const claims = await hostClaims(root, resources(...lines));
  return claims.map((claim) => `${claim.resource} ${claim.file}:${claim.line} ${claim.what}`);
}

const srv = "filesystem: { device: LABEL=data, directory: /srv/my files, name: srv }";

test("a machine without any of these files claims nothing", async () => {
  expect(await found(srv, "address: { ip: 192.168.1.100/24 }")).toEqual([]);
});

test("fstab: by the folder, by any name of the device; not with noauto", async () => {
  await file("dev/sdb1", "");
  await link("dev/disk/by-label/data", "../../sdb1");
  await file(
    "etc/fstab",
    [
      "# <file system> <mount point> <type> <options> <dump> <pass>",
      "/dev/sda1 / ext4 errors=remount-ro 0 1",
      String.raw`UUID=1234 /srv/my\040files/ ext4 defaults 0 2`,
      "/dev/sdb1 /mnt ext4 defaults",
      "/dev/sdb1 /mnt ext4 noauto,user",
      "/dev/sdb1 /mnt ext4 noauto,x-systemd.automount",
      "garbage\u0000\u0001",
      "",
    ].join("\n"),
  );
  expect(await found(srv)).toEqual([
    "web/srv /etc/fstab:3 mounts UUID=1234 at /srv/my files/",
    "web/srv /etc/fstab:4 mounts /dev/sdb1 at /mnt",
    "web/srv /etc/fstab:6 mounts /dev/sdb1 at /mnt",
  ]);
  expect(
    await found('ocf: { agent: "heartbeat:Filesystem", device: /dev/sdz, directory: /mnt/, fstype: ext4 }'),
  ).toHaveLength(2);
  expect(await found("rhcs: { agent: fs, mountpoint: /mnt, device: /dev/sdz }")).toHaveLength(2);
});

test("units of systemd that mount, when they are enabled", async () => {
  const unit = "[Unit]\nDescription=x\n[Mount]\nWhat=/dev/sdb1\nWhere=/srv/my files\n";
  await file("etc/systemd/system/srv.mount", unit);
  await file("usr/lib/systemd/system/other.automount", "[Automount]\nWhere = /srv/my files/\n");
  expect(await found(srv)).toEqual([]);
  await link("etc/systemd/system/multi-user.target.wants/srv.mount", "/etc/systemd/system/srv.mount");
  await link("etc/systemd/system/local-fs.target.wants/other.automount", "/usr/lib/systemd/system/other.automount");
  expect((await found(srv)).toSorted()).toEqual([
    "web/srv /etc/systemd/system/srv.mount:5 mounts /srv/my files",
    "web/srv /usr/lib/systemd/system/other.automount:2 mounts /srv/my files/",
  ]);
});

test("exports of the machine", async () => {
  const exported = "nfs-export: { directory: /srv/share, clients: 192.168.1.0/24, fsid: 7 }";
  await file("etc/exports", "# /srv/share *(rw)\n/srv/other *(ro)\n  /srv/share/  *(rw)\n");
  await file("etc/exports.d/more.exports", '"/srv/share" 10.0.0.0/8(ro)\n');
  await file("etc/exports.d/note.txt", "/srv/share *(rw)\n");
  expect((await found(exported)).map((line) => line.slice(line.indexOf(" ") + 1))).toEqual([
    "/etc/exports:3 exports /srv/share/",
    "/etc/exports.d/more.exports:1 exports /srv/share",
  ]);
});

test("static addresses, in each of the ways to have them; not gateways, and not others that begin alike", async () => {
  const address = "address: { ip: 192.168.1.10/24 }";
  await file(
    "etc/network/interfaces",
    "iface eth0 inet static\n  address 192.168.1.10/24\n  gateway 192.168.1.10\n#  address 192.168.1.10\n",
  );
  await file("etc/network/interfaces.d/eth1", "iface eth1 inet static\n  address 192.168.1.100/24\n");
  await file("etc/systemd/network/10-lan.network", "[Network]\nDNS=192.168.1.10\nAddress = 192.168.1.10/24\n");
  await file(
    "etc/NetworkManager/system-connections/lan.nmconnection",
    "[ipv4]\naddress1=192.168.1.10/24,192.168.1.1\n",
  );
  await file("etc/netplan/50.yaml", "network:\n  addresses:\n    - 192.168.1.10/24\n    - 192.168.1.11/24\n");
  expect((await found(address)).map((line) => line.split(" ")[1])).toEqual([
    "/etc/network/interfaces:2",
    "/etc/systemd/network/10-lan.network:3",
    "/etc/NetworkManager/system-connections/lan.nmconnection:2",
    "/etc/netplan/50.yaml:3",
  ]);
  expect(await found('ocf: { agent: "heartbeat:IPaddr2", ip: 192.168.1.100 }')).toHaveLength(1);
});
