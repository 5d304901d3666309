import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HaleCluster, haleConfig, halePrograms, type HaleConfig } from "../../lab/hale-cluster.ts";
import type { ExecResult } from "../../lab/host-process.ts";
import { Lab } from "../../lab/lab.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import type { ScheduleSnapshot, Snapshot, Why } from "../../src/model/snapshot.ts";

// What operators type, on real hosts. One lab for all, so each test leaves the cluster as it found it: all members, every service started.

const jobScript = "/etc/hale/job";
const brokenMark = "/etc/hale/job-is-broken";

/** A daemon of our own: it lives, it dies, it can be broken. */
const job = `#!/bin/sh
case $1 in
  start)
    if [ -e ${brokenMark} ]; then echo "cannot open its data: the disk is missing" >&2; exit 1; fi
    setsid sleep 1000000 </dev/null >/dev/null 2>&1 &
    echo $! >/run/job.pid ;;
  stop) [ -e /run/job.pid ] && kill "$(cat /run/job.pid)"; rm -f /run/job.pid ;;
  monitor) [ -e /run/job.pid ] && kill -0 "$(cat /run/job.pid)" 2>/dev/null || exit 7 ;;
esac
exit 0
`;

let lab: Lab;
let cluster: HaleCluster;

beforeAll(async () => {
  lab = await Lab.create({ hosts: ["n1", "n2", "n3"], programs: halePrograms });
  await Promise.all([...lab.hosts.values()].map(async (host) => host.writeFile(jobScript, job, 0o755)));
  cluster = await HaleCluster.found(lab, { config: services() });
  await cluster.waitForMembers();
  await Promise.all(["front", "web", "job"].map(async (name) => cluster.waitForService(name, { owner: "n1" })));
});
afterAll(async () => lab.close());

/** `front` returns to the first node that may run it, `web` stays away from n3, `job` can be killed. */
function services(more: HaleConfig["services"] = {}): HaleConfig {
  const exec = (action: string) => [jobScript, action];
  return {
    heartbeat: { keepalive: "100ms", deadtime: "800ms", initdead: "10s" },
    services: {
      front: {
        domain: { nodes: ["n1", "n2", "n3"], ordered: true, failback: true },
        resources: [{ address: { ip: `${lab.virtualIp()}/24` } }, { ocf: { agent: "heartbeat:Dummy" } }],
      },
      web: {
        domain: { nodes: ["n1", "n2"], ordered: true, restricted: true },
        resources: [{ ocf: { agent: "heartbeat:Dummy", name: "site" } }, { address: { ip: `${lab.virtualIp(1)}/24` } }],
      },
      job: {
        domain: { nodes: ["n1", "n2"], ordered: true, restricted: true },
        recovery: { policy: "restart", "max-restarts": 1, within: "10m" },
        resources: [
          {
            exec: {
              name: "worker",
              start: exec("start"),
              stop: exec("stop"),
              monitor: { command: exec("monitor"), interval: "1s", timeout: "5s" },
            },
          },
        ],
      },
      ...more,
    },
  };
}

async function hale(node: string, words: string): Promise<ExecResult> {
  return cluster.hale(node, words.split(" "));
}

async function expectRefusal(words: string, code: number, text: RegExp): Promise<void> {
  const result = await hale("n2", words);
  expect({ words, code: result.code, out: result.stdout }).toEqual({ words, code, out: "" });
  expect(result.stderr).toMatch(text);
}

async function why(service: string): Promise<Why> {
  return JSON.parse(await cluster.must("n2", ["why", service, "--json"])) as Why;
}

/** Starts of `service` that all members know of. */
async function startsOf(service: string): Promise<number> {
  return (await cluster.must("n2", ["events"])).split(`service ${service}: starting on `).length - 1;
}

