import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ProgramCall, type ProgramResult, ProgramRunner } from "./program-runner.ts";

let folder: string;
let runner: ProgramRunner;
const never = new AbortController().signal;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "hale-process-"));
  runner = new ProgramRunner({ outputFolder: join(folder, "output") });
});

afterAll(() => {
  runner.close();
  rmSync(folder, { recursive: true });
});

async function run(argv: readonly string[], more: Partial<ProgramCall> = {}, signal = never): Promise<ProgramResult> {
  return runner.run({ argv, environment: {}, timeoutMs: 10_000, outputName: "test", ...more }, signal);
}

async function shell(script: string, more: Partial<ProgramCall> = {}, signal = never): Promise<ProgramResult> {
  return run(["/bin/sh", "-c", script], more, signal);
}

function isAlive(pid: number): boolean {
  try {
    // A zombie that its new parent has not reaped yet is dead for us.
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

async function pidIn(file: string): Promise<number> {
  for (let tries = 0; tries < 400; tries += 1) {
    const text = existsSync(file) ? readFileSync(file, "utf8") : "";
    if (text.endsWith("\n")) return Number(text);
    await sleep(5);
  }
  throw new Error(`Cannot find a pid in ${file}`);
}

/** The pid that a program has written, once the runner knows of it, too: where much is being started that may be later. */
async function pidOfRunning(outputName: string, file: string): Promise<number> {
  const output = join(folder, "output");
  for (let tries = 0; tries < 4_000; tries += 1) {
    const records = readdirSync(output).filter((name) => name.startsWith("running."));
    if (records.some((name) => readFileSync(join(output, name), "latin1").includes(` ${outputName} `)))
      return pidIn(file);
    await sleep(5);
  }
  throw new Error(`Cannot find ${outputName} among what runs`);
}

/** A killed process is dead when it next gets a processor, a moment after its leader. */
async function isGone(pid: number): Promise<boolean> {
  for (let tries = 0; tries < 400 && isAlive(pid); tries += 1) await sleep(5);
  return !isAlive(pid);
}

test("output is for its owner alone, in a folder for its owner alone; only the folder above is open to others", async () => {
  const run = join(folder, "run");
  const own = new ProgramRunner({ outputFolder: join(run, "output") });
  await own.run({ argv: ["/bin/echo", "a secret"], environment: {}, timeoutMs: 10_000, outputName: "test" }, never);
  own.close();
  const modes = [run, join(run, "output"), join(run, "output", "test")].map((path) => statSync(path).mode & 0o777);
  expect(modes).toEqual([0o755, 0o700, 0o600]);
});

describe("a program that ends by itself", () => {
  test("gives its code and both outputs in order", async () => {
    const result = await shell("echo one; echo two >&2; echo three; exit 7");
    expect(result).toMatchObject({ end: { kind: "exited", code: 7 }, output: "one\ntwo\nthree\n" });
  });

  test("gives the signal that killed it", async () => {
    expect((await shell("kill -SEGV $$")).end).toEqual({ kind: "killed", signal: "SIGSEGV" });
  });

  test("finds its input, environment and a known PATH, and nothing of ours", async () => {
    const result = await shell("cat; echo $A $PATH $NOTIFY_SOCKET; pwd", { input: "in\n", environment: { A: "b" } });
    expect(result.output).toBe("in\nb /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\n/\n");
  });

  test("may leave its input unread", async () => {
    expect((await shell("exec <&-; exit 3", { input: "x".repeat(1_000_000) })).end).toEqual({
      kind: "exited",
      code: 3,
    });
  });

  test("leads a session of its own, so that what hits haled's group does not hit it", async () => {
    const { output } = await shell("cut -d' ' -f1,5,6 /proc/$$/stat");
    const [pid, group, session] = output.trim().split(" ");
    expect([group, session]).toEqual([pid, pid]);
  });

  test("keeps only the end of 100 MB, and the file small", async () => {
    const result = await shell("yes 0123456789 | head -c 100000000; echo last");
    expect(result.end).toEqual({ kind: "exited", code: 0 });
    expect(Buffer.byteLength(result.output)).toBeLessThanOrEqual(4096);
    expect(result.output).toMatch(/last\n$/);
    expect(statSync(join(folder, "output/test")).size).toBeLessThanOrEqual(4096);
  });

  test("garbage comes out as text that a terminal survives", async () => {
    const { output } = await shell("head -c 100000 /dev/urandom; printf '\\033[31m\\377\\000é'");
    expect(Buffer.byteLength(output)).toBeLessThanOrEqual(4096);
    expect(output).not.toMatch(/[^\P{Cc}\t\n]/u);
    expect(output).toMatch(/é$/);
  });
});

describe("a program that starts a daemon", () => {
  test("does not hold us: the daemon keeps output and error open, goes on writing and lives", async () => {
    const pidFile = join(folder, "daemon.pid");
    const script = `setsid sh -c 'echo $$ > ${pidFile}; while :; do echo alive; echo alive >&2; sleep 0.02; done' & echo started`;
    const result = await shell(script);
    expect(result.end).toEqual({ kind: "exited", code: 0 });
    expect(result.durationMs).toBeLessThan(2000);
    const pid = await pidIn(pidFile);
    await sleep(100);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });

  test("may reopen /dev/stderr, which a socket would refuse", async () => {
    expect(await shell("echo x > /dev/stderr")).toMatchObject({ end: { code: 0 }, output: "x\n" });
  });
});

describe("time-out and abort", () => {
  const hang = (name: string): string =>
    `trap '' TERM; sh -c 'trap "" TERM; echo $$ > ${name}; while :; do sleep 1; done' & sleep 60; sleep 60`;

  test("end grandchildren that ignore TERM", async () => {
    const pidFile = join(folder, "hang.pid");
    const result = await shell(hang(pidFile), { timeoutMs: 200 });
    expect(result.end).toEqual({ kind: "timed-out", detail: "ended by SIGKILL" });
    expect(result.durationMs).toBeLessThan(2000);
    expect(await isGone(await pidIn(pidFile))).toBe(true);
  });

  test("let a program clean up on TERM, and keep what it printed", async () => {
    const result = await shell("trap 'echo cleaned; exit 0' TERM; echo begun; while :; do sleep 0.02; done", {
      timeoutMs: 200,
    });
    expect(result.end).toEqual({ kind: "timed-out", detail: "ended by SIGTERM" });
    expect(result.output).toMatch(/^begun\n(Terminated\n)?cleaned\n$/);
  });

  test("abort ends the group as well", async () => {
    const pidFile = join(folder, "abort.pid");
    const controller = new AbortController();
    const running = shell(hang(pidFile), { outputName: "abort.start" }, controller.signal);
    const pid = await pidOfRunning("abort.start", pidFile);
    controller.abort();
    expect((await running).end).toEqual({ kind: "aborted", detail: "ended by SIGKILL" });
    expect(await isGone(pid)).toBe(true);
  });

  test("an abort before the start runs nothing", async () => {
    const file = join(folder, "touched");
    const result = await shell(`touch ${file}`, {}, AbortSignal.abort());
    expect(result.end).toMatchObject({ kind: "aborted" });
    expect(existsSync(file)).toBe(false);
  });
});

describe("a program that cannot be started says what to do", () => {
  const file = (name: string, content: string, mode: number): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode });
    return path;
  };

  test.each([
    ["missing", () => "/nowhere/agent", /^Cannot run "\/nowhere\/agent": no such file$/, true],
    ["not executable", () => file("plain", "#!/bin/sh\n", 0o644), /it is not executable: chmod \+x .*plain$/, false],
    ["a folder", () => folder, /: it is a directory$/, false],
    [
      "no interpreter",
      () => file("perl6", "#!/opt/perl6 -w\n", 0o755),
      /its interpreter "\/opt\/perl6" is missing: install it$/,
      true,
    ],
    ["no name", () => "", /^Cannot run ""/, false],
    ["a NUL in the name", () => "/bin/sh\0", /^Cannot run/, false],
  ])("%s", async (_name, program, reason, isMissing) => {
    const { end } = await run([program()]);
    expect(end).toMatchObject({ kind: "not-started", isMissing });
    expect(end.kind === "not-started" && end.reason).toMatch(reason);
  });

  test("parameters beyond what the kernel takes", async () => {
    const { end } = await run(["/bin/true"], { environment: { A: "x".repeat(3_000_000) } });
    expect(end).toMatchObject({ kind: "not-started", reason: expect.stringContaining("shorten them") as string });
  });
});

