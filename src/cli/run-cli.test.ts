import { describe, expect, it, vi } from "vitest";
import type { ConfigInForce, SubmitLine } from "../model/api-format.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import { ClusterError } from "../model/errors.ts";
import type { Preview, PreviewStep } from "../model/preview.ts";
import type { ScheduleSnapshot, ServiceSnapshot, Why } from "../model/snapshot.ts";
import type { CliContext } from "./cli-context.ts";
import { fakeContext, fakeEvents, linesOf } from "./fixtures/fake-context.fixture.ts";
import { healthy, whyIntranet } from "./fixtures/snapshots.fixture.ts";
import { buildProgram } from "./build-program.ts";
import { runCli } from "./run-cli.ts";
import { parseNodeId, parseServiceId, resourceId, type ServiceId } from "../model/ids.ts";
import { wallMs } from "../model/units.ts";

type Over = Parameters<typeof fakeContext>[0];

/** Runs `hale WORDS` with a fake client. */
async function hale(words: string, over: Over = {}) {
  const { context, spy } = fakeContext(over);
  const code = await runCli(words === "" ? [] : words.split(" "), context);
  return { code, ...spy };
}

const aborted = AbortSignal.abort(new Error("Interrupted"));

describe("looking", () => {
  it("prints the status, for people and for programs", async () => {
    expect(await hale("status")).toMatchObject({
      code: 0,
      err: "",
      out: expect.stringContaining("● serv2  member") as string,
    });
    expect(JSON.parse((await hale("status --json")).out)).toEqual(healthy);
  });

  it("ends with 3 without quorum, and still shows what it knows", async () => {
    const alone = { ...healthy, group: { ...healthy.group, isQuorate: false, leaseMs: 0 } };
    const result = await hale("status --json", { client: { status: () => Promise.resolve(alone) } });
    expect(result).toMatchObject({ code: 3, err: "" });
    expect(JSON.parse(result.out)).toEqual(alone);
  });

  it("explains a service", async () => {
    expect(await hale("why intranet")).toMatchObject({
      code: 0,
      out: expect.stringContaining("WHAT FAILED") as string,
    });
    const one = JSON.parse((await hale("why intranet serv1 --json")).out) as Why;
    expect([one.nodes.map(({ node }) => node), one.history.length, one.failures.length]).toEqual([["serv1"], 2, 1]);
    expect(await hale("why intranet serv9")).toMatchObject({
      code: 1,
      err: expect.stringContaining('Cannot find node "serv9": service "intranet" knows serv1, serv2, serv3') as string,
    });
    expect(JSON.parse((await hale("why intranet --json")).out)).toEqual(whyIntranet);
  });

  it("[SVC-50] explains what was decided at a time that is over, with each node's case then", async () => {
    const serv1 = parseNodeId("serv1");
    const decision = { entry: 90, at: wallMs(20_000), text: "started on serv3 -> starting on serv1: serv3 is off" };
    const nodes = [{ node: serv1, verdict: "runs it" as const, reasons: ["first in its domain"] }];
    const history = [
      { entry: 101, at: wallMs(50_000), text: "moved on" },
      { ...decision, nodes },
      { ...decision, entry: 80, at: wallMs(10_000) },
    ];
    const client = { why: () => Promise.resolve({ ...whyIntranet, history }) };
    const { out } = await hale("why intranet --at 1970-01-01T00:00:30Z", { client });
    expect(`\n${out}`).toMatchInlineSnapshot(`
      "
      intranet  as decided at 1970-01-01T00:00:30Z: started on serv3 -> starting on serv1: serv3 is off

      NODE   VERDICT  BECAUSE
      serv1  runs it  first in its domain

      WHAT LED HERE (newest first)
      1970-01-01 00:00:20  entry 90  started on serv3 -> starting on serv1: serv3 is off
      1970-01-01 00:00:10  entry 80  started on serv3 -> starting on serv1: serv3 is off
      "
    `);
    const unknown = await hale("why intranet --at 1970-01-01T00:00:15Z", { client });
    expect(unknown.out).toContain("each node's case is not known any more");
    expect(await hale("why intranet --at 1970-01-01T00:00:05Z", { client })).toMatchObject({
      code: 2,
      err: expect.stringContaining("the oldest decision that is kept is entry 80, later than that") as string,
    });
    expect((await hale("why intranet --at 2070-01-01T00:00", { client })).code).toBe(2);
  });

  it("[SVC-51] shows the last runs of agents, with what they printed", async () => {
    const outcome = {
      status: "ok",
      severity: "none",
      reason: "runs",
      output: "all is\nwell\n",
      durationMs: 12,
    } as const;
    const run = { resource: resourceId(parseServiceId("intranet"), "apache"), at: wallMs(62_000), outcome };
    const runs = [
      { ...run, action: "monitor" as const, times: 40 },
      { ...run, action: "start" as const, times: 1, outcome: { ...outcome, output: "" } },
    ];
    const { out } = await hale("why intranet", { client: { why: () => Promise.resolve({ ...whyIntranet, runs }) } });
    expect(out.slice(out.indexOf("LAST RUNS"))).toMatchInlineSnapshot(`
      "LAST RUNS OF ITS AGENTS HERE (newest first)
      1970-01-01 00:01:02  monitor of intranet/apache: ok, after 12ms: runs, 40 times alike
          | all is
          | well
      1970-01-01 00:01:02  start of intranet/apache: ok, after 12ms: runs
      "
    `);
  });

  it("lists events", async () => {
    expect((await hale("events")).out).toMatchInlineSnapshot(`
      "1970-01-01 00:00:01.000  serv1   view 1/serv1 -> 2/serv1
      1970-01-01 00:01:01.000  serv10  warning: link 1 to serv2: up -> late
      1970-01-01 00:01:02.000  serv1   error: service web: start of web/x failed
      "
    `);
    expect((await hale("events --since 10s --debug")).out).toMatchInlineSnapshot(`
      "1970-01-01 00:01:01.000  serv10  warning: link 1 to serv2: up -> late
      1970-01-01 00:01:02.000  serv1   tick
      1970-01-01 00:01:02.000  serv1   error: service web: start of web/x failed
      "
    `);
    expect(JSON.parse((await hale("events --since 10s --json")).out)).toEqual({
      events: [fakeEvents[1], fakeEvents[3]],
    });
  });

  it("follows events through a restart of the daemon", async () => {
    const stop = new AbortController();
    const starts: number[] = [];
    const client = {
      async *followEvents(after: number) {
        starts.push(after);
        if (starts.length === 2) stop.abort();
        yield* fakeEvents.slice(0, 1);
        if (starts.length === 1) throw new ClusterError("NOT_REACHED", "Cannot reach the daemon");
      },
    };
    const result = await hale("events -f --json", { client, signal: stop.signal });
    expect(result.code).toBe(0);
    expect(starts).toEqual([0, 1]);
    expect(result.err).toBe("Cannot reach the daemon; trying again\n");
    expect(result.out).toBe(`${JSON.stringify(fakeEvents[0])}\n`.repeat(2));
  });

  it("does not go on when the daemon was never reached", async () => {
    const client = {
      followEvents: () => failing<ClusterEvent>(new ClusterError("NOT_REACHED", "Cannot reach the daemon")),
    };
    expect(await hale("events -f", { client })).toMatchObject({
      code: 4,
      err: "hale: Cannot reach the daemon [NOT_REACHED]\n",
    });
  });

  it("watches until it is told to stop", async () => {
    const stop = new AbortController();
    const quit: (() => void)[] = [];
    let looks = 0;
    const status = () => {
      looks += 1;
      if (looks === 3) quit[0]?.();
      return looks === 2
        ? Promise.reject(new ClusterError("NOT_REACHED", "Cannot reach the daemon"))
        : Promise.resolve(healthy);
    };
    const onQuitKey = (callback: () => void) => {
      quit.push(callback);
      return () => quit.push(callback);
    };
    const result = await hale("watch -i 100ms", { client: { status }, signal: stop.signal, onQuitKey });
    expect(result.code).toBe(0);
    expect(quit).toHaveLength(2);
    expect(result.out).toContain("office  quorate");
    expect(result.out).toContain("Cannot reach the daemon");
  });

  it("watches in place on a terminal, and leaves it as it was", async () => {
    let out = "";
    const stop = new AbortController();
    const stdout = { write: (text: string) => void (out += text), isTerminal: true, columns: () => 30, rows: () => 6 };
    const status = () => {
      setTimeout(() => stop.abort(), 20);
      return Promise.resolve(healthy);
    };
    expect((await hale("watch", { client: { status }, stdout, signal: stop.signal })).code).toBe(0);
    expect(out.startsWith("\u001b[?1049h\u001b[?25l\u001b[H")).toBe(true);
    expect(out.endsWith("\u001b[J\u001b[?25h\u001b[?1049l")).toBe(true);
    const lines = out.split("\r\n");
    expect(lines).toHaveLength(6);
    expect(lines[5]).toContain("more lines");
    expect(lines[1]).toContain("quorum   2 votes, needs 2 of …");
  });
});

