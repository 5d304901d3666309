import { describe, expect, it } from "vitest";
import { formatConfigError } from "../config-error.ts";
import { parseConfig } from "../parse-config.ts";
import { writeConfig } from "../write-config.ts";

function fileWith(...resources: readonly string[]): string {
  return `cluster: c
nodes: { a: { addresses: [10.0.0.1] } }
fencing: none
services:
  s:
    resources:
${resources.map((one) => `      - ${one}\n`).join("")}`;
}

function resourcesOf(text: string) {
  const parsed = parseConfig(text, "f");
  if (!parsed.ok) throw new Error(parsed.errors.map(formatConfigError).join("\n"));
  return { resources: parsed.config.services[0]?.resources ?? [], config: parsed.config };
}

describe("each kind of resource", () => {
  it.each([
    [
      "filesystem: { device: /dev/sdb1, directory: /srv/www }",
      { kind: "filesystem", name: "srv-www", device: "/dev/sdb1", directory: "/srv/www", fsck: "auto" },
    ],
    [
      "filesystem: { device: 'UUID=0a1b', directory: /d, fstype: ext4, options: 'noatime,ro', fsck: force }",
      { name: "d", device: "UUID=0a1b", fstype: "ext4", options: "noatime,ro", fsck: "force" },
    ],
    ["filesystem: { device: 'nas:/export/a', directory: /d, fstype: nfs4 }", { device: "nas:/export/a" }],
    ["filesystem: { device: '[fd00::1]:/export', directory: /d }", { device: "[fd00::1]:/export" }],
    ["filesystem: { device: //nas/share, directory: /d }", { device: "//nas/share" }],
    ["filesystem: { device: tmpfs, directory: /d, fstype: tmpfs }", { device: "tmpfs" }],
    [
      "lvm: { group: vg0 }",
      {
        kind: "ocf",
        front: "lvm",
        name: "vg0",
        provider: "heartbeat",
        type: "LVM-activate",
        startTimeoutMs: 90_000,
        parameters: { vgname: "vg0", vg_access_mode: "system_id" },
      },
    ],
    [
      "lvm: { group: vg0, volume: data, access: tag }",
      { name: "data", parameters: { vgname: "vg0", lvname: "data", vg_access_mode: "tagging" } },
    ],
    [
      "nfs-export: { directory: /srv/www, clients: '10.0.0.0/24 web', fsid: 7, options: 'ro,sync' }",
      {
        kind: "ocf",
        front: "nfs-export",
        name: "nfs-srv-www",
        type: "exportfs",
        stopTimeoutMs: 120_000,
        parameters: {
          clientspec: "10.0.0.0/24 web",
          directory: "/srv/www",
          fsid: "7",
          options: "ro,sync",
          unlock_on_stop: "1",
        },
      },
    ],
    ["address: { ip: 10.0.0.9/24, label: web }", { kind: "address", name: "10.0.0.9", label: "web" }],
    [
      "samba: { config: /srv/smb.conf, folder: /srv/samba, addresses: [10.0.0.9, 'fd00::9'], nmbd: true }",
      { kind: "samba", name: "samba", netbiosName: "S", addresses: ["10.0.0.9", "fd00::9"], nmbd: true },
    ],
    [
      "samba: { name: files, config: /srv/smb.conf, folder: /srv/samba, netbios-name: Files-1, addresses: [10.0.0.9] }",
      { name: "files", netbiosName: "Files-1" },
    ],
    ["address: { ip: 10.0.0.9/24, mac: derived }", { mac: "02:00:0a:00:00:09" }],
    ["address: { ip: 'fd00::9/64', mac: derived }", { mac: "02:06:69:fd:48:42" }],
    ["address: { ip: 10.0.0.9/24, mac: 02:AB:cd:00:00:01 }", { mac: "02:ab:cd:00:00:01" }],
    ["address: { ip: 'fd00::9/64', duplicate-detection: true }", { name: "fd00::9", detectsDuplicates: true }],
    [
      "address: { ip: 10.0.0.9/24, announce: { times: 10, refresh: 1m } }",
      { announce: { times: 10, refreshMs: 60_000 } },
    ],
    ["address: { ip: 10.0.0.9/24, announce: {} }", { announce: { times: 5, refreshMs: 0 } }],
    ["systemd: { unit: nginx }", { kind: "systemd", name: "nginx", unit: "nginx.service" }],
    ["systemd: { unit: 'srv-a.mount', name: a }", { name: "a", unit: "srv-a.mount" }],
    ["systemd: { unit: 'postgresql@15-main.service' }", { unit: "postgresql@15-main.service" }],
    ["delay: { wait-start: 5s }", { kind: "delay", name: "delay", waitStartMs: 5000, waitStopMs: 0 }],
    [
      "rhcs: { agent: fs.sh, mountpoint: /d, force_unmount: 1 }",
      { kind: "rhcs", name: "fs", agent: "fs.sh", parameters: { mountpoint: "/d", force_unmount: "1" } },
    ],
  ])("%s is read, written and read again as the same", (written, expected) => {
    const { resources, config } = resourcesOf(fileWith(written));
    expect(resources).toMatchObject([expected]);
    expect(resourcesOf(writeConfig(config)).config).toEqual(config);
  });

  it("[SMB-1] a file server listens on the addresses of its service", () => {
    const server = "samba: { config: /srv/smb.conf, folder: /srv/samba }";
    const { resources, config } = resourcesOf(fileWith(`address: { ip: 10.0.0.9/24 }\n      - ${server}`));
    expect(resources).toMatchObject([{ kind: "address" }, { kind: "samba", addresses: ["10.0.0.9"] }]);
    expect(resourcesOf(writeConfig(config)).config).toEqual(config);
  });

  it.each([
    [
      "filesystem: { device: /dev/sdb1 }",
      "directory: found nothing, wanted the absolute path of a folder, without a slash at its end",
    ],
    [
      "filesystem: { device: sdb1, directory: /d }",
      'device: found "sdb1", wanted a device such as /dev/sdb1, LABEL=data, UUID=…, server:/export or //server/share',
    ],
    [
      "filesystem: { device: /dev/sdb1, directory: /srv/ }",
      'directory: found "/srv/", wanted the absolute path of a folder, without a slash at its end',
    ],
    [
      "filesystem: { device: /dev/sdb1, directory: /srv/../etc }",
      'directory: found "/srv/../etc", wanted a path without . and ..',
    ],
    ["filesystem: { device: /dev/sdb1, directory: /d, fsck: yes }", 'fsck: found "yes", wanted auto, force or no'],
    [
      "filesystem: { device: /dev/sdb1, directory: /d, options: 'a, b' }",
      'options: found "a, b", wanted options as for mount -o, with commas and without blanks',
    ],
    [
      "address: { ip: 'fd00::9/64', label: web }",
      "label: found a label of an IPv6 address, wanted none: only IPv4 has them",
    ],
    [
      "address: { ip: 10.0.0.9/24, mac: 00:16:3e:00:00:01 }",
      'mac: found "00:16:3e:00:00:01", wanted one that nobody was given: 02:…, or derived',
    ],
    [
      "address: { ip: 10.0.0.9/24, mac: 03:16:3e:00:00:01 }",
      'mac: found "03:16:3e:00:00:01", wanted one that nobody was given: 02:…, or derived',
    ],
    [
      "samba: { config: /srv/smb.conf, folder: /srv/samba }",
      "found no address to listen on, wanted an address resource in the service, or addresses: [ADDRESS, …]",
    ],
    [
      "samba: { config: srv, folder: /srv/samba, addresses: [10.0.0.9] }",
      'config: found "srv", wanted an absolute path, without a blank or slash at its end',
    ],
    [
      "samba: { config: /srv/smb.conf, folder: /srv/samba/, addresses: [10.0.0.9] }",
      'folder: found "/srv/samba/", wanted an absolute path, without a blank or slash at its end',
    ],
    [
      "samba: { config: /srv/smb.conf, folder: /srv/samba, addresses: [all] }",
      'addresses[0]: found "all", wanted an IPv4 or IPv6 address',
    ],
    ["address: { ip: 10.0.0.9/24, mac: derived, label: web }", "label: found a label beside mac, wanted one of them"],
    [
      "address: { ip: 10.0.0.9/24, duplicate-detection: true }",
      "duplicate-detection: found duplicate detection of an IPv4 address, wanted none: only IPv6 has it",
    ],
    [
      "address: { ip: 10.0.0.9/24, announce: { times: 0 } }",
      "announce.times: found 0, wanted a whole number from 1 to 60",
    ],
    [
      "address: { ip: 10.0.0.9/24, announce: { refresh: 10ms } }",
      'announce.refresh: found "10ms", wanted at least 1s, or 0',
    ],
    ["lvm: { group: a/b }", 'group: found "a/b", wanted the name of a volume group such as vg0'],
    ["lvm: { group: a, access: tags }", 'access: found "tags", wanted system-id or tag'],
    [
      "nfs-export: { directory: /d, clients: '*' }",
      "fsid: found nothing, wanted a whole number from 0 to 255, or a UUID; the same on every node",
    ],
    [
      "nfs-export: { directory: /d, clients: '*(rw)', fsid: 1 }",
      'clients: found "*(rw)", wanted who may mount it such as 192.168.1.0/24, a host name, or *; several with blanks between',
    ],
    ["systemd: { unit: a b }", 'unit: found "a b", wanted the name of a unit such as nginx.service'],
    [
      "delay: { wait-stop: 2m }",
      "wait-stop: found 2m, wanted less than its time-out of 1m, or a longer one: stop: { timeout: SPAN }",
    ],
    [
      "rhcs: { agent: ../fs }",
      'agent: found "../fs", wanted the name of an agent in /usr/share/cluster such as fs, or its absolute path',
    ],
  ])("%s is refused", (written, wanted) => {
    const parsed = parseConfig(fileWith(written), "f");
    const errors = parsed.ok ? [] : parsed.errors.map(formatConfigError);
    expect(errors).toEqual([expect.stringContaining(wanted) as string]);
  });
});
