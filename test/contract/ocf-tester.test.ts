import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleKinds, kindScript } from "./ocf-tester/kinds.ts";

// Hale's own kinds of resources, wrapped as OCF agents, before Debian's ocf-tester: what Pacemaker expects of an agent, hale's adapters do. lvm, nfs-export and
// systemd are in test/vm/ocf-tester.test.ts.

const tester = "/usr/sbin/ocf-tester";
const canRun = process.getuid?.() === 0 && existsSync(tester) && existsSync("/usr/bin/xmllint");

const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql").toSorted() : [];

/** In namespaces of its own, with a network to give addresses in. */
const isolated = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-ec"];
const network =
  "ip link set lo up; ip link add hale0 type veth peer name hale1; ip link set hale0 up; ip link set hale1 up; ip address add 192.168.7.11/24 dev hale0; ";

// Twenty calls of a program that first loads Node.js, on a machine that may be busy.
describe.skipIf(!canRun)("ocf-tester", { timeout: 120_000 }, () => {
  let folder: string;
  let bundle: string;
  let device = "";

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "hale-ocf-tester-"));
    // ocf-tester asks the agent for its description as nobody.
    chmodSync(folder, 0o755);
    symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
    bundle = join(folder, "kind-as-ocf.mjs");
    await bundleKinds(bundle);
    const image = join(folder, "image");
    execFileSync("truncate", ["--size=8M", image]);
    execFileSync("mkfs.ext4", ["-q", image]);
    device = execFileSync("losetup", ["--find", "--show", image], { encoding: "utf8" }).trim();
  });

  afterAll(() => {
    if (device !== "") execFileSync("losetup", ["--detach", device]);
    rmSync(folder, { recursive: true });
  });

  /** An executable that offers a kind in the OCF call style. */
  function wrap(kind: string, parameters: readonly string[]): string {
    const path = join(folder, kind);
    const call = `exec ${process.execPath} ${bundle} ${kind} ${join(folder, `run-${kind}`)} "$1"`;
    writeFileSync(path, kindScript(kind, parameters, call));
    chmodSync(path, 0o755);
    return path;
  }

  /** An init script, or an agent of the other style, that keeps a process. */
  function script(name: string, status: number): string {
    const [path, pid] = [join(folder, `${name}.sh`), join(folder, `${name}.pid`)];
    const alive = `[ -e ${pid} ] && kill -0 $(cat ${pid}) 2>/dev/null`;
    writeFileSync(
      path,
      `#!/bin/sh
case "$1" in
start) ${alive} || { setsid sleep 600 </dev/null >/dev/null 2>&1 & echo $! >${pid}; } ;;
stop) ${alive} && kill $(cat ${pid}); rm -f ${pid} ;;
status) ${alive} || exit ${status} ;;
esac
exit 0
`,
    );
    chmodSync(path, 0o755);
    return path;
  }

  async function testAgent(path: string, parameters: Readonly<Record<string, string>>, signal: AbortSignal) {
    const options = Object.entries(parameters).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
    const words = [tester, "-n", "wrapped", ...options, path].map((word) => `'${word}'`).join(" ");
    return new Promise<{ readonly passed: boolean; readonly said: string }>((resolve) => {
      execFile("unshare", [...isolated, network + words], { signal }, (error, stdout, stderr) => {
        resolve({ passed: error === null, said: `${stdout}${stderr}` });
      });
    });
  }

  const kinds: readonly (readonly [string, () => Readonly<Record<string, string>>])[] = [
    ["address", () => ({ ip: "192.168.7.50/24" })],
    ["delay", () => ({ wait_start: "1ms", wait_stop: "1ms" })],
    [
      "exec",
      () => {
        const path = script("exec", 7);
        const command = (action: string): string => JSON.stringify([path, action]);
        return { start: command("start"), stop: command("stop"), monitor: command("status") };
      },
    ],
    [
      "filesystem",
      () => {
        const directory = join(folder, "mounted");
        mkdirSync(directory);
        return { device, directory, fstype: "ext4" };
      },
    ],
    ["lsb", () => ({ script: script("lsb", 3) })],
    ["ocf", () => ({ agent: "heartbeat:Dummy", state: join(folder, "dummy.state") })],
    ["rhcs", () => ({ agent: script("rhcs", 1) })],
    [
      "samba",
      () => {
        const config = join(folder, "smb.conf");
        writeFileSync(config, "[global]\n  load printers = no\n");
        return { config, folder: join(folder, "samba-state"), netbios_name: "WRAPPED", addresses: '["192.168.7.11"]' };
      },
    ],
  ];

  test.for(kinds)("[AGT-1] %s passes", async ([kind, parametersOf], { signal }) => {
    const parameters = parametersOf();
    const path = wrap(kind, Object.keys(parameters));
    const { passed, said } = await testAgent(path, parameters, signal);
    expect(said).toContain(`${path} passed all tests`);
    expect(passed).toBe(true);
  });

  test.skipIf(versions.length === 0)("hale:pgsql passes, with promote and demote", async ({ signal }) => {
    const initdb = join("/usr/lib/postgresql", versions.at(-1) ?? "", "bin/initdb");
    const pgdata = join(folder, "pg", "data");
    mkdirSync(join(folder, "pg"));
    execFileSync("chown", ["postgres:", join(folder, "pg")]);
    execFileSync("runuser", ["-u", "postgres", "--", initdb, "--auth=trust", "--no-sync", "-D", pgdata]);
    const agent = resolve("agents/hale/pgsql");
    const parameters = { pgdata, primary_host: "192.168.7.11", socketdir: join(folder, "pg") };
    const { passed, said } = await testAgent(agent, parameters, signal);
    expect(said).toContain(`${agent} passed all tests`);
    expect(said).not.toContain("promotable clones");
    expect(passed).toBe(true);
  });
});