describe("changing", () => {
  it.each([
    ["service enable web", { kind: "enable-service", service: "web" }],
    ["service disable web", { kind: "disable-service", service: "web" }],
    ["service restart web", { kind: "restart-service", service: "web" }],
    ["service clear web", { kind: "clear-service", service: "web" }],
    ["service relocate web", { kind: "relocate-service", service: "web" }],
    ["service relocate web --to serv2", { kind: "relocate-service", service: "web", to: "serv2" }],
    ["node standby serv2", { kind: "standby-node", node: "serv2" }],
    ["node online serv2", { kind: "online-node", node: "serv2" }],
    ["node release serv2", { kind: "release-node", node: "serv2" }],
    ["node fence serv2 --yes", { kind: "fence-node", node: "serv2" }],
    ["node confirm-off serv2", { kind: "confirm-off-node", node: "serv2" }],
  ])("hale %s", async (words, intent) => {
    const result = await hale(words);
    expect(result).toMatchObject({ code: 0, err: "", out: "· entry 12: accepted\n✓ it is done\n" });
    expect(result.intents).toEqual([intent]);
  });

  it.each<readonly [string, object, number]>([
    ["service relocate web --to serv2 --in 2h", { kind: "relocate-service", service: "web", to: "serv2" }, 7_263_000],
    ["node standby serv2 --in 90s", { kind: "standby-node", node: "serv2" }, 153_000],
    ["maintenance on --at 1970-01-01T03:00Z", { kind: "begin-maintenance" }, 10_800_000],
    ["node shutdown serv2 --in 1m", { kind: "shutdown-node", node: "serv2", services: "move" }, 123_000],
    ["cluster stop --yes --in 1m", { kind: "stop-cluster" }, 123_000],
  ])("[SVC-44] hale %s", async (words, what, at) => {
    const result = await hale(words);
    expect([result.code, result.intents]).toEqual([0, [{ kind: "schedule", what, at }]]);
  });

  it.each([
    ["service enable web --at 25:00", 'Cannot use "25:00" as a time'],
    ["service enable web --at 1970-01-01T00:01Z", "it is over"],
    ["service enable web --at 03:00 --in 2h", "wants one of --at and --in"],
    ["service enable web --in soon", 'Cannot use "soon" as the time until then'],
    ["node fence serv2 --yes --in 2h", "unknown option '--in'"],
    ["node readmit serv2 --at 03:00", "unknown option '--at'"],
    ["schedule cancel all", 'Cannot cancel "all": wants a number of "hale schedule"'],
  ])("[SVC-44] hale %s is refused", async (words, why) => {
    const { code, err, intents } = await hale(words);
    expect([code, intents]).toEqual([2, []]);
    expect(err).toContain(why);
  });

  it("[SVC-44] shows what is scheduled and what became of it, and takes it off the list", async () => {
    const item = {
      id: 57,
      at: wallMs(7_263_000),
      what: { kind: "relocate-service", service: parseServiceId("web") },
      words: "service relocate web",
      by: "eva",
      askedAt: wallMs(63_000),
    } as const;
    const over = { ...item, id: 41, endedAt: wallMs(62_000) };
    const schedule: ScheduleSnapshot = {
      waiting: [item],
      past: [
        { ...over, result: "dropped", reason: "nobody could do it" },
        { ...over, id: 40, result: "done", reason: "" },
      ],
    };
    const client = { status: () => Promise.resolve({ ...healthy, schedule }) };
    expect(`\n${(await hale("schedule", { client })).out}`).toMatchInlineSnapshot(`
      "
        ID  SCHEDULED FOR        WHAT                  BY
        57  1970-01-01 02:01:03  service relocate web  eva, 1970-01-01 00:01:03

      OVER (newest first)
        41  1970-01-01 00:01:02  service relocate web  eva  dropped: nobody could do it
        40  1970-01-01 00:01:02  service relocate web  eva  done
      "
    `);
    expect(JSON.parse((await hale("schedule --json", { client })).out)).toEqual(schedule);
    expect((await hale("schedule")).out).toBe("nothing is scheduled\n");
    expect((await hale("status", { client })).out).toContain("57  1970-01-01 02:01:03  service relocate web  eva");
    expect((await hale("schedule cancel 57")).intents).toEqual([{ kind: "cancel-scheduled", id: 57 }]);
  });

  it("has a dry run for whatever changes the cluster", () => {
    const changing = ["service", "node", "cluster", "maintenance"];
    const program = buildProgram(fakeContext().context, () => undefined);
    const commands = program.commands.flatMap((group) =>
      group.commands.map((command) => ({ group: group.name(), command })),
    );
    const lacking = commands.filter(({ group, command }) => {
      const isChange =
        changing.includes(group) ||
        ["config reload", "config apply", "schedule cancel"].includes(`${group} ${command.name()}`);
      return isChange && !command.options.some(({ long }) => long === "--dry-run");
    });
    expect(commands.length).toBeGreaterThan(30);
    expect(lacking.map(({ group, command }) => `${group} ${command.name()}`)).toEqual([]);
  });

  it("prints one document for programs", async () => {
    const result = await hale("service enable web --json");
    expect(JSON.parse(result.out)).toEqual({ ok: true, text: "it is done", progress: ["entry 12: accepted"] });
  });

  it.each([
    ["NO_QUORUM", 3],
    ["NOT_ALLOWED", 1],
    ["SERVICE_UNKNOWN", 1],
    ["TIMED_OUT", 1],
    ["USAGE", 2],
    ["SOMETHING_NEWER", 1],
  ])("ends a refusal with code %s with %i", async (refusal, exit) => {
    const submit = () =>
      linesOf<SubmitLine>([{ kind: "answer", answer: { ok: false, code: refusal, text: "Cannot do it" } }]);
    const result = await hale("service enable web", { client: { submit } });
    expect(result).toMatchObject({ code: exit, out: "", err: `hale: Cannot do it [${refusal}]\n` });
    const json = await hale("service enable web --json", { client: { submit } });
    expect(JSON.parse(json.out)).toEqual({ ok: false, code: refusal, text: "Cannot do it", progress: [] });
  });

  it("returns once accepted when it shall not wait", async () => {
    const waits: boolean[] = [];
    const submit = (_intent: unknown, options: { readonly wait: boolean }) => {
      waits.push(options.wait);
      return linesOf<SubmitLine>([{ kind: "progress", text: "entry 12: accepted" }]);
    };
    const result = await hale("node standby serv2 --no-wait", { client: { submit } });
    expect(result).toMatchObject({ code: 0, out: "· entry 12: accepted\n✓ accepted; not waiting for it\n" });
    expect(waits).toEqual([false]);
  });

  it("gives up waiting after a time-out, and says that it goes on", async () => {
    const submit = async function* (_intent: unknown, _options: unknown, signal: AbortSignal) {
      yield { kind: "progress", text: "entry 12: accepted" } as const;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    const result = await hale("service restart web --timeout 20ms", { client: { submit } });
    expect(result).toMatchObject({
      code: 1,
      err: 'hale: not done within 20ms; what was accepted goes on, see "hale status" [TIMED_OUT]\n',
    });
  });

  it("asks before it cuts a node off, and takes no for an answer", async () => {
    const questions: string[] = [];
    const confirm = (question: string) => {
      questions.push(question);
      return Promise.resolve(false);
    };
    const result = await hale("node confirm-off serv2", { confirm });
    expect(result).toMatchObject({ code: 1, err: "Nothing was done\n", intents: [] });
    expect(questions[0]).toContain("its services will run twice");
    expect((await hale("node fence serv2", { confirm: () => Promise.resolve(true) })).intents).toHaveLength(1);
  });
});

describe("the configuration", () => {
  const right = "cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\nfencing: none\n";
  const reading = (text: string): Over => ({ readConfigText: () => Promise.resolve(text) });

  it("is checked", async () => {
    expect(await hale("config check", reading(right))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^✓ \/etc\/hale\/cluster\.yaml: 1 node, 0 services, digest [0-9a-f]{12}\n$/) as string,
    });
    expect(JSON.parse((await hale("config check --json", reading(right))).out)).toMatchObject({ ok: true });
  });

  it("is shown with every error and its place", async () => {
    const wrong = right.replace("fencing: none", "fencing: nonne\n\tservice: {}").replace("10.0.0.1", "10.0.0.256");
    const result = await hale("config check my.yaml", reading(wrong.replace("\n\tservice: {}", "")));
    expect(result.code).toBe(2);
    expect(result.err).toMatchInlineSnapshot(`
      "my.yaml:2:27: nodes.a.addresses[0]: found "10.0.0.256", wanted an IPv4 or IPv6 address, without prefix length
          2 | nodes: { a: { addresses: [10.0.0.256] } }
            |                           ^
      my.yaml:3:10: fencing: found "nonne", wanted { devices: … }, { watchdog: … } or "none"
          3 | fencing: nonne
            |          ^
      2 errors in my.yaml
      "
    `);
    expect(JSON.parse((await hale("config check --json", reading(wrong))).out)).toMatchObject({ ok: false });
  });

  it("that cannot be read is a mistake of usage", async () => {
    const readConfigText = () => Promise.reject(new ClusterError("CONFIG_UNREADABLE", 'Cannot read "x"'));
    expect(await hale("config check x", { readConfigText })).toMatchObject({
      code: 2,
      err: 'hale: Cannot read "x" [CONFIG_UNREADABLE]\n',
    });
  });

  it("in force can be shown", async () => {
    const { parseConfig } = await import("../config/parse-config.ts");
    const parsed = parseConfig(right, "f");
    if (!parsed.ok) throw new Error("the configuration is right");
    const client = { config: (): Promise<ConfigInForce> => Promise.resolve(parsed) };
    expect((await hale("config show", { client })).out).toContain(`# in force, digest ${parsed.digest}\ncluster: c\n`);
    expect(JSON.parse((await hale("config schema")).out)).toMatchObject({
      type: "object",
      title: "cluster.yaml of hale",
    });
  });

  it("is reloaded, or stays", async () => {
    expect(await hale("config reload")).toMatchObject({ code: 0, out: "✓ configuration 0123456789ab is in force\n" });
    const reload = () => Promise.resolve({ ok: false as const, code: "CONFIG_INVALID", text: "Cannot use it" });
    expect(await hale("config reload", { client: { reload } })).toMatchObject({
      code: 2,
      err: "hale: Cannot use it [CONFIG_INVALID]\n",
    });
  });
});