test("[SAFE-5, SVC-16] a service is disabled and enabled, restarted and relocated, and each step is shown", async () => {
  const disabled = await hale("n3", "service disable web");
  expect(disabled).toMatchObject({ code: 0, stderr: "" });
  expect(disabled.stdout.split("\n")).toEqual([
    expect.stringMatching(/^· accepted, entry \d+$/),
    "· service web: disabled by root",
    "· service web: started on n1 -> stopping on n1: disabled by root",
    "· service web: stopping on n1 -> stopped: disabled by root",
    "✓ service web is stopped",
    "",
  ]);
  await expectRefusal("service relocate web --to n2", 1, /web.*: it is disabled; enable it first \[NOT_ALLOWED\]/);
  await expectRefusal("service restart web", 1, /it is disabled; enable it first \[NOT_ALLOWED\]/);
  expect(await hale("n2", "service enable web")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("✓ service web is started on n1") as string,
  });

  const before = await startsOf("web");
  expect((await hale("n2", "service restart web")).stdout).toMatch(
    /stopping on n1[^]*✓ service web is started on n1\n/,
  );
  expect(await startsOf("web")).toBe(before + 1);

  const relocated = await hale("n1", "service relocate web --to n2 --json");
  expect(JSON.parse(relocated.stdout)).toMatchObject({ ok: true, text: "service web is started on n2" });
  // To the best other node; n3 is none for this one.
  expect((await hale("n3", "service relocate web")).stdout).toContain("✓ service web is started on n1");
  expect((await hale("n1", "service relocate web --to n1")).code, "where it is already").toBe(0);
});

test("[SVC-50, SVC-51] why it moved then, with each node's case at that time, and what its agents said", async () => {
  const then = async (): Promise<string> => {
    const [moved] = (await why("web")).history;
    return new Date(moved?.at ?? 0).toISOString().slice(0, 19).concat("Z");
  };
  expect((await hale("n1", "node standby n1")).code).toBe(0);
  await cluster.waitForService("web", { owner: "n2" });
  const at = await then();
  expect((await hale("n1", "node online n1")).code).toBe(0);
  // In a later second, so that the time says which of the two is meant.
  await waitUntil("the next second", 5_000, () => new Date().toISOString().slice(0, 19).concat("Z") > at);
  expect((await hale("n3", "service relocate web --to n1")).code).toBe(0);
  const told = await hale("n3", `why web --at ${at}`);
  expect(told).toMatchObject({ code: 0, stderr: "" });
  expect(told.stdout).toMatch(/n2 +runs it[^]*n1 +may not +on standby/);
  const runs = JSON.parse(await cluster.must("n1", ["why", "web", "--json"])) as Why;
  expect(runs.runs?.map(({ action }) => action)).toContain("start");
  expect((await hale("n1", "why web")).stdout).toContain("LAST RUNS OF ITS AGENTS HERE");
});

test("[SAFE-5, PLC-2, SVC-15] what the rules forbid is refused with a code, and nothing moves", async () => {
  const starts = await startsOf("web");
  await expectRefusal(
    "service relocate web --to n3",
    1,
    /web" to node "n3": not in its domain \(n1, n2\).*\[NOT_ALLOWED\]/,
  );
  await expectRefusal("service relocate web --to n4", 1, /"n4": the configuration has n1, n2, n3 \[NODE_UNKNOWN\]/);
  await expectRefusal("service enable wbe", 1, /"wbe": the configuration has front, job, web \[SERVICE_UNKNOWN\]/);
  await expectRefusal("service relocate web --too n1", 2, /unknown option '--too'/);
  await expectRefusal("service enable we/b", 2, /\[USAGE\]/);
  expect(await startsOf("web")).toBe(starts);
});

test("[SVC-14, PLC-4, PLC-5] a node on standby gives up its services; online, only those with failback return", async () => {
  const standby = await hale("n3", "node standby n1");
  expect(standby.stdout).toMatch(/✓ node n1 is on standby and has no services\n$/);
  for (const name of ["front", "web", "job"]) await cluster.waitForService(name, { owner: "n2" });
  await expectRefusal("service relocate front --to n1", 1, /on standby.*\[NOT_ALLOWED\]/);

  expect((await hale("n3", "node online n1")).code).toBe(0);
  await cluster.waitForService("front", { owner: "n1" });
  for (const name of ["web", "job"]) expect(await cluster.owner(name), "no failback").toBe("n2");
  for (const name of ["web", "job"]) await cluster.must("n1", ["service", "relocate", name, "--to", "n1"]);
});

