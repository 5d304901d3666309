import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseConfig } from "../config/parse-config.ts";
import type { ResourceConfig } from "../model/cluster-config.ts";
import { bootStarts } from "./boot-starts.ts";

// Goal: what the machine starts at boot beside the cluster is seen by its links, in a folder that stands for `/`.

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hale-boot-"));
});
afterEach(async () => rm(root, { recursive: true }));

async function link(path: string, target: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await symlink(target, join(root, path));
}

function resources(...lines: readonly string[]): readonly ResourceConfig[] {
  const text = [
    "cluster: c",
    "nodes: { a: { addresses: [10.0.0.1] } }",
    "fencing: { none: { assume-off-after: 20s } }",
    "services:",
    "  web:",
    "    resources:",
    ...lines.map((line) => `      - ${line}`),
  ];
  const parsed = parseConfig(text.join("\n"), "cluster.yaml");
  if (!parsed.ok) throw new RangeError(JSON.stringify(parsed.errors));
  return parsed.config.services.flatMap((service) => service.resources);
}

/** `resource name link`, one for each. */
async function found(...lines: readonly string[]): Promise<readonly string[]> {
  return (await bootStarts(root, resources(...lines))).map(
    ({ resource, name, link: by }) => `${resource} ${name} ${by}`,
  );
}

const wants = "etc/systemd/system/multi-user.target.wants";

test("enabled units of all kinds of resources", async () => {
  await link(`${wants}/nginx.service`, "/lib/systemd/system/nginx.service");
  await link(`${wants}/apache2.service`, "/lib/systemd/system/apache2.service");
  await link(`${wants}/postgresql@15-main.service`, "/lib/systemd/system/postgresql@.service");
  await link("etc/systemd/system/haled.service.requires/ledger.service", "/etc/systemd/system/ledger.service");
  await link(`${wants}/cron.service`, "/lib/systemd/system/cron.service");
  expect(
    await found(
      "systemd: { unit: nginx.service }",
      'ocf: { agent: "heartbeat:nginx", name: proxy, configfile: /etc/nginx.conf }',
      'ocf: { agent: "heartbeat:apache" }',
      'ocf: { agent: "heartbeat:pgsql" }',
      "exec: { start: [/usr/bin/systemctl, start, ledger], stop: [/bin/true], monitor: [/bin/true] }",
      'ocf: { agent: "heartbeat:Dummy" }',
    ),
  ).toEqual([
    `web/nginx nginx.service /${wants}/nginx.service`,
    `web/proxy nginx.service /${wants}/nginx.service`,
    `web/apache apache2.service /${wants}/apache2.service`,
    `web/pgsql postgresql@15-main.service /${wants}/postgresql@15-main.service`,
    "web/exec ledger.service /etc/systemd/system/haled.service.requires/ledger.service",
  ]);
});

test("nothing is said of what is installed and not enabled, or only ended at a runlevel", async () => {
  await mkdir(join(root, "usr/lib/systemd/system"), { recursive: true });
  await writeFile(join(root, "usr/lib/systemd/system/nginx.service"), "");
  await link("etc/systemd/system/nginx.service", "/dev/null");
  await link("etc/rc2.d/K01lpd", "../init.d/lpd");
  await link("etc/rc0.d/S01lpd", "../init.d/lpd");
  expect(await found("systemd: { unit: nginx.service }", "lsb: { script: /etc/init.d/lpd }")).toEqual([]);
});

test("links of init, by what they point to", async () => {
  await link("etc/rc2.d/S02printing", "../init.d/lpd");
  await link("etc/rc3.d/S02printing", "../init.d/lpd");
  await link("etc/rc5.d/S01ledger", "../init.d/ledger");
  expect(
    await found(
      "lsb: { script: /etc/init.d/lpd }",
      "exec: { start: [/etc/init.d/ledger, start], stop: [/bin/true], monitor: [/bin/true] }",
    ),
  ).toEqual(["web/lpd lpd /etc/rc2.d/S02printing", "web/exec ledger /etc/rc5.d/S01ledger"]);
});

test("under systemd a script that has a unit is that unit, and links of init say nothing of it", async () => {
  await link("etc/rc2.d/S02nginx", "../init.d/nginx");
  await mkdir(join(root, "usr/lib/systemd/system"), { recursive: true });
  await writeFile(join(root, "usr/lib/systemd/system/nginx.service"), "");
  const asked = (): Promise<readonly string[]> => found("lsb: { script: /etc/init.d/nginx }");
  expect(await asked()).toEqual(["web/nginx nginx /etc/rc2.d/S02nginx"]);
  await mkdir(join(root, "run/systemd/system"), { recursive: true });
  expect(await asked()).toEqual([]);
  await link(`${wants}/nginx.service`, "/lib/systemd/system/nginx.service");
  expect(await asked()).toEqual([`web/nginx nginx.service /${wants}/nginx.service`]);
});
