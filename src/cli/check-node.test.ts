import { describe, expect, it } from "vitest";
import { officeText } from "../config/office.fixture.ts";
import { parseConfig } from "../config/parse-config.ts";
import { ClusterError } from "../model/errors.ts";
import type { ResourceId } from "../model/ids.ts";
import type { FenceCall } from "../model/operation.ts";
import { fakeContext } from "./fixtures/fake-context.fixture.ts";
import { healthy } from "./fixtures/snapshots.fixture.ts";
import { judgeCluster, judgeNode } from "./judge-node.ts";
import type { NodeFacts } from "./node-facts.ts";
import { runCli } from "./run-cli.ts";

const well: NodeFacts = {
  name: "serv1",
  nameProblem: null,
  isRoot: true,
  keysProblem: null,
  stateFolder: { path: "/var/lib/hale", isThere: true, isWritable: true, freeBytes: 5_000_000_000 },
  realTimeProblem: null,
  isClockSynchronized: true,
  addresses: [
    { link: 0, address: "192.168.1.11", interface: "eth0", isUp: true, mtu: 1500, busy: [] },
    { link: 1, address: "10.9.9.1", interface: "eth1", isUp: true, mtu: 1500, busy: [] },
  ],
  watchdog: null,
  arbiterDisk: null,
  missingPrograms: [],
  bootStarts: [],
  hostClaims: [],
};

const parsed = parseConfig(officeText, "cluster.yaml");
const office = parsed.ok ? parsed.config : null;

/** What is not well, as `level topic text`. */
function troubles(change: Partial<NodeFacts>, hasDaemon = false): readonly string[] {
  return judgeNode({ ...well, ...change }, office, hasDaemon)
    .filter(({ level }) => level !== "ok")
    .map(({ level, topic, text }) => `${level} ${topic}: ${text}`);
}

const notReached = () => Promise.reject(new ClusterError("NOT_REACHED", "Cannot reach the daemon"));
const agents = (isInstalled: boolean) => () =>
  Promise.resolve({
    list: () => Promise.resolve([]),
    run: () => Promise.reject(new Error("not asked")),
    metadata: () =>
      Promise.resolve(
        isInstalled
          ? {
              ok: true as const,
              metadata: {
                name: "x",
                apiVersion: "",
                shortDescription: "",
                longDescription: "",
                parameters: [],
                actions: [],
              },
            }
          : { ok: false as const, reason: "it is not installed", isMissing: true },
      ),
  });

async function hale(words: string, over: Parameters<typeof fakeContext>[0] = {}) {
  const { context, spy } = fakeContext({
    readConfigText: () => Promise.resolve(officeText),
    inspectNode: () => Promise.resolve(well),
    fenceAgents: agents(true),
    ...over,
  });
  const code = await runCli(words.split(" "), context);
  return { code, ...spy };
}