test("listeners on a signal that lives for months are removed", async () => {
  const controller = new AbortController();
  for (let count = 0; count < 30; count += 1) await run(["/bin/true"], {}, controller.signal);
  controller.abort();
});

describe("after a crash of haled", () => {
  test("the next one ends operations on their way, and nothing else", async () => {
    const pidFile = join(folder, "orphan.pid");
    const running = shell(`echo $$ > ${pidFile}; sleep 60; sleep 60`, { outputName: "web+2Fnginx.start" });
    const pid = await pidOfRunning("web+2Fnginx.start", pidFile);
    // A record whose pid belongs to somebody else by now.
    const record = `${process.pid} 1 old.stop`.padEnd(255);
    writeFileSync(join(folder, "output/running.1"), `${record}\n-${record.slice(1)}\n\0garbage\n`);
    const next = new ProgramRunner({ outputFolder: join(folder, "output") });
    const ended = await next.endLeftovers();
    // KILL follows where init is slow to reap the killed grandchild: a zombie counts as a member of its group.
    expect(ended.join()).toMatch(/^web\+2Fnginx\.start: ended by SIG(TERM|KILL)$/);
    expect((await running).end).toMatchObject({ kind: "killed" });
    expect(isAlive(pid)).toBe(false);
    expect(await next.endLeftovers()).toEqual([]);
    next.close();
  });

  test("a daemon that an operation has left is none of them", async () => {
    const pidFile = join(folder, "service.pid");
    await shell(`setsid sh -c 'echo $$ > ${pidFile}; exec sleep 60' &`);
    const pid = await pidIn(pidFile);
    expect(await runner.endLeftovers()).toEqual([]);
    expect(isAlive(pid)).toBe(true);
    process.kill(pid, "SIGKILL");
  });
});

test("a program runs where its output finds no room, and the output says so", async () => {
  writeFileSync(join(folder, "no-folder"), "");
  const homeless = new ProgramRunner({ outputFolder: join(folder, "no-folder", "output") });
  const mark = join(folder, "ran");
  const call = { environment: {}, timeoutMs: 10_000, outputName: "test" };
  const result = await homeless.run({ argv: ["/bin/sh", "-c", `echo gone; touch ${mark}`], ...call }, never);
  homeless.close();
  expect(result.end).toMatchObject({ kind: "exited", code: 0 });
  expect(result.output).toMatch(/^output was not kept: /);
  expect(existsSync(mark)).toBe(true);
});