test("[FEN-1, FEN-9, FEN-10] a node is fenced when an operator asks; a member cannot be sworn to be off", async () => {
  await expectRefusal("node confirm-off n3", 1, /"n3" as off: it is a member of the group \[NOT_ALLOWED\]/);
  const [powerOns, offs] = [lab.host("n3").powerOns, lab.fenceDevice.count("off", "n3")];
  const fenced = await hale("n1", "node fence n3");
  expect(fenced.stdout).toMatch(/✓ node n3 (is off|was fenced and is back)/);
  expect(lab.fenceDevice.count("off", "n3")).toBe(offs + 1);
  await cluster.waitForMembers();
  expect(lab.host("n3").powerOns, "it was off and on again").toBe(powerOns + 1);
});

test("[SVC-5, SVC-8, PLC-8] why: a start that failed everywhere, with what the agent said; mended, it is cleared", async () => {
  for (const node of ["n1", "n2"]) await lab.host(node).writeFile(brokenMark, "");
  const restarted = await hale("n3", "service restart job");
  expect(restarted.code).toBe(1);
  expect(restarted.stderr).toMatch(/^hale: service job is failed/);

  expect(await hale("n3", "why job")).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("| cannot open its data: the disk is missing") as string,
  });
  const told = await why("job");
  expect(told.nodes.map(({ node, verdict }) => [node, verdict])).toContainEqual(["n3", "may not"]);
  expect(new Set(told.failures.map(({ node, resource, action }) => `${node} ${action} ${resource}`))).toEqual(
    new Set(["n1 start job/worker", "n2 start job/worker"]),
  );

  for (const node of ["n1", "n2"]) await lab.host(node).run(["rm", brokenMark]);
  expect(await hale("n3", "service clear job")).toMatchObject({ code: 0, stderr: "" });
  await cluster.waitForService("job", { owner: "n1" });
});

test("[SVC-6, SVC-10, LIVE-2] a program killed behind hale's back is restarted where it was, and relocated when that was too often", async () => {
  const kill = async (node: string) => lab.host(node).run(["sh", "-c", "kill -9 $(cat /run/job.pid)"]);
  const starts = await startsOf("job");
  await kill("n1");
  await waitUntil("a restart of job", 10_000, async () => (await startsOf("job")) === starts + 1);
  await cluster.waitForService("job", { owner: "n1" });
  await kill("n1");
  await cluster.waitForService("job", { owner: "n2" });
  expect((await why("job")).summary).toContain("monitor of job/worker found it not running");
  expect(await startsOf("job")).toBe(starts + 2);
  await cluster.must("n3", ["service", "clear", "job"]);
  await cluster.must("n3", ["service", "relocate", "job", "--to", "n1"]);
});

test("events -f goes on through what happens, and through a restart of the daemon", async () => {
  const events = await lab.host("n3").spawn(["hale", "events", "-f"]);
  await events.waitForOutput(/configuration [0-9a-f]{12} in force/);
  await cluster.must("n1", ["service", "disable", "front"]);
  await events.waitForOutput(/n1 {2}service front: stopping on n1 -> stopped: disabled by root\n/);
  await cluster.killDaemon("n3");
  await events.waitForOutput(/trying again/);
  await cluster.startDaemon("n3");
  await cluster.waitForMembers();
  await cluster.must("n1", ["service", "enable", "front"]);
  await events.waitForOutput(/service front: starting on n1 -> started on n1: enabled by root\n/);
  events.kill("SIGINT");
  expect(await events.exited).toBe(0);
});

