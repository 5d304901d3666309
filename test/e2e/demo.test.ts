import { execFile, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { runTypeScript } from "../../lab/run-type-script.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { expectNothingLeft, killCreator, namespacesOf } from "./leftovers.ts";

const argv = runTypeScript("demo.ts");
const report = new URL("../../demo-report/", import.meta.url);
/** From the issue of a demo: nobody waits longer for one. */
const demoMsMax = 90_000;

test(
  "the demo plays to its end, and leaves a picture of what the client saw",
  async () => {
    const { code, output } = await run(argv, { CI: "true" });
    expect(code, output).toBe(0);
    expect(output).toMatch(/fence 1 requested[^]*confirmed off by power[^]*What the client saw/);
    expect(await readFile(new URL("outages.svg", report), "utf8")).toMatch(/^<svg[^]*nobody answered for \d+ ms/);
    expect(await readFile(new URL("outages.txt", report), "utf8")).toMatch(/n\d -> n\d/);
  },
  demoMsMax,
);

for (const [signal, stage] of [
  ["SIGINT", "2. A real haled"],
  ["SIGINT", "power cut on"],
  ["SIGKILL", "power cut on"],
] as const) {
  test(`${signal} in the demo at "${stage}" leaves nothing behind`, async () => {
    await killCreator({ argv, signal, stage, delayMs: 20, stageMs: demoMsMax });
  });
}

test(
  "on a terminal the cluster stays up, the commands that it prints work, and Ctrl-C ends it well",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "hale-demo-"));
    const env = { ...process.env, CI: "", TMPDIR: folder };
    // In place of the shell: dash would stay, be hit by the same Ctrl-C, and end as one that was killed.
    const terminal = spawn("script", ["-qefc", `exec ${argv.join(" ")}`, "/dev/null"], {
      env,
      stdio: ["pipe", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => terminal.once("exit", resolve));
    let output = "";
    terminal.stdout.on("data", (text: Buffer) => (output += text.toString()));
    await waitUntil("the demo to hand over", demoMsMax, () => /alias on=\S+[^]*hale events -f/.test(output));
    const on = /alias on=(\S+)/.exec(output)?.[1] ?? "";
    const asked = async (words: string): Promise<string> => (await promisify(execFile)(on, words.split(" "))).stdout;
    expect(JSON.parse(await asked("n1 hale status --json"))).toMatchObject({ group: { isQuorate: true } });
    expect(await asked("n1 hale why intranet")).toContain("intranet");
    expect(await asked(/client curl -s http:\S+/.exec(output)?.[0] ?? "")).toMatch(/n\d/);
    const namespaces = await namespacesOf(folder);
    terminal.stdin.write("\u0003");
    expect(await ended).toBe(0);
    await expectNothingLeft(folder, namespaces);
    await rm(folder, { recursive: true });
  },
  2 * demoMsMax,
);

test("where namespaces are refused, the demo says what to do", async () => {
  const refused = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", ...argv];
  const { code, output } = await run(refused, { CI: "true" });
  expect(code).toBe(1);
  expect(output).toMatch(
    /The demo failed: Cannot make hosts: the machine refuses namespaces .*; run as root with CAP_SYS_ADMIN/,
  );
});

/** Runs a program to its end. */
async function run(
  [file = "", ...args]: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ readonly code: unknown; readonly output: string }> {
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (output += text.toString()));
  const code = await new Promise((resolve) => child.once("exit", resolve));
  return { code, output };
}
