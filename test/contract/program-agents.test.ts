import { existsSync, readFileSync, rmSync, writeFileSync, chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createExecAgent } from "../../src/adapters/exec/exec-agent.ts";
import { createLsbAgent } from "../../src/adapters/lsb/lsb-agent.ts";
import { OcfAgent } from "../../src/adapters/ocf/ocf-agent.ts";
import { createRhcsAgent } from "../../src/adapters/rhcs/rhcs-agent.ts";
import { processesWriting } from "../../src/adapters/process/processes-writing.fixture.ts";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
import type { ExecResource, LsbResource, OcfResource, RhcsResource } from "../../src/model/cluster-config.ts";
import { parseNodeId, parseServiceId, resourceId } from "../../src/model/ids.ts";
import type { Notice, NoticePlace } from "../../src/model/notice.ts";
import type { OperationAction, OperationOutcome } from "../../src/model/operation.ts";
import { durationMs, instantMs } from "../../src/model/units.ts";
import { operation, resourceAgentContract } from "./resource-agent.contract.ts";
import { ownFolder } from "./own-folder.ts";

// OCF, LSB and exec agents as real programs: Debian's, and daemons of our own that misbehave.

const folder = ownFolder("agents");
const options = { outputFolder: join(folder, "output"), listProcesses: () => processesWriting(folder) };
const runner = new ProgramRunner(options);
const node = parseNodeId("n1");
const never = new AbortController().signal;

const successors: ProgramRunner[] = [];

afterAll(() => {
  for (const one of [runner, ...successors]) one.close();
});

/** That of the next daemon on this node: the same folder, and nothing in memory. */
function nextRunner(): ProgramRunner {
  const next = new ProgramRunner(options);
  successors.push(next);
  return next;
}

let names = 0;

function base(name: string) {
  names += 1;
  const time = durationMs(5000);
  return {
    id: resourceId(parseServiceId("web"), `${name}-${process.pid}-${names}`),
    name,
    startTimeoutMs: time,
    stopTimeoutMs: time,
    monitorTimeoutMs: time,
    monitorIntervalMs: time,
  };
}

