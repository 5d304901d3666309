import { chmodSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import type { ProgramExit, ProgramStart } from "./program-start.ts";
import { startNative } from "./start-native.ts";
import { startByNode, startProgram } from "./start-program.ts";

const folder = mkdtempSync(join(tmpdir(), "hale-start-"));
const path = "/usr/bin:/bin";
let outputFd: number;

beforeEach(() => {
  outputFd = openSync(join(folder, "output"), "w+");
});
afterAll(() => rmSync(folder, { recursive: true }));

function output(): string {
  return readFileSync(join(folder, "output"), "utf8");
}

function file(name: string, text: string, mode: number): string {
  const at = join(folder, name);
  writeFileSync(at, text);
  chmodSync(at, mode);
  return at;
}

test("the thread is used where there is koffi, as here", () => {
  const started = startNative({ argv: ["/bin/true"], environment: {}, outputFd, errorFd: null });
  expect(started).not.toBeNull();
});

describe.each([
  ["in a thread", startProgram],
  ["by Node.js", startByNode],
])("a program started %s", (_name, start) => {
  async function run(argv: ProgramStart["argv"], more: Partial<ProgramStart> = {}): Promise<ProgramExit> {
    const given = { environment: { PATH: path }, outputFd, errorFd: outputFd, ...more };
    return (await start({ argv, ...given })).ended;
  }

  test("gives its exit code, or the signal", async () => {
    expect(await run(["/bin/sh", "-c", "exit 255"])).toEqual({ kind: "exited", code: 255 });
    expect(await run(["/bin/sh", "-c", "kill -9 $$"])).toEqual({ kind: "killed", signal: "SIGKILL" });
  });

  test("leads a session in /, with the files, the environment and the arguments that it was given", async () => {
    const script =
      'pwd; env | grep -v -e ^PWD -e ^_ -e ^SHLVL | sort; echo "$0 $1"; readlink /proc/$$/fd/0; cut -d" " -f1,5,6 /proc/$$/stat';
    const { pid, ended } = await start({
      argv: ["sh", "-c", script, "é", ""],
      environment: { PATH: path, A: "1\n2" },
      outputFd,
      errorFd: null,
    });
    await ended;
    expect(output()).toBe(`/\n2\nA=1\nPATH=${path}\né \n/dev/null\n${pid} ${pid} ${pid}\n`);
  });

  test("has no signal ignored or blocked", async () => {
    await run(["/bin/grep", "-E", "^Sig(Blk|Ign)", "/proc/self/status"]);
    expect(output()).toMatch(/^SigBlk:\t0+\nSigIgn:\t0+\n$/);
  });

  test("has none of our files open but its standard ones", async () => {
    await run(["/bin/sh", "-c", "ls -l /proc/$$/fd"], { input: "secret" });
    const files = output()
      .split("\n")
      .flatMap((line) => line.split(" -> ").slice(1));
    expect(files.filter((file) => file === join(folder, "output"))).toHaveLength(2);
    expect(files.filter((file) => /memfd:hale/.test(file)).length).toBeLessThanOrEqual(1);
  });

  test("reads all of a long input, or none", async () => {
    await run(["/usr/bin/wc", "-c"], { input: "é".repeat(500_000) });
    expect(output()).toBe("1000000\n");
    expect(await run(["/bin/true"], { input: "x".repeat(1_000_000) })).toEqual({ kind: "exited", code: 0 });
  });

  test("tells errors from output, which may be thrown away", async () => {
    await run(["/bin/sh", "-c", "echo a; echo b >&2"], { errorFd: null });
    expect(output()).toBe("a\n");
  });

  test("is run by a shell when its file does not say by whom", async () => {
    expect(await run([file("plain", "exit $1", 0o755), "3"])).toEqual({ kind: "exited", code: 3 });
  });

  test.each<[string, () => ProgramStart["argv"], string]>([
    ["no such file", () => ["/is/not/there"], "ENOENT"],
    ["not found in the path", () => ["hale-is-not-there"], "ENOENT"],
    ["its interpreter is missing", () => [file("odd", "#!/is/not/there\n", 0o755)], "ENOENT"],
    ["not executable", () => [file("data", "#!/bin/sh\n", 0o644)], "EACCES"],
    ["a folder", () => [folder], "EACCES"],
    ["more than the kernel takes", () => ["/bin/true", "x".repeat(3_000_000)], "E2BIG"],
    ["a zero byte", () => ["/bin/true", "a\0b"], "ERR_INVALID_ARG_VALUE"],
  ])("that cannot be: %s", async (_what, argv, code) => {
    await expect(run(argv())).rejects.toMatchObject({ code });
  });

  test("many at once all end", async () => {
    const ends = await Promise.all(Array.from({ length: 40 }, async (_, i) => run(["/bin/sh", "-c", `exit ${i}`])));
    expect(ends.map((end) => (end.kind === "exited" ? end.code : end.signal))).toEqual(ends.map((_, i) => i));
  });
});