test("watch draws on a screen of its own and leaves the terminal as it was; a change cut short ends with 130", async () => {
  const terminal = await lab
    .host("n2")
    .spawn(["script", "--quiet", "--return", "--command", "hale watch -i 200ms", "/dev/null"]);
  await terminal.waitForOutput(/quorate[^]*web/);
  await lab.host("n2").run(["pkill", "-INT", "-f", "^node .*hale watch"]);
  expect(await terminal.exited).toBe(0);
  const drawn = await terminal.output();
  expect(drawn.startsWith("\u001b[?1049h\u001b[?25l"), "a screen of its own, without cursor").toBe(true);
  expect(drawn.endsWith("\u001b[?25h\u001b[?1049l"), "both undone").toBe(true);

  const { powerOns } = lab.host("n3");
  // Long enough to be interrupted.
  lab.fenceDevice.delayMs = 3_000;
  const fence = await lab.host("n1").spawn(["hale", "node", "fence", "n3"]);
  await fence.waitForOutput(/fence \d+ requested/);
  fence.kill("SIGINT");
  expect(await fence.exited).toBe(130);
  expect(await fence.output()).toContain("what was accepted goes on");
  await waitUntil("n3 to be fenced after all", 20_000, () => lab.host("n3").powerOns === powerOns + 1);
  lab.fenceDevice.delayMs = 0;
  await cluster.waitForMembers();
});

test("config check tells every mistake at once; reload takes a right file and keeps the old one before a wrong one", async () => {
  const n1 = lab.host("n1");
  const wrong = haleConfig(lab, services())
    .replace("800ms", "8ms")
    .replace("ordered: true", "ordred: true")
    .replace("n2", "n9");
  await n1.writeFile("/etc/hale/wrong.yaml", wrong);
  const checked = await hale("n1", "config check /etc/hale/wrong.yaml");
  expect(checked.code).toBe(2);
  for (const place of ["heartbeat.deadtime", "ordred", "n9"]) expect(checked.stderr).toContain(place);
  expect(checked.stderr).toMatch(/\d errors in \/etc\/hale\/wrong\.yaml\n$/);
  expect(await hale("n1", "config check")).toMatchObject({ code: 0, stderr: "" });

  const { digest } = JSON.parse(await cluster.must("n1", ["config", "show", "--json"])) as { digest: string };
  await n1.writeFile("/etc/hale/cluster.yaml", wrong);
  expect(await hale("n1", "config reload")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("ordred") as string,
  });
  expect(await cluster.must("n3", ["config", "show"])).toContain(digest);

  const more = {
    extra: { domain: { nodes: ["n3"] }, resources: [{ ocf: { agent: "heartbeat:Dummy", name: "more" } }] },
  };
  const right = haleConfig(lab, services(more));
  for (const node of cluster.nodes) await lab.host(node).writeFile("/etc/hale/cluster.yaml", right);
  const starts = await startsOf("web");
  expect(await hale("n1", "config reload")).toMatchObject({ code: 0, stderr: "" });
  await cluster.waitForService("extra", { owner: "n3" });
  expect(await startsOf("web"), "others are left alone").toBe(starts);
});

test("[SVC-49] config apply shows what follows, brings it about everywhere, and keeps the file", async () => {
  const n1 = lab.host("n1");
  const before = await n1.readFile("/etc/hale/cluster.yaml");
  const dummy = (name: string) => ({
    domain: { nodes: ["n3"] },
    resources: [{ ocf: { agent: "heartbeat:Dummy", name } }],
  });
  const next = haleConfig(lab, services({ added: dummy("added") }));
  await n1.writeFile("/root/next.yaml", next);
  const told = await cluster.must("n1", ["config", "apply", "/root/next.yaml", "--dry-run"]);
  expect(told).toContain("start added on n3");
  expect(await n1.readFile("/etc/hale/cluster.yaml")).toBe(before);
  const starts = await startsOf("web");
  const applied = await hale("n1", "config apply /root/next.yaml");
  expect(applied).toMatchObject({ code: 0, stderr: "" });
  expect(applied.stdout).toContain("added: starting on n3 -> started on n3");
  expect(JSON.parse(await cluster.must("n2", ["status", "--json"]))).toMatchObject({
    services: expect.arrayContaining([expect.objectContaining({ service: "added", state: "started" })]) as unknown,
  });
  expect(await startsOf("web"), "others are left alone").toBe(starts);
  expect(await n1.readFile("/etc/hale/cluster.yaml")).toBe(next);
  expect(await n1.readFile("/etc/hale/cluster.yaml.before")).toBe(before);
  const differing = { n1: false, n2: true };
  for (const [node, differs] of Object.entries(differing)) {
    const { config } = JSON.parse(await cluster.must(node, ["status", "--json"])) as Snapshot;
    expect(config.digest !== config.fileDigest, node).toBe(differs);
  }
  await n1.writeFile("/root/next.yaml", next.replace("ordered: true", "ordred: true"));
  expect(await hale("n1", "config apply /root/next.yaml")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("ordred") as string,
  });
  expect(await hale("n1", "config apply /etc/hale/cluster.yaml.before")).toMatchObject({ code: 0, stderr: "" });
  expect(await n1.readFile("/etc/hale/cluster.yaml")).toBe(before);
});

