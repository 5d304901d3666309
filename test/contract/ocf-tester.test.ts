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
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// Hale's own kinds of resources, wrapped as OCF agents, before Debian's ocf-tester: what Pacemaker expects of an agent, hale's adapters do.

const tester = "/usr/sbin/ocf-tester";
const canRun = process.getuid?.() === 0 && existsSync(tester) && existsSync("/usr/bin/xmllint");

const versions = existsSync("/usr/lib/postgresql") ? readdirSync("/usr/lib/postgresql").toSorted() : [];

/** Packages that are bundled ask for parts of Node in the old way. */
const requireHere = 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

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
    await build({
      entryPoints: [join(import.meta.dirname, "ocf-tester/kind-as-ocf.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      target: "node20",
      // Its start is most of the time that the tester takes.
      external: ["koffi"],
      minify: true,
      banner: { js: requireHere },
      outfile: bundle,
    });
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
    const described = parameters.map(
      (name) =>
        `<parameter name="${name}"><longdesc lang="en">${name}</longdesc><shortdesc lang="en">${name}</shortdesc><content type="string"/></parameter>`,
    );
    const actions = ["start", "stop", "monitor", "meta-data", "validate-all"].map(
      (name) => `<action name="${name}" timeout="20s"/>`,
    );
    const metadata = `<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="${kind}" version="1.0"><version>1.0</version><longdesc lang="en">${kind}</longdesc><shortdesc lang="en">${kind}</shortdesc>
<parameters>${described.join("")}</parameters><actions>${actions.join("")}</actions></resource-agent>`;
    const path = join(folder, kind);
    const call = `exec ${process.execPath} ${bundle} ${kind} ${join(folder, `run-${kind}`)} "$1"`;
    writeFileSync(
      path,
      `#!/bin/sh\nif [ "$1" = meta-data ]; then cat <<'XML'\n${metadata}\nXML\nexit 0; fi\n${call}\n`,
    );
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