describe("a configuration that is applied", () => {
  const right = "cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\nfencing: none\n";
  const [web, mail] = ["web", "mail"].map(parseServiceId) as [ServiceId, ServiceId];
  const serv1 = parseNodeId("serv1");
  const stop: PreviewStep = { atMs: 0, action: "stop", node: serv1, service: web, reason: "its configuration changed" };
  const start: PreviewStep = { atMs: 5, action: "start", node: serv1, service: mail, reason: "new" };
  const previewing = (...steps: readonly PreviewStep[]) => ({
    previewApply: (): Promise<Preview> =>
      Promise.resolve({ ok: true, text: "it would be in force", steps, outages: [], unsure: [] }),
  });
  const event = (sequence: number, service: ServiceId, text: string): ClusterEvent => {
    return { sequence, at: wallMs(63_000), node: serv1, service, level: "info", text };
  };

  /** A daemon whose mail service is in one of these states after the other. */
  function daemon(states: readonly ServiceSnapshot["state"][], ...steps: readonly PreviewStep[]) {
    const left = [...states];
    const applied: string[] = [];
    const status = () => {
      const state = left.length > 1 ? (left.shift() ?? "started") : (left[0] ?? "started");
      const services = healthy.services.slice(0, 1).map((one) => ({ ...one, service: mail, state, reason: "broken" }));
      return Promise.resolve({ ...healthy, services });
    };
    const apply = (text: string) => {
      applied.push(text);
      return Promise.resolve({ ok: true as const, text: "in force" });
    };
    const told = [event(9, mail, "stopped -> starting"), event(10, mail, "starting -> started")];
    const client = {
      ...previewing(...steps),
      status,
      apply,
      events: (after: number) => Promise.resolve(after < 9 ? told.slice(0, 0) : told),
      followEvents: () => linesOf(told),
    };
    return { applied, over: { client, readConfigText: () => Promise.resolve(right) } };
  }

  it("[SVC-49] shows what follows, and returns when all is at rest", async () => {
    const { applied, over } = daemon(["stopped", "starting", "started"], start);
    const result = await hale("config apply", over);
    expect(result).toMatchObject({ code: 0, err: "", questions: [] });
    expect(applied).toEqual([right]);
    expect(result.out).toMatchInlineSnapshot(`
      "This is what will follow:
      +5ms  start mail on serv1  new

      In the end: it would be in force

      · in force
      · mail: stopped -> starting
      · mail: starting -> started
      ✓ done: nothing is being started or stopped any more
      "
    `);
    expect(JSON.parse((await hale("config apply --json", daemon(["started"], start).over)).out)).toMatchObject({
      ok: true,
      progress: ["in force"],
    });
  });

  it("[SVC-49] tells what has failed, with exit code 1", async () => {
    const result = await hale("config apply new.yaml", daemon(["stopped", "failed"], start).over);
    expect(result).toMatchObject({
      code: 1,
      err: "hale: It is in force, but mail is failed: broken; hale why mail [FAILED]\n",
    });
  });

  it("[SVC-49] asks before something stops, unless told not to, and does nothing on no", async () => {
    const asked: string[] = [];
    const confirm = (question: string) => {
      asked.push(question);
      return Promise.resolve(false);
    };
    const no = daemon(["started"], stop);
    expect(await hale("config apply", { ...no.over, confirm })).toMatchObject({ code: 1, err: "Nothing was done\n" });
    expect([asked.length, no.applied]).toEqual([1, []]);
    const yes = daemon(["started"], stop);
    expect(await hale("config apply --yes --no-wait", { ...yes.over, confirm })).toMatchObject({ code: 0 });
    expect([asked.length, yes.applied]).toEqual([1, [right]]);
  });

  it("[SVC-49] is refused before anything is done: with mistakes, and by the rules", async () => {
    const { applied, over } = daemon(["started"], start);
    const wrong = { ...over, readConfigText: () => Promise.resolve(right.replace("none", "nonne")) };
    expect(await hale("config apply", wrong)).toMatchObject({
      code: 2,
      err: expect.stringContaining('fencing: found "nonne"') as string,
    });
    const refused: Preview = { ok: false, code: "NOT_ALLOWED", text: "Cannot take it" };
    const client = { ...over.client, previewApply: () => Promise.resolve(refused) };
    expect(await hale("config apply", { ...over, client })).toMatchObject({
      code: 1,
      err: "hale: Cannot take it [NOT_ALLOWED]\n",
    });
    expect(await hale("config apply --dry-run", over)).toMatchObject({ code: 0 });
    expect(applied).toEqual([]);
  });

  it("waits no longer than told", async () => {
    const { over } = daemon(["starting"], start);
    const followEvents = async function* (_after: number, signal: AbortSignal): AsyncGenerator<ClusterEvent> {
      yield event(9, mail, "stopped -> starting");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    };
    const result = await hale("config apply --timeout 20ms", { ...over, client: { ...over.client, followEvents } });
    expect(result).toMatchObject({
      code: 1,
      err: 'hale: not done within 20ms; what was accepted goes on, see "hale status" [TIMED_OUT]\n',
    });
  });
});

