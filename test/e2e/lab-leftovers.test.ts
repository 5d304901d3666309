import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Lab } from "../../lab/lab.ts";
import { runTypeScript } from "../../lab/run-type-script.ts";
import { waitUntil } from "../../lab/wait-until.ts";

const namespaceKinds = ["net", "mnt", "uts", "ipc", "pid"];
const goneMs = 10_000;

/** What a lab could leave behind: namespaces with a process, mounts and interfaces of the machine. */
async function machine(): Promise<{ namespaces: Set<string>; mounts: string; interfaces: string }> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const links = pids.flatMap((pid) => namespaceKinds.map(async (kind) => readlink(`/proc/${pid}/ns/${kind}`)));
  const found = await Promise.allSettled(links); // Processes come and go.
  return {
    namespaces: new Set(found.flatMap((link) => (link.status === "fulfilled" ? [link.value] : []))),
    mounts: await readFile("/proc/self/mountinfo", "utf8"),
    interfaces: (await readdir("/sys/class/net")).sort().join(" "),
  };
}

/** True while some process has the folder on its command line: keepers and first processes of hosts do. */
async function isInUse(folder: string): Promise<boolean> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.allSettled(pids.map(async (pid) => readFile(`/proc/${pid}/cmdline`, "utf8")));
  return lines.some((line) => line.status === "fulfilled" && line.value.includes(folder));
}

async function expectNothingLeft(
  before: Awaited<ReturnType<typeof machine>>,
  folder: string,
  withinMs = goneMs,
): Promise<void> {
  await waitUntil("the lab's processes to be gone", withinMs, async () => !(await isInUse(folder)));
  await waitUntil("the lab's folder to be gone", withinMs, async () => (await readdir(folder)).length === 0);
  // Other work on this machine may have ended namespaces meanwhile, but a lab must not have added one.
  await waitUntil("the lab's namespaces to be gone", withinMs, async () =>
    [...(await machine()).namespaces].every((name) => before.namespaces.has(name)),
  );
  const after = await machine();
  expect(after.mounts).toBe(before.mounts);
  expect(after.interfaces).toBe(before.interfaces);
}

/**
 * Start `leftovers-main.ts` and kill it. `TMPDIR` gives it a folder of its own to look into.
 *
 * @param stage line of its output to wait for
 * @param delayMs then this much longer, to hit different moments
 */
async function killCreator(signal: NodeJS.Signals, stage: string, delayMs: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "hale-leftovers-"));
  const before = await machine();
  const [file = "", ...args] = runTypeScript("leftovers-main.ts");
  // A group of its own, and the signal to all of it: as a terminal does with Ctrl-C.
  const env = { ...process.env, TMPDIR: folder };
  const child = spawn(file, args, { detached: true, env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let output = "";
  child.stdout.on("data", (text: Buffer) => {
    output += text.toString();
  });
  await waitUntil(`the creator to say ${stage}`, goneMs, () => output.includes(`${stage}\n`));
  await sleep(delayMs);
  process.kill(-(child.pid ?? 0), signal);
  await ended;
  await expectNothingLeft(before, folder);
  await rm(folder, { recursive: true });
}

test("a closed lab leaves nothing behind, and two labs do not see each other", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hale-leftovers-"));
  const usual = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  try {
    const before = await machine();
    {
      await using one = await Lab.create({ hosts: ["n1", "n2"] });
      await using other = await Lab.create({ hosts: ["n1", "n2"] });
      await one.host("n2").powerOff();
      expect((await one.host("n1").exec(["ping", "-c1", "-W1", one.host("n2").ip()])).code).toBe(1);
      expect((await other.host("n1").exec(["ping", "-c1", "-W1", other.host("n2").ip()])).code).toBe(0);
      // The check itself must be able to fail.
      await expect(expectNothingLeft(before, folder, 50)).rejects.toThrow("to be gone");
      await other.close();
    }
    await expectNothingLeft(before, folder);
  } finally {
    if (usual === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = usual;
    await rm(folder, { recursive: true });
  }
});

test("a lab that cannot be made says why and leaves nothing behind", async () => {
  await expect(Lab.create({ hosts: ["n1", "n1"] })).rejects.toThrow("two hosts of one name");
  await expect(Lab.create({ hosts: ["a-very-long-name"] })).rejects.toThrow("longer than 15");
  await expect(Lab.create({ hosts: ["$(reboot)"] })).rejects.toThrow("wants letters");
});

const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGKILL"];
for (const signal of signals) {
  for (const delayMs of [0, 5, 10, 15, 20, 30, 40, 60]) {
    test(`${signal} ${delayMs} ms into the creation leaves nothing behind`, async () => {
      await killCreator(signal, "creating", delayMs);
    });
  }
  test(`${signal} of the creator of a lab in use leaves nothing behind`, async () => {
    await killCreator(signal, "used", 0);
    await killCreator(signal, "used", 7);
  });
}
