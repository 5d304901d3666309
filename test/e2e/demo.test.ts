import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { runTypeScript } from "../../lab/run-type-script.ts";
import { killCreator } from "./leftovers.ts";

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

for (const stage of ["2. A real haled", "power cut on"]) {
  test(`Ctrl-C in the demo at "${stage}" leaves nothing behind`, async () => {
    await killCreator({ argv, signal: "SIGINT", stage, delayMs: 20, stageMs: demoMsMax });
  });
}

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
