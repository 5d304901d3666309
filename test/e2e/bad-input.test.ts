import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { HaleCluster, haleConfig, labKeys } from "../../lab/hale-cluster.ts";
import type { ExecResult } from "../../lab/host-process.ts";
import type { LabHost } from "../../lab/host.ts";
import { Lab } from "../../lab/lab.ts";
import { waitUntil } from "../../lab/wait-until.ts";

const waitMs = 30_000;
const daemonProgram = new URL("../../dist/haled.js", import.meta.url).pathname;
const heartbeat = { keepalive: "100ms", deadtime: "500ms", initdead: "5s" };
const quorum = { arbiter: "fencing", prefer: "n1" };

let lab: Lab;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"] });
});
afterAll(async () => lab.close());

describe("haled does not start, and says what to do", () => {
  let host: LabHost;
  let good: string;

  beforeAll(() => {
    host = lab.host("n3");
    good = haleConfig(lab, { heartbeat }, ["n1", "n2", "n3"]);
  });

  const wrongConfig = (text: string): string =>
    text.replace("keepalive: 100ms", "keepalive: soon").replace("cluster: lab", "cluster: a b").replace("6940", "x");

  test.each<[string, string, number, readonly RegExp[]]>([
    ["no configuration", "rm /etc/hale/cluster.yaml", 2, [/cluster\.yaml": ENOENT; write it/]],
    ["a folder for a configuration", "rm /etc/hale/cluster.yaml; mkdir /etc/hale/cluster.yaml", 2, [/EISDIR/]],
    [
      "random bytes for a configuration",
      "head -c 9999 /dev/urandom >/etc/hale/cluster.yaml",
      2,
      [/cluster\.yaml:\d+:\d+: /],
    ],
    [
      "another node's configuration",
      "sed -i s/n3/m3/ /etc/hale/cluster.yaml",
      2,
      [/as "n3": not among the nodes \(n1, n2, m3\)/],
    ],
    ["no keys", "rm /etc/hale/authkeys", 2, [/authkeys": ENOENT, wants a file such as/]],
    ["keys that all can read", "chmod 644 /etc/hale/authkeys", 2, [/mode 0644 lets others read it, wants chmod 600/]],
    [
      "random bytes for keys",
      "head -c 999 /dev/urandom >/etc/hale/authkeys",
      2,
      [/Cannot use "\/etc\/hale\/authkeys"/, /line 1, column 1: .* wanted/],
    ],
    [
      "a disk that is full",
      "mount -t tmpfs -o size=8k tmpfs /var/lib/hale; cat /dev/zero >/var/lib/hale/fill",
      1,
      [/the disk is full; make room/],
    ],
    ["a disk that cannot be written", "mount -t tmpfs -o ro tmpfs /var/lib/hale", 1, [/read-only; check the disk/]],
    [
      "a state of a newer version",
      "printf 'hale journal 9\\n\\n' >/var/lib/hale/journal",
      1,
      [/format 9, only 1 is known/],
    ],
  ])("%s", async (_what, spoil, code, told) => {
    await host.run(["sh", "-c", "rm -rf /etc/hale/* /var/lib/hale/* /run/hale"]);
    await host.writeFile("/etc/hale/cluster.yaml", good, 0o644);
    await host.writeFile("/etc/hale/authkeys", labKeys, 0o600);
    await host.exec(["sh", "-c", spoil]);
    const result = await host.exec([daemonProgram]);
    if (spoil.includes("mount")) await host.run(["umount", "/var/lib/hale"]);
    expect(result.code, said(result)).toBe(code);
    for (const pattern of told) expect(said(result)).toMatch(pattern);
  });

  test.each<[string, string, string, RegExp]>([
    [
      "a file",
      "touch /tmp/state-file",
      "/tmp/state-file",
      /ENOTDIR, something that is not a folder is in the way; move/,
    ],
    ["below a file", "touch /tmp/state-file", "/tmp/state-file/x", /ENOTDIR, something that is not a folder is in the/],
    ["a link to nowhere", "ln -s /no/where /tmp/state-link", "/tmp/state-link", /ENOENT, .* set HALE_STATE/],
    [
      "one that no kernel makes",
      "true",
      "/proc/hale/state",
      /ENOENT, the folder cannot be made there .* set HALE_STATE/,
    ],
  ])("a state folder that is %s", async (_what, spoil, state, told) => {
    await host.run(["sh", "-c", "rm -rf /etc/hale/*"]);
    await host.writeFile("/etc/hale/cluster.yaml", good, 0o644);
    await host.writeFile("/etc/hale/authkeys", labKeys, 0o600);
    await host.exec(["sh", "-c", spoil]);
    const result = await host.exec([daemonProgram], { env: { HALE_STATE: state }, timeoutMs: 10_000 });
    expect(result.code, said(result)).toBe(1);
    expect(said(result)).toContain(`"${state}/journal"`);
    expect(said(result)).toMatch(told);
  });

  test("a wrong configuration: every error at once, with line, column, what was found and what is wanted", async () => {
    await host.run(["sh", "-c", "rm -rf /etc/hale/*"]);
    await host.writeFile("/etc/hale/cluster.yaml", wrongConfig(good), 0o644);
    const result = await host.exec([daemonProgram]);
    expect(result.code).toBe(2);
    expect(said(result)).toMatch(/cluster\.yaml:1:10: cluster: found "a b", wanted /);
    expect(said(result)).toMatch(/cluster\.yaml:3:14: heartbeat\.keepalive: found "soon", wanted /);
  });

  test("not root", async () => {
    const result = await host.exec(["setpriv", "--reuid=65534", "--clear-groups", daemonProgram]);
    expect(result.code).toBe(1);
    expect(said(result)).toMatch(/not root; .*start it as root/);
  });
});

describe("a cluster that runs", () => {
  const nodes = ["n1", "n2"];
  let cluster: HaleCluster;

  const start = (...command: readonly string[]): unknown => ({
    resources: [{ exec: { start: { command, timeout: "1s" }, stop: ["true"], monitor: ["sh", "-c", "exit 7"] } }],
  });
  const broken = ["sh", "-c", "echo no such option; exit 1"];
  const services = {
    missing: start("/usr/bin/not-there"),
    "not-executable": start("/etc/hale/authkeys"),
    hanging: start("sh", "-c", "echo about to hang; sleep 1000"),
    garbage: start("sh", "-c", "head -c 3000 /dev/urandom; echo; echo the last words; exit 3"),
    dying: start("sh", "-c", "echo the last words; kill -SEGV $$"),
    "no-ocf-agent": { resources: [{ ocf: { agent: "heartbeat:not-there" } }] },
    broken: { resources: [{ exec: { start: broken, stop: broken, monitor: broken } }] },
    "no-init-script": { resources: [{ lsb: { script: "/etc/init.d/not-there" } }] },
  };

  beforeAll(async () => {
    cluster = await HaleCluster.found(lab, { config: { heartbeat, quorum, services }, nodes });
    await cluster.waitForMembers();
  });

  test.each([
    ["missing", /start of missing\/exec: failed.*Cannot run "\/usr\/bin\/not-there": no such file/],
    ["not-executable", /start of not-executable\/exec: failed.*it is not executable: chmod \+x/],
    ["hanging", /start of hanging\/exec: timed-out.*not done after 1000 ms[^]*\| about to hang/],
    ["garbage", /start of garbage\/exec: failed, exit 3[^]*the last words/],
    ["dying", /start of dying\/exec: failed.*killed by SIGSEGV[^]*\| the last words/],
    ["no-ocf-agent", /no such file: apt install resource-agents/],
    ["broken", /stop of broken\/exec: failed, exit 1[^]*no such option/],
    ["no-init-script", /start of .*: failed.*"\/etc\/init\.d\/not-there": no such file/],
  ])(
    "an agent that is %s: a failed operation with its output in hale why, and nobody is fenced",
    async (service, told) => {
      await waitUntil(`hale why ${service}`, waitMs, async () =>
        told.test((await cluster.hale("n1", ["why", service])).stdout),
      );
      expect(lab.fenceDevice.orders).toEqual([]);
    },
  );

  test("a wrong configuration is refused with all its errors, and the old one stays in force", async () => {
    const before = await cluster.status("n1");
    const file = await lab.host("n1").readFile("/etc/hale/cluster.yaml");
    await lab.host("n1").writeFile("/etc/hale/cluster.yaml", file.replace("100ms", "soon").replace("500ms", "late"));
    for (const command of [
      ["config", "reload"],
      ["config", "check"],
    ]) {
      const result = await cluster.hale("n1", command);
      expect(result.code).toBe(2);
      expect(said(result)).toMatch(/:3:14: .*found "soon", wanted [^]*:4:13: .*found "late", wanted /);
    }
    expect((await cluster.status("n1"))?.config.digest).toBe(before?.config.digest);
    expect(cluster.isDaemonRunning("n1")).toBe(true);
    await lab.host("n1").writeFile("/etc/hale/cluster.yaml", file);
  });

  test("a second daemon on the same state, or on the same port, is refused; the first one goes on", async () => {
    const host = lab.host("n1");
    const second = await host.exec([daemonProgram]);
    expect(second.code).toBe(1);
    expect(said(second)).toMatch(/another haled uses it; stop that one, or set HALE_STATE/);
    const third = await host.exec([daemonProgram], { env: { HALE_STATE: "/tmp/other-state" } });
    expect(third.code).toBe(1);
    expect(said(third)).toMatch(/10\.77\.0\.1:6940: EADDRINUSE, another program has the port; stop it/);
    expect((await cluster.status("n1"))?.group.isQuorate).toBe(true);
  });
});

function said({ stdout, stderr }: ExecResult): string {
  return stdout + stderr;
}