describe("without a daemon", () => {
  it("founds a cluster and says what next", async () => {
    const found = () =>
      Promise.resolve({
        cluster: "office",
        node: "serv1",
        others: ["serv2"],
        stateFolder: "/var/lib/hale",
        newKeys: "/etc/hale/authkeys",
      });
    expect((await hale("init", { found })).out).toMatchInlineSnapshot(`
      "Cluster "office" is founded: node "serv1" is its first voter (in /var/lib/hale).
      A new shared key is in /etc/hale/authkeys.

      Next:
        1. start the daemon here: systemctl enable --now haled
        2. copy cluster.yaml and authkeys to serv2
        3. start the daemon there, without "hale init": systemctl enable --now haled
        4. look: hale status
      "
    `);
  });

  it("simulates", async () => {
    const run =
      (ok: boolean): CliContext["runScenario"] =>
      () =>
        Promise.resolve({ ok, document: { ok }, text: "15003 n2 fence n1" });
    expect(await hale("simulate s.yaml", { runScenario: run(true) })).toMatchObject({
      code: 0,
      out: "15003 n2 fence n1\n✓ every expectation held\n",
    });
    expect(await hale("simulate s.yaml --json", { runScenario: run(false) })).toMatchObject({
      code: 1,
      out: '{\n  "ok": false\n}\n',
    });
  });

  it("shows on a terminal how far a long simulation is, and takes that away before the result", async () => {
    let now = 0;
    const runScenario: CliContext["runScenario"] = (_path, onProgress) => {
      for (const [atMs, doneMs] of [
        [900, 1_000],
        [1_100, 60_000],
        [1_200, 70_000],
        [1_400, 90_000],
      ] as const) {
        now = atMs;
        onProgress(doneMs, 240_000);
      }
      return Promise.resolve({ ok: true, document: {}, text: "the result" });
    };
    const over = { runScenario, now: () => wallMs(now) };
    expect((await hale("simulate s.yaml", over)).err, "no terminal").toBe("");
    now = 0;
    const written: string[] = [];
    const stderr = {
      write: (text: string) => void written.push(text),
      isTerminal: true,
      columns: () => 80,
      rows: () => 24,
    };
    expect((await hale("simulate s.yaml", { ...over, stderr })).out).toContain("the result");
    expect(written).toEqual([
      "\r1m of 4m simulated, 25 %; Ctrl-C ends it\u001b[K",
      "\r1m 30s of 4m simulated, 37 %; Ctrl-C ends it\u001b[K",
      "\r\u001b[K",
    ]);
  });

  it("says that there is none", async () => {
    const status = () =>
      Promise.reject(new ClusterError("NOT_REACHED", 'Cannot reach the daemon at "/run/hale/haled.sock"'));
    expect(await hale("status", { client: { status } })).toMatchObject({
      code: 4,
      out: "",
      err: 'hale: Cannot reach the daemon at "/run/hale/haled.sock" [NOT_REACHED]\n',
    });
    expect(JSON.parse((await hale("status --json", { client: { status } })).out)).toMatchObject({
      ok: false,
      code: "NOT_REACHED",
    });
  });

  it("ends when it is interrupted", async () => {
    const status = (signal: AbortSignal) => Promise.reject(signal.reason as Error);
    expect(await hale("status", { client: { status }, signal: aborted })).toMatchObject({ code: 1 });
  });
});

