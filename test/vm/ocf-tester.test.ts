import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { bundleKinds, kindScript } from "../contract/ocf-tester/kinds.ts";
import { writeFile } from "./alone.ts";
import { type DebianMachine, DebianMachines } from "./debian.ts";

// Hale's kinds that want a machine, wrapped as OCF agents, before Debian's ocf-tester: as test/contract/ocf-tester.test.ts for the others.

let machines: DebianMachines;
let machine: DebianMachine;

beforeAll(async () => {
  machines = new DebianMachines();
  machine = await machines.boot([machines.disk("shared", 64), await kindsDisk()]);
  await writeFile(machine, "/etc/systemd/system/web.service", "[Service]\nExecStart=/bin/sleep infinity\n");
  await machine.run(`set -e
mkdir /kinds /srv/data
mount /dev/vdd /kinds
hostname n1
modprobe dm_mod
echo 'global { system_id_source = "uname" } activation { udev_sync = 0 udev_rules = 0 }' >/etc/lvm/lvm.conf
pvcreate -qq /dev/vdc; vgcreate -qq shared /dev/vdc; lvcreate -qq -n data -L 32M shared
vgchange -qq -an shared
systemctl daemon-reload
systemctl start nfs-server`);
});
afterAll(async () => {
  await machine[Symbol.asyncDispose]();
  machines[Symbol.dispose]();
});

/** A disk with the wrapped kinds. */
async function kindsDisk(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "hale-kinds-"));
  try {
    const content = join(folder, "content");
    mkdirSync(content);
    symlinkSync("/payload/node_modules", join(content, "node_modules"));
    await bundleKinds(join(content, "kind-as-ocf.mjs"));
    const disk = machines.disk("kinds", 8);
    execFileSync("mkfs.ext4", ["-q", "-d", content, disk]);
    return disk;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const kinds: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["lvm", { group: "shared" }],
  ["nfs-export", { directory: "/srv/data", clients: "127.0.0.1", fsid: "7" }],
  ["systemd", { unit: "web.service" }],
];

test.for(kinds)("[AGT-1] %s passes", async ([kind, parameters]) => {
  const folder = `/run/kinds/${kind}`;
  const call = `exit "$(env -0 | curl -sS --unix-socket ${folder}/socket --data-binary @- http://kind/$1)"`;
  await writeFile(machine, `${folder}/agent`, kindScript(kind, Object.keys(parameters), call));
  await machine.run(`chmod 755 ${folder}/agent
node /kinds/kind-as-ocf.mjs ${kind} ${folder} serve >${folder}/log 2>&1 &
echo $! >${folder}/pid`);
  await machine.until("its server", `test -S ${folder}/socket && echo there`, /there/);
  const options = Object.entries(parameters).map(([name, value]) => `-o ${name}=${value}`);
  const { code, output } = await machine.exec(`ocf-tester -n wrapped ${options.join(" ")} ${folder}/agent`);
  const { output: said } = await machine.exec(`kill $(cat ${folder}/pid); cat ${folder}/log`);
  expect(output, said).toContain(`${folder}/agent passed all tests`);
  expect(code).toBe(0);
});
