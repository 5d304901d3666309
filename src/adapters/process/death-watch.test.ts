import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { ResourceId } from "../../model/ids.ts";
import type { DeathHint } from "../../model/operation.ts";
import { DeathWatch } from "./death-watch.ts";
import { factsOf } from "./proc-table.ts";
import { processesWriting } from "./processes-writing.fixture.ts";
import { ProgramRunner } from "./program-runner.ts";

const web = "web/nginx" as ResourceId;
let folder: string;
let runner: ProgramRunner;
let told: DeathHint[];
let left: number[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "hale-deaths-"));
  runner = new ProgramRunner({ outputFolder: join(folder, "output"), listProcesses: () => processesWriting(folder) });
  told = [];
  left = [];
  runner.deaths.listen((hint) => told.push(hint));
});

afterEach(() => {
  for (const pid of left) kill(pid);
  runner.close();
  rmSync(folder, { recursive: true });
});

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended with the test.
  }
}

async function pidIn(file: string): Promise<number> {
  for (;;) {
    const pid = Number(read(join(folder, file)));
    if (pid > 0) {
      left.push(pid);
      return pid;
    }
    await sleep(5);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await sleep(5);
}

/** Runs the script as the start of a resource. */
async function start(script: string, resource = web): Promise<void> {
  const started = runner.deaths.starting(resource);
  await run(script, resource);
  started();
}

async function run(script: string, resource = web): Promise<void> {
  const outputName = `${encodeURIComponent(resource).replaceAll("%", "+")}.start`;
  const call = { argv: ["/bin/sh", "-c", script], environment: {}, timeoutMs: 10_000, outputName };
  const { end } = await runner.run(call, new AbortController().signal);
  expect(end).toEqual({ kind: "exited", code: 0 });
}

/** A daemon that writes its pid into a file of the test's folder. */
function daemon(file: string, rest = "exec sleep 600"): string {
  const path = join(folder, file);
  return `setsid sh -c 'echo $$ > ${path}; ${rest}' & while [ ! -s ${path} ]; do sleep 0.01; done;`;
}

test("[SVC-32] the end of a master is told while its worker lives; the end of a worker is the master's business", async () => {
  const workers = [join(folder, "worker1"), join(folder, "worker2")];
  const fork = workers.map((file) => `sleep 600 & echo $! > ${file};`).join(" ");
  await start(daemon("master", `${fork} while :; do sleep 1; done`));
  const [master, first, second] = [await pidIn("master"), await pidIn("worker1"), await pidIn("worker2")];
  kill(first);
  await until(() => factsOf(first)?.isZombie !== false);
  const killedAt = performance.now();
  kill(master);
  await until(() => told.length > 0);
  expect(performance.now() - killedAt).toBeLessThan(500);
  expect(told).toEqual([{ resource: web, what: `process ${master} (sh)` }]);
  expect(factsOf(second)).not.toBeNull();
});

test("[SVC-32] what a process that was there before has forked while a resource started is not that resource's", async () => {
  const [go, backend] = [join(folder, "go"), join(folder, "backend")];
  await start(daemon("master", `until [ -e ${go} ]; do sleep 0.01; done; sleep 600 & echo $! > ${backend}; wait`));
  await start(`touch ${go}; while [ ! -s ${backend} ]; do sleep 0.01; done`, "role/db" as ResourceId);
  runner.deaths.runs("role/db" as ResourceId);
  const [master, forked] = [await pidIn("master"), await pidIn("backend")];
  kill(forked);
  await until(() => factsOf(forked) === null);
  await until(() => told.length > 0);
  expect(told).toEqual([{ resource: web, what: `process ${master} (sh)` }]);
});

test("[SVC-32] two resources that start at one moment are both watched", async () => {
  const db = "web/db" as ResourceId;
  await Promise.all([start(daemon("a")), start(daemon("b"), db)]);
  kill(await pidIn("a"));
  kill(await pidIn("b"));
  await until(() => told.length >= 2);
  expect(told.map(({ resource }) => resource).toSorted()).toEqual([db, web]);
});

test("[SVC-32] a process that takes the place of another is watched from the next monitor on", async () => {
  await start(daemon("old"));
  const old = await pidIn("old");
  await run(daemon("new"));
  const replacement = await pidIn("new");
  runner.deaths.runs(web);
  kill(old);
  await until(() => told.length === 1);
  runner.deaths.runs(web);
  kill(replacement);
  await until(() => told.length === 2);
  expect(told[1]?.what).toContain(`process ${replacement} `);
});

test("[SVC-32] many ends at once are a few questions", async () => {
  const files = ["a", "b", "c", "d", "e", "f"];
  await start(files.map((file) => daemon(file)).join("\n"));
  for (const file of files) kill(await pidIn(file));
  await until(() => told.length >= 2);
  expect(told).toHaveLength(2);
});

test("[SVC-32] who is stopped is not watched any more, and leaves no record", async () => {
  await start(daemon("a"));
  expect(readdirSync(join(folder, "output"))).toContain("web%2Fnginx.heads".replaceAll("%", "+"));
  runner.deaths.forget(web);
  const pid = await pidIn("a");
  kill(pid);
  await until(() => factsOf(pid)?.isZombie !== false);
  expect(readdirSync(join(folder, "output"))).not.toContain("web+2Fnginx.heads");
  expect(told).toEqual([]);
});

test("[SVC-32] a daemon adopts what the one before has watched, and nothing that only has its number", async () => {
  await start(daemon("a"));
  const pid = await pidIn("a");
  runner.deaths.close();
  const next = new DeathWatch(join(folder, "output"));
  next.listen((hint) => told.push(hint));
  next.runs(web);
  const other = "web/other" as ResourceId;
  writeFileSync(join(folder, "output", "web+2Fother.heads"), `${process.pid} 1\n\0garbage\n-1 5\n${2 ** 40} x`);
  next.runs(other);
  kill(pid);
  await until(() => told.length > 0);
  expect(told).toEqual([{ resource: web, what: `process ${pid} (sleep)` }]);
  next.close();
});