describe("usage", () => {
  it.each([
    ["", "Usage: hale"],
    ["stauts", "unknown command 'stauts'\n(Did you mean status?)"],
    ["service", "Usage: hale service"],
    ["service enable", "missing required argument 'service'"],
    ["service enable a b", "too many arguments"],
    ["service enable a/b", 'Cannot use "a/b" as the name of a service'],
    ["status --jsn", "unknown option '--jsn'\n(Did you mean --json?)"],
    ["events --since yesterday", 'Cannot use "yesterday" as time: wants a span such as 30s, 10m or 2h'],
    ["watch -i soon", 'Cannot use "soon" as interval'],
    ["simulate", "missing required argument 'file'"],
  ])("hale %s: exit code 2 and what is wanted", async (words, text) => {
    const result = await hale(words);
    expect(result).toMatchObject({ code: 2, out: "", intents: [] });
    expect(result.err).toContain(text);
  });

  it("is one document for programs, too", async () => {
    const result = await hale("service enable --json");
    expect(result.code).toBe(2);
    expect(JSON.parse(result.out)).toEqual({ ok: false, code: "USAGE", text: "missing required argument 'service'" });
  });

  it("is shown when asked for", async () => {
    expect(await hale("--version")).toMatchObject({ code: 0, out: "0.1.0\n" });
    expect((await hale("--help")).out).toMatchInlineSnapshot(`
      "Usage: hale [options] [command]

      keeps services running on a few Linux servers

      Options:
        -V, --version                   output the version number
        -h, --help                      display help for command

      Commands:
        status [options]                members, links, quorum and services, as this node sees them; exit
                                        code 3 without quorum
        watch [options]                 the status, refreshed in place until q or Ctrl-C
        why [options] <service> [node]  why a service is where it is: the rules, every node (or the named
                                        one) with its reasons, what led here, what failed
        events [options]                what happened, one line each, as this node has seen it since its
                                        daemon started
        service                         enable, disable, start, stop, restart, relocate, freeze, unfreeze
                                        or clear a service
        node                            standby, online, freeze, unfreeze, release, shutdown, fence,
                                        confirm-off, remove or readmit for a node
        cluster                         stop the whole cluster
        maintenance                     leave everything running, and see to nothing: nothing is started,
                                        stopped, moved, looked at or fenced
        schedule [options]              what was asked for with --at or --in and waits for its time, and
                                        what became of the last ones
        config                          check, show or change the configuration
        fence                           fence agents and devices
        agent                           OCF resource agents
        init [options]                  found the cluster on this node, once; every other node just starts
                                        its daemon
        check [options]                 what stands between this node and safety, and what to do; exit
                                        code 0 nothing, 5 warnings, 1 problems; needs no daemon
        simulate [options] <file>       run a scenario with the real decision code on virtual time; exit
                                        code 0 when every expectation held
        witness [options]               be the witness of every cluster with a key file in
                                        /etc/hale/witness, until told to end
        arbiter-disk                    make the disk that decides between halves, or show it
        completion <shell>              print a script that completes commands and names
        help [command]                  display help for command

      Exit codes: 0 done, 1 failed, 2 usage or wrong configuration, 3 no quorum, 4 daemon not reached, 5 warnings (hale check).
      Folders: HALE_ETC (/etc/hale), HALE_STATE (/var/lib/hale), HALE_RUN (/run/hale). More: man hale, man cluster.yaml.

      "
    `);
    expect((await hale("service relocate --help")).code).toBe(0);
  });
});

describe("completion", () => {
  it.each(["bash", "zsh", "fish"])("prints a script for %s", async (shell) => {
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    expect((await hale(`completion ${shell}`)).code).toBe(0);
    const lines = log.mock.calls.map(([line]) => String(line));
    log.mockRestore();
    expect(lines.join("\n")).toContain("hale complete --");
  });

  it("leaves files to the shell", async () => {
    expect(await hale("complete -- simulate scen")).toMatchObject({ code: 0, out: ":0\n" });
    expect(await hale("complete -- config check ")).toMatchObject({ code: 0, out: ":0\n" });
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const { out } = await hale("completion bash");
    log.mockRestore();
    expect(out).toMatch(/\ncomplete -o default -F __hale_complete hale\n$/);
  });
});

// oxlint-disable-next-line require-yield -- it fails before the first item, as a lost connection does
async function* failing<T>(error: Error): AsyncGenerator<T> {
  await Promise.reject(error);
}
