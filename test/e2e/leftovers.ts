import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { waitUntil } from "../../lab/wait-until.ts";

const namespaceKinds = ["net", "mnt", "uts", "ipc", "pid"];
const goneMs = 10_000;

interface Process {
  readonly commandLine: string;
  readonly namespaces: readonly string[];
}

/** Every process of the machine; some end while they are being looked at and are left out. */
async function processes(): Promise<readonly Process[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = pids.map(async (pid) => ({
    commandLine: await readFile(`/proc/${pid}/cmdline`, "utf8"),
    namespaces: await Promise.all(namespaceKinds.map(async (kind) => readlink(`/proc/${pid}/ns/${kind}`))),
  }));
  return (await Promise.allSettled(found)).flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}

/** Namespaces of a lab's keeper and of the first processes of its hosts, which name the folder. */
export async function namespacesOf(folder: string): Promise<ReadonlySet<string>> {
  const own = await Promise.all(namespaceKinds.map(async (kind) => readlink(`/proc/self/ns/${kind}`)));
  const named = (await processes()).filter(({ commandLine }) => commandLine.includes(folder));
  return new Set(named.flatMap(({ namespaces }) => namespaces).filter((name) => !own.includes(name)));
}

/** What a lab could do to the machine's own namespaces. */
export async function machine(): Promise<{ mounts: string; interfaces: string }> {
  return {
    mounts: await readFile("/proc/self/mountinfo", "utf8"),
    interfaces: (await readdir("/sys/class/net")).sort().join(" "),
  };
}

/**
 * @param folder holds the lab's, and nothing else
 * @param namespaces that the lab had; those of other labs on this machine are none of our business
 */
export async function expectNothingLeft(
  folder: string,
  namespaces: ReadonlySet<string>,
  withinMs = goneMs,
): Promise<void> {
  const isOfLab = (one: Process) => one.commandLine.includes(folder) || one.namespaces.some((n) => namespaces.has(n));
  await waitUntil("the lab's processes to be gone", withinMs, async () => !(await processes()).some(isOfLab));
  await waitUntil("the lab's folder to be gone", withinMs, async () => (await readdir(folder)).length === 0);
}

/** What is killed, and when. */
export interface Killing {
  /** Command line of a program that makes a lab. `TMPDIR` gives it a folder of its own to look into. */
  readonly argv: readonly string[];
  readonly signal: NodeJS.Signals;
  /** Output to wait for. */
  readonly stage: string;
  /** Then this much longer, to hit different moments. */
  readonly delayMs: number;
  readonly stageMs?: number;
}

/** Start a program that makes a lab, kill it, and see that nothing is left. */
export async function killCreator({ argv, signal, stage, delayMs, stageMs = goneMs }: Killing): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hale-leftovers-"));
  const before = await machine();
  const [file = "", ...args] = argv;
  // A group of its own, and the signal to all of it: as a terminal does with Ctrl-C.
  const env = { ...process.env, TMPDIR: folder };
  const child = spawn(file, args, { detached: true, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let output = "";
  child.stdout.on("data", (text: Buffer) => {
    output += text.toString();
  });
  await waitUntil(`the creator to say ${stage}`, stageMs, () => output.includes(stage));
  await sleep(delayMs);
  const namespaces = await namespacesOf(folder);
  process.kill(-(child.pid ?? 0), signal);
  await ended;
  await expectNothingLeft(folder, namespaces);
  expect(await machine()).toEqual(before);
  await rm(folder, { recursive: true });
}
