import { afterAll, beforeAll, expect, test } from "vitest";
import { HaleCluster } from "../../lab/hale-cluster.ts";
import { Lab } from "../../lab/lab.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { detachDisk, makeSharedDisk } from "./shared-disk.ts";

// Goal: a file server of Samba goes from host to host with its disk, its address and its passwords, whatever becomes of its host, and what a client was
// told to be written is there afterwards.

const settleMs = 120_000;
const mount = "/srv/files";
const password = "a secret";

let lab: Lab;
let cluster: HaleCluster;
/** On a file that both hosts share, as they would share a disk. */
let disk: string;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"] });
  disk = makeSharedDisk(lab);
  const share = `[data]\n  path = ${mount}/data\n  read only = no\n  force user = root\n`;
  for (const host of lab.hosts.values()) {
    await host.writeFile("/etc/hale/smb.conf", `[global]\n  load printers = no\n${share}`);
    await host.run(["mkdir", "-p", mount]);
  }
  const resources = [
    { filesystem: { device: disk, directory: mount, fstype: "ext4" } },
    { address: { ip: `${lab.virtualIp()}/24` } },
    { samba: { config: "/etc/hale/smb.conf", folder: `${mount}/samba` } },
  ];
  const domain = { nodes: ["n1", "n2"], ordered: true, restricted: true };
  cluster = await HaleCluster.found(lab, { config: { services: { files: { domain, resources } } } });
  await cluster.waitForMembers();
  await cluster.waitForService("files", { owner: "n1", timeoutMs: settleMs });
}, settleMs);

afterAll(async () => {
  await lab.close();
  detachDisk(disk);
});

/** What a client does. @throws Error when the server does not do it */
async function client(command: string): Promise<string> {
  const login = ["-U", `root%${password}`, `//${lab.virtualIp()}/data`];
  return lab.client.run(["smbclient", ...login, "-c", command]);
}

async function write(name: string, text: string): Promise<void> {
  await lab.client.writeFile("/tmp/sent", text);
  await client(`put /tmp/sent ${name}`);
}

async function read(name: string): Promise<string> {
  await client(`get ${name} /tmp/got`);
  return lab.client.run(["cat", "/tmp/got"]);
}

async function isServed(name: string, text: string): Promise<boolean> {
  return read(name).then(
    (found) => found === text,
    () => false,
  );
}

test("[SMB-1, SAFE-1] what a client has written is served by whoever has the disk", { timeout: settleMs }, async () => {
  const [n1, n2] = [lab.host("n1"), lab.host("n2")];
  await n1.run(["mkdir", "-p", `${mount}/data`]);
  const set = `printf '%s\\n%s\\n' '${password}' '${password}' | smbpasswd -c /run/hale/samba/*/smb.conf -s -a root`;
  await n1.run(["sh", "-c", set]);
  await write("first", "before anything happens");

  await cluster.must("n1", ["service", "relocate", "files", "--to", "n2"], settleMs);
  expect((await n1.exec(["pgrep", "-x", "smbd"])).stdout).toBe("");
  expect(await read("first")).toBe("before anything happens");
  await write("second", "before n2 loses its power");

  await n2.powerOff();
  await cluster.waitForService("files", { owner: "n1", timeoutMs: settleMs });
  await waitUntil("the client to be served again", settleMs, async () =>
    isServed("second", "before n2 loses its power"),
  );
  expect(await read("first")).toBe("before anything happens");

  await n1.run(["pkill", "-KILL", "-x", "smbd"]);
  await waitUntil("it to be started again", settleMs, async () => isServed("first", "before anything happens"));
});
