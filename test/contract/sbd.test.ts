import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
import { createSbdDevice, sbdProgram } from "../../src/adapters/sbd/sbd-device.ts";
import type { FenceAction, FenceOutcome } from "../../src/model/operation.ts";
import { durationMs } from "../../src/model/units.ts";
import { ownFolder } from "./own-folder.ts";

// Debian's sbd on real block devices; only the processes of its daemon are made up here (test/e2e/sbd.test.ts has real ones).

const msgwaitMs = 2_000;
const folder = ownFolder("sbd");
const runner = new ProgramRunner({ outputFolder: join(folder, "output") });
const canRun = existsSync(sbdProgram) && process.getuid?.() === 0;
const disks: string[] = [];
let calls = 0;

function sbd(...words: readonly string[]): string {
  return execFileSync(sbdProgram, words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function uuidOf(disk: string): string {
  return /^UUID\s*: (\S+)$/m.exec(sbd("-d", disk, "dump"))?.[1] ?? "";
}

function slotOf(disk: string, node: string): string {
  return new RegExp(`\t${node}\t(\\S+)`).exec(sbd("-d", disk, "list"))?.[1] ?? "";
}

/** A folder like /proc, in which the daemon of sbd watches slot 0 of these disks. */
function daemonOn(watched: readonly string[], program = sbdProgram): string {
  calls += 1;
  const proc = join(folder, `proc-${calls}`);
  const titles = watched.map((disk) => `sbd: watcher: ${disk} - slot: 0 - uuid: ${uuidOf(disk)}`);
  for (const [index, title] of ["sbd: inquisitor", ...titles].entries()) {
    const own = join(proc, `${index + 10}`);
    mkdirSync(join(own, "fd"), { recursive: true });
    symlinkSync("/dev/watchdog", join(own, "fd/3"));
    symlinkSync(program, join(own, "exe"));
    writeFileSync(join(own, "cmdline"), title);
    writeFileSync(join(own, "status"), `PPid:\t${index === 0 ? 1 : 10}\n`);
  }
  return proc;
}

interface Asked {
  readonly paths?: readonly string[];
  readonly plug?: string;
  readonly watched?: readonly string[];
  readonly timeoutMs?: number;
  readonly program?: string;
  readonly signal?: AbortSignal;
}

async function ask(action: FenceAction, asked: Asked = {}): Promise<FenceOutcome> {
  const { paths = disks, plug = "n1", watched = paths, timeoutMs = 20_000, program } = asked;
  const device = createSbdDevice({
    runner,
    processFolder: daemonOn(
      watched.filter((path) => disks.includes(path)),
      program,
    ),
    ...(program === undefined ? {} : { program }),
  });
  const call = { id: ++calls, agent: "sbd", parameters: { devices: paths.join(", ") }, action, plug };
  return device.run({ ...call, timeoutMs: durationMs(timeoutMs) }, asked.signal ?? new AbortController().signal);
}

describe.skipIf(!canRun)("sbd", () => {
  beforeAll(() => {
    for (const name of ["a", "b"]) {
      const file = join(folder, name);
      writeFileSync(file, "");
      truncateSync(file, 2 << 20);
      disks.push(execFileSync("losetup", ["--find", "--show", "--direct-io=on", file], { encoding: "utf8" }).trim());
    }
  });
  afterAll(() => {
    for (const disk of disks) execFileSync("losetup", ["--detach", disk]);
    runner.close();
  });
  beforeEach(() => {
    for (const disk of disks) {
      sbd("-d", disk, "-1", "1", "-2", "0", "-4", `${msgwaitMs / 1_000}`, "create");
      sbd("-d", disk, "allocate", "n1");
      sbd("-d", disk, "allocate", "n2");
    }
  });

  test("[FEN-22] a fence is confirmed when msgwait has passed on all disks, and the message is there", async () => {
    const outcome = await ask("reboot");
    expect(outcome).toMatchObject({ confirmed: true, reason: "sbd reboot n1: done" });
    expect(outcome.durationMs).toBeGreaterThanOrEqual(msgwaitMs);
    expect(disks.map((disk) => slotOf(disk, "n1"))).toEqual(["reset", "reset"]);
    expect((await ask("off", { plug: "n2" })).confirmed).toBe(true);
    expect(disks.map((disk) => slotOf(disk, "n2"))).toEqual(["off", "off"]);
  });

  test("[FEN-22] a message that lies there already confirms nothing: the next attempt waits for msgwait, too", async () => {
    const cut = new AbortController();
    const first = ask("off", { signal: cut.signal });
    await expect.poll(() => slotOf(disks[0] ?? "", "n1"), { interval: 20, timeout: 5_000 }).toBe("off");
    cut.abort();
    expect(await first).toMatchObject({ confirmed: false });
    const second = await ask("off");
    expect(second.confirmed).toBe(true);
    expect(second.durationMs).toBeGreaterThanOrEqual(msgwaitMs);
  });

  test("[FEN-22] two of three disks are enough, one of two is not", async () => {
    const gone = "/dev/hale-no-such-disk";
    expect(await ask("reboot", { paths: [...disks, gone] })).toMatchObject({ confirmed: true });
    const [first = ""] = disks;
    const one = await ask("reboot", { paths: [first, gone], plug: "n2" });
    expect(one.reason).toContain(`1 of 2 disks can be read: ${gone}: `);
    expect(one.confirmed).toBe(false);
    expect(slotOf(first, "n2")).toBe("clear");
  });

  test.each([
    ["a node that no disk knows", { plug: "n9" }, '"n9" has a slot on 0 of 2 disks'],
    ["a name that is an option", { plug: "-d" }, '"-d" is no name of a node'],
    [
      "a timeout that would cut it short",
      { timeoutMs: 11_000 },
      "timeout (11 s) is too short for these disks: at least 12 s",
    ],
    ["a node that is not guarded itself", { watched: [] }, "watches 0 of 2 disks"],
    ["no such program", { program: "/usr/sbin/no-sbd" }, "apt install sbd"],
  ] as const)("[FEN-22] nothing is sent: %s", async (_name, asked, reason) => {
    const outcome = await ask("reboot", asked);
    expect(outcome.confirmed).toBe(false);
    expect(outcome.reason).toContain(reason);
    expect(disks.map((disk) => slotOf(disk, "n1"))).toEqual(["clear", "clear"]);
  });

  test.each([
    ["says no", "exit 1"],
    ["is killed", "kill -KILL $$"],
    ["does not come back", "sleep 60"],
  ])(
    "[FEN-22] nothing is confirmed by a program that has written the message and then %s",
    async (_name, end) => {
      const program = join(folder, `sbd-${++calls}`);
      const body = `case "$*" in *message*) ${sbdProgram} "$@"; ${end};; *) exec ${sbdProgram} "$@";; esac`;
      writeFileSync(program, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
      const outcome = await ask("reboot", { program, timeoutMs: 12_000 });
      expect(outcome.confirmed).toBe(false);
      expect(disks.map((disk) => slotOf(disk, "n1"))).toEqual(["reset", "reset"]);
    },
    60_000,
  );

  test("[FEN-21] a node may run something when its watcher has its slot on all disks, and no message waits there", async () => {
    expect(await ask("on")).toMatchObject({ confirmed: true });
    expect((await ask("on", { plug: "n2" })).reason).toContain('"n2" has slot 1');
    expect((await ask("on", { watched: disks.slice(1) })).confirmed).toBe(false);
    await ask("reboot");
    expect((await ask("on")).reason).toContain('"reset" waits for "n1"');
    expect(disks.map((disk) => slotOf(disk, "n1"))).toEqual(["reset", "reset"]);
  });

  test("[FEN-22] a question sends nothing, and tells what would keep a fence from being confirmed", async () => {
    expect(await ask("monitor")).toMatchObject({ confirmed: true });
    expect(await ask("status")).toMatchObject({ confirmed: true, reason: "sbd status n1: can be sent a message" });
    expect(await ask("status", { plug: "n9" })).toMatchObject({ confirmed: false });
    expect(disks.map((disk) => slotOf(disk, "n1"))).toEqual(["clear", "clear"]);
    sbd("-d", disks[1] ?? "", "-1", "4", "-4", "8", "create");
    expect((await ask("monitor")).reason).toContain("has other timeouts than");
    expect(await ask("reboot")).toMatchObject({ confirmed: false });
  });
});