describe("hale check", () => {
  it("says that nothing stands between the node and safety", async () => {
    const { code, out } = await hale("check");
    expect(out).toMatchInlineSnapshot(`
      "✓  configuration  /etc/hale/cluster.yaml, digest bf10f2a5c0f2
      ✓  name           this is node serv1
      ✓  keys           the key file is right, and nobody else may read it
      ✓  state          /var/lib/hale can be written, 4768 MiB free
      ✓  real time      allowed
      ✓  clock          synchronized
      ✓  links          192.168.1.11 on eth0, 10.9.9.1 on eth1
      ✓  port           the daemon has 6940
      ✓  programs       of all resources are here
      ✓  fence agents   fence_apc_snmp is installed
      ✓  quorum         2 of 2 or the arbiter fencing, members serv1 serv2
      ✓  links          all 2 are heard

      nothing stands between this node and safety
      "
    `);
    expect(code).toBe(0);
  });

  it("works without a daemon, and says what it could not look at", async () => {
    const { code, out } = await hale("check", { client: { status: notReached } });
    expect(out).toContain("!  daemon         haled does not run here");
    expect(out).toMatch(/do: start it: systemctl enable --now haled\n\n0 problems, 1 warning\n$/);
    expect(code).toBe(5);
  });

  it("[FEN-21] asks a shared disk, and no other device, whether it guards this node", async () => {
    const text = officeText
      .replace(
        "agent: fence_apc_snmp, ip: 10.9.9.9, port: 0161, password-file: /etc/hale/pdu.secret",
        "agent: sbd, devices: /dev/sdb",
      )
      .replace("{ device: pdu, plug: 1 }", "{ device: pdu, plug: serv1 }")
      .replace("[{ device: pdu, plug: 010 }, { device: pdu }]", "{ device: pdu, plug: serv2 }");
    const asked: FenceCall[] = [];
    const answer = async (confirmed: boolean) => {
      const fenceAgents = async () => ({
        ...(await agents(true)()),
        run: (call: FenceCall) => {
          asked.push(call);
          return Promise.resolve({ confirmed, reason: "sbd on serv1: why", output: "", durationMs: 1 });
        },
      });
      return hale("check", { readConfigText: () => Promise.resolve(text), fenceAgents });
    };
    expect((await answer(true)).out).toContain("✓  fencing        device pdu: sbd guards this node\n");
    expect(asked).toMatchObject([{ agent: "sbd", action: "on", plug: "serv1", parameters: { devices: "/dev/sdb" } }]);
    const { code, out } = await answer(false);
    expect(out).toContain("✗  fencing        device pdu: sbd on serv1: why\n");
    expect(out).toContain("do: nothing starts here until it is mended: cluster.yaml(5), FENCING THROUGH SHARED DISKS");
    expect(code).toBe(1);
    expect((await hale("check")).code).toBe(0);
  });

  it("ends by the worst, and says so in its document", async () => {
    const inspectNode = () => Promise.resolve({ ...well, keysProblem: 'Cannot use "/etc/hale/authkeys": mode 0644' });
    const { code, out } = await hale("check --json", { inspectNode, client: { status: notReached } });
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      worst: "problem",
      node: "serv1",
      hasDaemon: false,
      findings: expect.arrayContaining([
        { topic: "keys", level: "problem", text: 'Cannot use "/etc/hale/authkeys": mode 0644' },
      ]) as unknown,
    });
  });

  it("goes on where there is no configuration, or one with errors", async () => {
    const missing = () =>
      Promise.reject(new ClusterError("CONFIG_UNREADABLE", 'Cannot read "/etc/hale/cluster.yaml": ENOENT'));
    const none = await hale("check", { readConfigText: missing, client: { status: notReached } });
    expect([none.code, none.out]).toEqual([
      1,
      expect.stringContaining('✗  configuration  Cannot read "/etc/hale/cluster.yaml": ENOENT'),
    ]);
    const wrong = await hale("check", { readConfigText: () => Promise.resolve("cluster: x y\n") });
    expect([wrong.code, wrong.out]).toEqual([
      1,
      expect.stringMatching(/has \d errors\n +do: see each: hale config check/),
    ]);
  });

  it("asks for the fence agents, and tells what the configuration leaves to chance", async () => {
    const { code, out } = await hale("check", { fenceAgents: agents(false) });
    expect([code, out]).toEqual([
      1,
      expect.stringContaining("✗  fence agents   fence_apc_snmp: it is not installed; this node cannot fence with it"),
    ]);
    const single = officeText.replaceAll(/, 10\.9\.9\.[12]\]/g, "]");
    const advised = await hale("check", { readConfigText: () => Promise.resolve(single) });
    expect([advised.code, advised.out]).toEqual([
      5,
      expect.stringContaining("!  configuration  one link between the nodes"),
    ]);
  });
});