test("reload takes other keys at once, refuses wrong ones, and names what waits for a restart", async () => {
  const { view } = (await cluster.status("n1"))?.group ?? {};
  const [old, fresh] = ["1 hmac-sha256 a-secret-that-only-this-lab-knows", "2 hmac-sha256 another-secret-of-this-lab"];
  const reloadAll = async (keys: string): Promise<void> => {
    for (const node of cluster.nodes) {
      await lab.host(node).writeFile("/etc/hale/authkeys", keys, 0o600);
      const reloaded = await hale(node, "config reload");
      expect(reloaded).toMatchObject({ code: 0, stderr: "" });
      expect(reloaded.stdout).toMatch(/; keys of this node in use: signs with \d, believes/);
    }
  };
  await reloadAll(`auth 1\n${old}\n${fresh}\n`);
  await reloadAll(`auth 2\n${old}\n${fresh}\n`);
  await reloadAll(`auth 2\n${fresh}\n`);
  await lab.host("n1").writeFile("/etc/hale/authkeys", "auth 3\n", 0o600);
  expect(await hale("n1", "config reload")).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/line 1, column 6: key 3 is not in the file[^]*\[KEYS_INVALID\]/) as string,
  });
  await lab.host("n1").writeFile("/etc/hale/authkeys", `auth 2\n${fresh}\n`, 0o600);
  const status = await cluster.status("n2");
  expect(status?.group.view, "nobody was lost meanwhile").toEqual(view);
  expect(status?.dropped).not.toHaveProperty("mac");
  expect(status?.dropped).not.toHaveProperty("key");

  const file = await lab.host("n1").readFile("/etc/hale/cluster.yaml");
  const told = /restart haled, one node after the other, for what is in use only then: heartbeat\.initdead/;
  await lab.host("n1").writeFile("/etc/hale/cluster.yaml", file.replace("initdead: 10s", "initdead: 11s"));
  expect((await hale("n1", "config reload")).stdout).toMatch(told);
  expect((await hale("n1", "status")).stdout).toMatch(told);
  await lab.host("n1").writeFile("/etc/hale/cluster.yaml", file);
  expect((await hale("n1", "config reload")).stdout).not.toMatch(told);
});

test("simulate plays a shipped story, with its verdict as the exit code", async () => {
  const story = new URL("../../scenarios/owner-loses-power/scenario.yaml", import.meta.url).pathname;
  const played = await hale("n1", `simulate ${story}`);
  expect(played).toMatchObject({ code: 0, stderr: "" });
  expect(played.stdout).toContain("✓ every expectation held");
  expect(JSON.parse((await hale("n1", `simulate ${story} --json`)).stdout)).toMatchObject({ ok: true, violations: [] });

  const long = (await readFile(story, "utf8"))
    .replace(/^until: .*$/m, "until: 2400h")
    .replace("../two-nodes.yaml", new URL("../../scenarios/two-nodes.yaml", import.meta.url).pathname);
  await lab.host("n1").writeFile("/etc/hale/story.yaml", long);
  const startedAt = performance.now();
  const cut = await lab
    .host("n1")
    .exec(["timeout", "--signal=INT", "--preserve-status", "2", "hale", "simulate", "/etc/hale/story.yaml"]);
  expect({ code: cut.code, stdout: cut.stdout }, cut.stderr).toEqual({ code: 130, stdout: "" });
  expect(performance.now() - startedAt, "at once, in the middle of computing").toBeLessThan(10_000);
});