function script(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

/** A daemon that keeps its starter's output open, as careless init scripts do; its state is a pid file. */
function daemonScript(stopped: number): (pidFile: string) => string {
  return (pidFile) => `
pid=$(cat ${pidFile} 2>/dev/null)
alive() { [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null && ! grep -q '^State:.Z' /proc/$pid/status; }
case $1 in
  start) alive || { setsid sh -c 'echo $$ > ${pidFile}; exec sleep 600' & while [ ! -s ${pidFile} ]; do sleep 0.01; done; } ;;
  stop) alive && kill "$pid"; while alive; do sleep 0.01; done; rm -f ${pidFile} ;;
  status|monitor) alive || exit ${stopped} ;;
esac
exit 0`;
}

function pidOf(pidFile: string): number {
  return existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0;
}

function isAlive(pidFile: string): boolean {
  const status = `/proc/${pidOf(pidFile)}/status`;
  return pidOf(pidFile) > 0 && existsSync(status) && !/^State:\tZ/m.test(readFileSync(status, "utf8"));
}

async function killDaemon(pidFile: string): Promise<void> {
  process.kill(pidOf(pidFile), "SIGKILL");
  while (isAlive(pidFile)) await sleep(5);
}

function lsb(path: string): LsbResource {
  return { ...base("lpd"), kind: "lsb", script: path };
}

function ocf(parameters: Readonly<Record<string, string>>, type = "Dummy", provider = "heartbeat"): OcfResource {
  return { ...base(type), kind: "ocf", provider, type, parameters };
}

const hang = (): string => script("hang", "trap '' TERM; sh -c 'trap \"\" TERM; sleep 60' & sleep 60; sleep 60");
const fail = (): string => script("fail", "echo broken >&2; exit 1");

resourceAgentContract("lsb", () => {
  const pidFile = join(folder, `lsb-${(names += 1)}.pid`);
  let now = instantMs(0);
  const resource = lsb(script(`initd-${names}`, daemonScript(3)(pidFile)));
  return {
    agent: createLsbAgent({ runner, clock: { now: () => now } }),
    resource,
    foreign: ocf({}),
    setNow: (instant) => {
      now = instant;
    },
    isRunning: () => isAlive(pidFile),
    kill: async () => killDaemon(pidFile),
    tellsDeaths: true,
    successor: () => createLsbAgent({ runner: nextRunner(), clock: { now: () => now } }),
    hanging: () => ({ ...resource, script: hang() }),
    // Of `status`, 1 means dead.
    failing: (action) => ({ ...resource, script: action === "monitor" ? script("fail4", "exit 4") : fail() }),
    close: () => undefined,
  };
});

resourceAgentContract("rhcs, with a process", () => {
  const pidFile = join(folder, `rhcs-${(names += 1)}.pid`);
  let now = instantMs(0);
  const agent = script(`rhcs-${names}`, daemonScript(7)(pidFile));
  const resource: RhcsResource = { ...base("rhcs"), kind: "rhcs", agent, parameters: {} };
  return {
    agent: createRhcsAgent({ runner, clock: { now: () => now } }),
    resource,
    foreign: ocf({}),
    setNow: (instant) => {
      now = instant;
    },
    isRunning: () => isAlive(pidFile),
    kill: async () => killDaemon(pidFile),
    tellsDeaths: true,
    successor: () => createRhcsAgent({ runner: nextRunner(), clock: { now: () => now } }),
    hanging: () => ({ ...resource, agent: hang() }),
    failing: () => ({ ...resource, agent: fail() }),
    close: () => undefined,
  };
});

resourceAgentContract("exec", () => {
  const pidFile = join(folder, `exec-${(names += 1)}.pid`);
  let now = instantMs(0);
  const path = script(`exec-${names}`, daemonScript(7)(pidFile));
  const commands = { start: [path, "start"], stop: [path, "stop"], monitor: [path, "monitor"] };
  const resource: ExecResource = { ...base("exec"), kind: "exec", ...commands };
  return {
    agent: createExecAgent({ runner, node, clock: { now: () => now } }),
    resource,
    foreign: ocf({}),
    setNow: (instant) => {
      now = instant;
    },
    isRunning: () => isAlive(pidFile),
    kill: async () => killDaemon(pidFile),
    tellsDeaths: true,
    successor: () => createExecAgent({ runner: nextRunner(), node, clock: { now: () => now } }),
    hanging: (action) => ({ ...resource, [action]: [hang()] }),
    failing: (action) => ({ ...resource, [action]: [fail()] }),
    close: () => undefined,
  };
});

const hasResourceAgents = existsSync("/usr/lib/ocf/resource.d/heartbeat/Dummy") && process.getuid?.() === 0;

describe.skipIf(!hasResourceAgents)("heartbeat:Dummy of Debian", () => {
  resourceAgentContract("ocf", () => {
    const state = join(folder, `dummy-${(names += 1)}.state`);
    let now = instantMs(0);
    const resource = ocf({ state, fake: "x" });
    const missing: OcfResource = { ...resource, type: "missing" };
    return {
      agent: new OcfAgent({ runner, node, clock: { now: () => now } }),
      resource,
      foreign: lsb("/bin/true"),
      setNow: (instant) => {
        now = instant;
      },
      isRunning: () => existsSync(state),
      kill: () => rmSync(state),
      // A probe of a missing agent is "not running": what was never installed cannot run.
      failing: (action) => (action === "monitor" ? undefined : missing),
      close: () => undefined,
    };
  });
});

describe("an OCF agent of our own", () => {
  const root = join(folder, "ocf");
  beforeAll(() => {
    mkdirSync(join(root, "resource.d/test"), { recursive: true });
  });
  const agent = new OcfAgent({ runner, node, root, clock: { now: () => instantMs(0) } });
  const resource = ocf({ port: "80", OCF_CHECK_LEVEL: "10" }, "agent", "test");

  function agentDoes(body: string): void {
    writeFileSync(join(root, "resource.d/test/agent"), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  }

  async function run(action: OperationAction, timeoutMs = 5000, of = resource): Promise<OperationOutcome> {
    return agent.run(operation(of, action, { timeoutMs: durationMs(timeoutMs) }), never);
  }

  test("finds the environment of the standard", async () => {
    agentDoes("env | sort; echo action=$1 args=$#; [ $1 != monitor ] || exit 7");
    const { output } = await run("start", 12_345);
    expect(output).toContain("OCF_RESKEY_port=80\n");
    expect(output).toContain("OCF_RESKEY_CRM_meta_timeout=12345\n");
    expect(output).toContain("OCF_RESKEY_CRM_meta_interval=0\n");
    expect(output).toContain("OCF_RESKEY_CRM_meta_name=start\n");
    expect(output).toContain("OCF_RESKEY_CRM_meta_on_node=n1\n");
    expect(output).toMatch(/OCF_RESOURCE_INSTANCE=web__agent-[0-9-]+\n/);
    expect(output).toContain("OCF_RESOURCE_PROVIDER=test\n");
    expect(output).toContain("OCF_RESOURCE_TYPE=agent\n");
    expect(output).toContain(`OCF_ROOT=${root}\n`);
    expect(output).toContain("OCF_RA_VERSION_MAJOR=1\nOCF_RA_VERSION_MINOR=1\n");
    expect(output).toContain("OCF_CHECK_LEVEL=0\n");
    expect(output).toContain("action=start args=1\n");
    expect(output).not.toContain("OCF_RESKEY_OCF_CHECK_LEVEL");
  });

  test("a monitor of what runs is recurring, with its check level; a probe is not", async () => {
    agentDoes('echo "$OCF_RESKEY_CRM_meta_interval $OCF_CHECK_LEVEL"');
    await run("stop");
    expect((await run("monitor")).output).toBe("0 0\n");
    expect((await run("monitor")).output).toBe("5000 10\n");
    await run("stop");
    expect((await run("monitor")).output).toBe("0 0\n");
    await run("stop");
  });

  test("[OCF-5] deeper monitors take the place of plain ones when their time has come, and a failure names its level", async () => {
    agentDoes(
      "[ $1 = monitor ] && [ $OCF_CHECK_LEVEL = 20 ] && { echo 'ocf-exit-reason:rotten' >&2; exit 1; }; exit 0",
    );
    const { OCF_CHECK_LEVEL: _level, ...parameters } = resource.parameters;
    const levels = [{ level: 20, intervalMs: durationMs(1000) }];
    const of: OcfResource = { ...resource, id: resourceId(parseServiceId("web"), "levels"), parameters, levels };
    let now = 0;
    const aging = new OcfAgent({ runner, node, root, clock: { now: () => instantMs(now) } });
    const look = async (at: number): Promise<string> => {
      now = at;
      return (await aging.run(operation(of, "monitor"), never)).reason;
    };
    expect(await look(0)).toBe("runs");
    expect(await look(1)).toBe("runs");
    expect(await look(1000)).toBe("runs");
    expect(await look(1001)).toBe("level 20: rotten (the agent reported a failure (exit code 1))");
    expect(await look(1002)).toBe("runs");
  });

  const place = (name: string, number: number): NoticePlace => ({ node: parseNodeId(name), number });
  const notice: Notice = {
    when: "pre",
    operation: "promote",
    on: [place("n2", 1)],
    active: [place("n1", 0), place("n2", 1)],
    inactive: [place("n3", 2)],
    promoted: [],
    unpromoted: [place("n1", 0), place("n2", 1)],
  };
  const clone = { number: 0, max: 3, isPromotable: true as const, notifyTimeoutMs: durationMs(5_000) };
  const member: OcfResource = { ...resource, id: resourceId(parseServiceId("db"), "agent"), clone };

  async function tell(timeoutMs = 5_000, signal = never): Promise<OperationOutcome> {
    const service = parseServiceId("db");
    return agent.notify({ id: 1, service, resource: member, notice, timeoutMs: durationMs(timeoutMs) }, signal);
  }

  test("[PRO-7] is told what becomes of its clone by the variables of the standard, old and new", async () => {
    agentDoes("echo action=$1; env | grep CRM_meta_notify | sort");
    const { status, output } = await tell();
    expect([status, ...output.trim().split("\n")]).toEqual([
      "ok",
      "action=notify",
      "OCF_RESKEY_CRM_meta_notify=true",
      ...[
        "active_resource=db__agent:0 db__agent:1",
        "active_uname=n1 n2",
        "demote_resource=",
        "demote_uname=",
        "inactive_resource=db__agent:2",
        "inactive_uname=n3",
        "master_resource=",
        "master_uname=",
        "operation=promote",
        "promote_resource=db__agent:1",
        "promote_uname=n2",
        "promoted_resource=",
        "promoted_uname=",
        "slave_resource=db__agent:0 db__agent:1",
        "slave_uname=n1 n2",
        "start_resource=",
        "start_uname=",
        "stop_resource=",
        "stop_uname=",
        "type=pre",
        "unpromoted_resource=db__agent:0 db__agent:1",
        "unpromoted_uname=n1 n2",
      ].map((line) => `OCF_RESKEY_CRM_meta_notify_${line}`),
    ]);
  });

  test("[PRO-8] that fails, hangs or has no notify is no worse than told", async () => {
    agentDoes("echo 'ocf-exit-reason:who is that?' >&2; exit 1");
    expect(await tell()).toMatchObject({ status: "failed", reason: "who is that?" });
    agentDoes("exit 3");
    expect(await tell()).toMatchObject({
      status: "failed",
      reason: "the agent does not know this action (exit code 3)",
    });
    agentDoes("sleep 60 & sleep 60");
    expect((await tell(50)).status).toBe("timed-out");
    expect((await tell(5_000, AbortSignal.timeout(50))).reason).toContain("cancelled");
  });

  test("[OCF-3] that is degraded runs, and says why", async () => {
    agentDoes("echo 'ocf-exit-reason:one of two disks is gone' >&2; exit 190");
    expect(await run("monitor")).toMatchObject({
      status: "ok",
      isDegraded: true,
      reason: "one of two disks is gone (runs, but degraded (exit code 190))",
    });
    await run("stop");
  });

  test("[OCF-4] its exit reason is the reason", async () => {
    agentDoes("echo noise; echo 'ocf-exit-reason:first' >&2; echo 'ocf-exit-reason:Port 80 is taken' >&2; exit 1");
    expect(await run("start")).toMatchObject({
      status: "failed",
      severity: "soft",
      code: 1,
      reason: "Port 80 is taken (the agent reported a failure (exit code 1))",
    });
  });

  test("not installed: nothing on a probe, a failure of this node when it ran", async () => {
    agentDoes("[ $1 = monitor ] && exit 5; exit 0");
    await run("stop");
    expect(await run("monitor")).toMatchObject({ status: "not-running", severity: "hard" });
    await run("start");
    expect(await run("monitor")).toMatchObject({ status: "failed", severity: "hard" });
    await run("stop");
  });

  test("that is missing names itself and the package", async () => {
    const missing: OcfResource = { ...resource, provider: "heartbeat", type: "nowhere" };
    expect(await run("start", 5000, missing)).toMatchObject({
      status: "failed",
      severity: "hard",
      reason: `Cannot run "${root}/resource.d/heartbeat/nowhere": no such file: apt install resource-agents`,
    });
    expect(await run("monitor", 5000, missing)).toMatchObject({ status: "not-running", severity: "hard" });
  });

  test("that is not executable says so", async () => {
    agentDoes("exit 0");
    chmodSync(join(root, "resource.d/test/agent"), 0o644);
    const outcome = await run("start");
    expect(outcome).toMatchObject({ status: "failed", severity: "hard" });
    expect(outcome.reason).toMatch(/it is not executable: chmod \+x/);
    rmSync(join(root, "resource.d/test/agent"));
  });

  test("that hangs with grandchildren is ended with them", async () => {
    const pidFile = join(folder, "hang.pid");
    agentDoes(`trap '' TERM; sh -c 'trap "" TERM; echo $$ > ${pidFile}; sleep 60; sleep 60' & sleep 60; sleep 60`);
    const outcome = await run("start", 300);
    expect(outcome).toMatchObject({ status: "timed-out", reason: "not done after 300 ms, ended by SIGKILL" });
    expect(isAlive(pidFile)).toBe(false);
  });

  test("that prints 100 MB leaves 4 KiB", async () => {
    agentDoes("yes ein langes Lied | head -c 100000000; exit 1");
    const outcome = await run("start");
    expect(outcome).toMatchObject({ status: "failed", code: 1 });
    expect(Buffer.byteLength(outcome.output)).toBeLessThanOrEqual(4096);
  });

  test("that dies by a signal has failed", async () => {
    agentDoes("kill -SEGV $$");
    expect(await run("monitor")).toMatchObject({ status: "failed", severity: "soft", reason: "killed by SIGSEGV" });
  });

  test("that leaves a daemon on its output does not hold us up, and the daemon may go on writing", async () => {
    const pidFile = join(folder, "writer.pid");
    agentDoes(`setsid sh -c 'echo $$ > ${pidFile}; while echo alive; do sleep 0.01; done' &
while [ ! -s ${pidFile} ]; do sleep 0.01; done`);
    const outcome = await run("start");
    expect(outcome.status).toBe("ok");
    expect(outcome.durationMs).toBeLessThan(2000);
    await sleep(100);
    expect(isAlive(pidFile)).toBe(true);
    await killDaemon(pidFile);
  });
});