describe("the judgement of a node", () => {
  it("finds nothing where all is well", () => {
    expect(troubles({})).toEqual([]);
    expect(
      troubles({ watchdog: { device: "/dev/watchdog", isThere: true, holder: "/usr/sbin/haled (process 7)" } }, true),
    ).toEqual([]);
  });

  it.each<[Partial<NodeFacts>, string]>([
    [{ name: "serv9" }, "problem name: serv9 is not in the configuration (serv1, serv2)"],
    [{ name: null, nameProblem: "Cannot be a node" }, "problem name: Cannot be a node"],
    [{ stateFolder: { ...well.stateFolder, isThere: false } }, "warning state: /var/lib/hale is not there yet"],
    [{ stateFolder: { ...well.stateFolder, isWritable: false } }, "problem state: /var/lib/hale cannot be written"],
    [
      { stateFolder: { ...well.stateFolder, freeBytes: 50_000_000 } },
      "warning state: /var/lib/hale has 47 MiB free: a daemon that cannot write ends",
    ],
    [
      { stateFolder: { ...well.stateFolder, freeBytes: 1_000_000 } },
      "problem state: /var/lib/hale has 0 MiB free: a daemon that cannot write ends",
    ],
    [
      { realTimeProblem: "no CAP_SYS_NICE" },
      "warning real time: not allowed: no CAP_SYS_NICE; under load this node may look dead",
    ],
    [{ isRoot: false, realTimeProblem: "no CAP_SYS_NICE" }, "warning rights: not root: not everything can be seen"],
    [
      { isClockSynchronized: false },
      "warning clock: not synchronized: the times of events, failures and losses are those of one node's clock, and may jump",
    ],
    [
      { watchdog: { device: "/dev/watchdog", isThere: false, holder: null } },
      "problem watchdog: there is no /dev/watchdog",
    ],
    [
      { watchdog: { device: "/dev/watchdog", isThere: true, holder: "/usr/sbin/watchdog (process 7)" } },
      "problem watchdog: /dev/watchdog is held by /usr/sbin/watchdog (process 7)",
    ],
    [{ arbiterDisk: { path: "/dev/sdb", problem: "ENOENT" } }, "problem arbiter: the shared disk /dev/sdb: ENOENT"],
    [
      { missingPrograms: [{ resource: "intranet/lpd" as ResourceId, program: "/etc/init.d/lpd" }] },
      "warning programs: /etc/init.d/lpd of intranet/lpd cannot be run here: this node cannot take the service over",
    ],
    [
      {
        bootStarts: [
          { resource: "intranet/lpd" as ResourceId, name: "lpd", link: "/etc/rc2.d/S02lpd", by: "init" as const },
        ],
      },
      "warning boot: lpd is started at boot (/etc/rc2.d/S02lpd), beside intranet/lpd, which is the cluster's to start: it may run on two nodes",
    ],
    [
      {
        hostClaims: [
          { resource: "intranet/fs" as ResourceId, file: "/etc/fstab", line: 7, what: "mounts /dev/sdb1 at /srv" },
        ],
      },
      "warning boot: /etc/fstab:7 mounts /dev/sdb1 at /srv, beside intranet/fs, which is the cluster's: it may be on two nodes",
    ],
  ])("%j -> %s", (change, expected) => {
    expect(troubles(change)).toEqual([expected]);
  });

  it("looks at each link, and whether two share an interface", () => {
    const [first, second] = well.addresses;
    if (first === undefined || second === undefined) throw new RangeError("Cannot look at links: there are none");
    const withSecond = (change: Partial<typeof second>, hasDaemon = false) =>
      troubles({ addresses: [first, { ...second, ...change }] }, hasDaemon);
    expect(withSecond({ interface: null })).toEqual(["problem links: no interface has 10.9.9.1 (link 1)"]);
    expect(withSecond({ isUp: false })).toEqual(["problem links: eth1, which has 10.9.9.1 (link 1), is down"]);
    expect(withSecond({ mtu: 576 })).toEqual(["problem links: eth1, which has 10.9.9.1 (link 1), has an MTU of 576"]);
    expect(withSecond({ interface: "eth0" })).toEqual(["warning links: several links are on eth0: they fail together"]);
    expect(withSecond({ busy: ["UDP"] })).toEqual([
      "problem port: UDP port 6940 of 10.9.9.1 is taken, and no daemon of hale was reached",
    ]);
    expect(withSecond({ busy: ["UDP"] }, true)).toEqual([]);
  });

  it("takes from the daemon what only that can see", () => {
    const nodes = healthy.nodes.map((node) => ({
      ...node,
      links: node.links.map((link, index) => (index === 1 ? { ...link, state: "dead" as const } : link)),
    }));
    const witness = { address: "192.168.1.20:6941", isHeard: false, silentMs: 9_000, hasVote: true };
    const texts = judgeCluster({
      ...healthy,
      nodes,
      group: { ...healthy.group, isQuorate: false, status: "electing", witness },
      warnings: ["link serv2/1 (10.9.9.2) is dead", "service web has failed"],
    })
      .filter(({ level }) => level !== "ok")
      .map(({ level, text }) => `${level} ${text}`);
    expect(texts).toEqual([
      "problem none: this node is electing",
      "problem the witness at 192.168.1.20:6941 is not heard",
      "warning link 1 to serv2 (10.9.9.2) is dead",
      "warning service web has failed",
    ]);
  });

  it("tells a disk from a witness", () => {
    const witness = { address: "/dev/sdb", isDisk: true, isHeard: false, silentMs: 9_000, hasVote: true };
    const texts = judgeCluster({ ...healthy, group: { ...healthy.group, witness } }).map(({ text }) => text);
    expect(texts).toContain("the disk /dev/sdb is not heard");
  });
});