test("hale check looks at a node whose daemon runs, and at one whose daemon does not", async () => {
  const { code, stdout } = await hale("n1", "check --json");
  const { hasDaemon, findings } = JSON.parse(stdout) as {
    readonly hasDaemon: boolean;
    readonly findings: readonly { readonly topic: string; readonly level: string; readonly text: string }[];
  };
  const problems = findings.filter(({ level }) => level === "problem");
  expect({ hasDaemon, problems, code: code === 0 || code === 5 }).toEqual({
    hasDaemon: true,
    problems: [],
    code: true,
  });
  for (const topic of ["configuration", "keys", "state", "links", "port", "programs", "quorum"])
    expect(findings).toContainEqual(expect.objectContaining({ topic, level: "ok" }));
  const own =
    "mkdir -p /etc/network && printf 'iface eth0 inet static\\n  address %s/24\\n' \"$1\" >/etc/network/interfaces";
  await lab.host("n2").run(["sh", "-c", own, "sh", lab.virtualIp()]);
  expect((await hale("n2", "check")).stdout).toMatch(/\/etc\/network\/interfaces:\d+ sets .*, beside (web|front)\//);
  const folder = "/run/nobody";
  const without = await lab.host("n1").exec(["sh", "-c", `HALE_RUN=${folder} hale check`], {});
  expect(without.stdout).toContain("haled does not run here");
  expect(without.stdout).toMatch(/UDP and TCP port \d+ of .* is taken, and no daemon of hale was reached/);
});

test("[SVC-42, SVC-44] what is scheduled is listed, foretold and taken off, and is done once though every daemon was killed meanwhile", async () => {
  await cluster.must("n1", ["service", "relocate", "job", "--to", "n1"]);
  const relocate = ["service", "relocate", "job", "--to", "n2"];
  expect(await cluster.must("n3", [...relocate, "--in", "15s"])).toContain("scheduled as");
  const foretold = await cluster.must("n3", [...relocate, "--in", "1h", "--dry-run"]);
  expect(foretold).toMatch(/if all is as it is now: service job is started on n2/);
  await cluster.must("n2", ["service", "disable", "web", "--in", "1h"]);
  const listed = async (node: string): Promise<ScheduleSnapshot> =>
    JSON.parse(await cluster.must(node, ["schedule", "--json"])) as ScheduleSnapshot;
  const { waiting } = await listed("n1");
  expect(waiting.map(({ words }) => words)).toEqual(["service relocate job --to n2", "service disable web"]);
  await cluster.must("n1", ["schedule", "cancel", String(waiting[1]?.id)]);
  expect(await cluster.must("n2", ["why", "job"])).toMatch(/service relocate job --to n2 at .*, asked by/);
  expect(await cluster.owner("job")).toBe("n1");
  await Promise.all(["n1", "n2", "n3"].map(async (node) => cluster.killDaemon(node)));
  await Promise.all(["n1", "n2", "n3"].map(async (node) => cluster.startDaemon(node)));
  await cluster.waitForMembers();
  await cluster.waitForService("job", { owner: "n2" });
  const after = await listed("n2");
  expect([after.waiting, after.past.map(({ words, result }) => [words, result])]).toEqual([
    [],
    [
      ["service relocate job --to n2", "done"],
      ["service disable web", "cancelled"],
    ],
  ]);
}, 120_000);

test("[LIVE-3, SVC-15] without quorum: exit code 3, and services stop; without a daemon: exit code 4", async () => {
  lab.fenceDevice.works = false;
  await Promise.all(["n2", "n3"].map(async (node) => lab.host(node).powerOff()));
  const status = await waitUntil("n1 to be without quorum", 20_000, async () => {
    const result = await hale("n1", "status");
    return result.code === 3 && result;
  });
  expect(status.stdout).toMatch(/no quorum|electing/);
  expect(await hale("n1", "service disable web")).toMatchObject({
    code: 3,
    stdout: "",
    stderr: expect.stringContaining("[NO_QUORUM]") as string,
  });
  for (const index of [0, 1]) {
    await waitUntil("the address to be gone", 20_000, async () => {
      return !(await lab.host("n1").run(["ip", "-brief", "address"])).includes(lab.virtualIp(index));
    });
  }
  await cluster.killDaemon("n1");
  for (const words of ["status", "why web", "events", "service disable web", "config reload"]) {
    expect(await hale("n1", words)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining("[NOT_REACHED]") as string,
    });
  }
});
