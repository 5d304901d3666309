import { expect, it } from "vitest";
import { formatConfigError } from "./config-error.ts";
import { parseConfig } from "./parse-config.ts";
import { writeConfig } from "./write-config.ts";

const right = `cluster: c
nodes:
  a: { addresses: [10.0.0.1, 10.0.1.1], fence: [{ device: disks, plug: a }] }
  b: { addresses: [10.0.0.2, 10.0.1.2], fence: [{ device: disks, plug: b }] }
quorum: { arbiter: fencing }
fencing:
  devices:
    disks: { agent: sbd, devices: "/dev/sdb1, /dev/sdc1,/dev/sdd1" }
services: { web: { resources: [{ lsb: { script: /etc/init.d/web } }] } }
`;

function errorsOf(text: string): readonly string[] {
  const parsed = parseConfig(text, "f");
  return parsed.ok ? [] : parsed.errors.map(formatConfigError);
}

it("[FEN-21] a node asks for itself before it runs anything, and is rebooted by a level that has the disks alone", () => {
  const parsed = parseConfig(right, "f");
  if (!parsed.ok) throw new Error(parsed.errors.map(formatConfigError).join("\n"));
  expect(parsed.config.fencing).toMatchObject({
    devices: [
      { agent: "sbd", action: "reboot", unfence: true, parameters: { devices: "/dev/sdb1, /dev/sdc1,/dev/sdd1" } },
    ],
  });
  const off = parseConfig(right.replace("agent: sbd", "agent: sbd, action: off"), "f");
  expect(off.ok && off.config.fencing).toMatchObject({ devices: [{ action: "off", unfence: true }] });
  const again = parseConfig(writeConfig(parsed.config), "f");
  expect(again.ok && again.config).toEqual(parsed.config);
});

const disksWanted =
  'one to 3 different absolute paths with commas between, such as "/dev/disk/by-id/a, /dev/disk/by-id/b"';

it.each([
  [
    '"/dev/sdb1, /dev/sdc1,/dev/sdd1"',
    '"/dev/a,/dev/b,/dev/c,/dev/d"',
    `devices: found "/dev/a,/dev/b,/dev/c,/dev/d", wanted ${disksWanted}`,
  ],
  ['"/dev/sdb1, /dev/sdc1,/dev/sdd1"', '"/dev/a,/dev/a"', `devices: found "/dev/a,/dev/a", wanted ${disksWanted}`],
  ['"/dev/sdb1, /dev/sdc1,/dev/sdd1"', "sdb", `devices: found "sdb", wanted ${disksWanted}`],
  [
    '"/dev/sdb1, /dev/sdc1,/dev/sdd1"',
    '"/dev/a -d /dev/b"',
    `devices: found "/dev/a -d /dev/b", wanted ${disksWanted}`,
  ],
  [
    ', devices: "/dev/sdb1, /dev/sdc1,/dev/sdd1"',
    "",
    `fencing.devices.disks: found no devices, wanted devices: ${disksWanted}`,
  ],
  [
    "agent: sbd",
    "agent: sbd, action: off-on",
    'action: found "off-on", wanted reboot or off: no message on a disk switches a machine on',
  ],
  [
    "agent: sbd",
    "agent: sbd, unfence: false",
    "unfence: found false, wanted no unfence: a node runs nothing before its watcher has been seen",
  ],
  ["agent: sbd", "agent: sbd, watchdog: softdog", 'watchdog: found "softdog", wanted an absolute path'],
  ["plug: b", "plug: a", `nodes.b.fence[0].plug: found "a", wanted a slot of its own: this one is a's`],
  [", plug: b", "", "nodes.b.fence[0]: found no plug, wanted plug, the node's name on the disks: its host name"],
  ["plug: b", "plug: 2", "nodes.b.fence[0]: found plug 2, wanted plug, the node's name on the disks: its host name"],
  ["plug: b", "plug: -d", 'nodes.b.fence[0].plug: found "-d", wanted a host name'],
  [
    "agent: sbd",
    "agent: fence_sbd",
    'agent: found "fence_sbd", wanted agent: sbd, with the same devices: fence_sbd takes any message on a disk for a node that is off',
  ],
])("[FEN-21] %s -> %s", (piece, instead, expected) => {
  expect(errorsOf(right.replace(piece, instead))).toEqual([expect.stringContaining(expected)]);
});
