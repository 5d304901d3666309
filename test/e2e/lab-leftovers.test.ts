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
async function namespacesOf(folder: string): Promise<ReadonlySet<string>> {
  const own = await Promise.all(namespaceKinds.map(async (kind) => readlink(`/proc/self/ns/${kind}`)));
  const named = (await processes()).filter(({ commandLine }) => commandLine.includes(folder));
  return new Set(named.flatMap(({ namespaces }) => namespaces).filter((name) => !own.includes(name)));
}

/** What a lab could do to the machine's own namespaces. */
async function machine(): Promise<{ mounts: string; interfaces: string }> {
  return {
    mounts: await readFile("/proc/self/mountinfo", "utf8"),
    interfaces: (await readdir("/sys/class/net")).sort().join(" "),
  };
}

/**
 * @param folder holds the lab's, and nothing else
 * @param namespaces that the lab had; those of other labs on this machine are none of our business
 */
async function expectNothingLeft(folder: string, namespaces: ReadonlySet<string>, withinMs = goneMs): Promise<void> {
  const isOfLab = (one: Process) => one.commandLine.includes(folder) || one.namespaces.some((n) => namespaces.has(n));
  await waitUntil("the lab's processes to be gone", withinMs, async () => !(await processes()).some(isOfLab));
  await waitUntil("the lab's folder to be gone", withinMs, async () => (await readdir(folder)).length === 0);
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
  const namespaces = await namespacesOf(folder);
  process.kill(-(child.pid ?? 0), signal);
  await ended;
  await expectNothingLeft(folder, namespaces);
  expect(await machine()).toEqual(before);
  await rm(folder, { recursive: true });
}

test("a closed lab leaves nothing behind, and two labs do not see each other", async () => {
  const folder = await mkdtemp(join(tmpdir(), "hale-leftovers-"));
  const usual = process.env["TMPDIR"];
  process.env["TMPDIR"] = folder;
  try {
    const before = await machine();
    let namespaces: ReadonlySet<string>;
    {
      await using one = await Lab.create({ hosts: ["n1", "n2"] });
      await using other = await Lab.create({ hosts: ["n1", "n2"] });
      await one.host("n2").powerOff();
      expect((await one.host("n1").exec(["ping", "-c1", "-W1", one.host("n2").ip()])).code).toBe(1);
      expect((await other.host("n1").exec(["ping", "-c1", "-W1", other.host("n2").ip()])).code).toBe(0);
      // The check itself must be able to fail.
      await expect(expectNothingLeft(folder, new Set(), 50)).rejects.toThrow("to be gone");
      namespaces = await namespacesOf(folder);
      // Of each lab the pid and net namespaces of the keeper, and five of each host that is on.
      expect(namespaces.size).toBe(2 + 2 * 5 + 2 + 3 * 5);
      await other.close();
    }
    await expectNothingLeft(folder, namespaces);
    expect(await machine()).toEqual(before);
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
