import { spawn } from "node:child_process";

/** One check of the gate. */
export interface Step {
  readonly name: string;
  /** Program and arguments. */
  readonly command: readonly [string, ...string[]];
}

/** How a step ended. */
export interface StepResult {
  readonly name: string;
  readonly passed: boolean;
  readonly tookMs: number;
  /** All that it wrote, standard output and error as they came. */
  readonly output: string;
}

/** Run one step to its end. A program that cannot be started is a step that failed. */
export async function runStep({ name, command: [program, ...rest] }: Step, root: string): Promise<StepResult> {
  const startedAt = Date.now();
  const chunks: Buffer[] = [];
  const passed = await new Promise<boolean>((resolve) => {
    const child = spawn(program, rest, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", (error) => {
      chunks.push(Buffer.from(`${error.message}\n`));
      resolve(false);
    });
    child.on("close", (code) => resolve(code === 0));
  });
  return { name, passed, tookMs: Date.now() - startedAt, output: Buffer.concat(chunks).toString() };
}

/** `ok    types     1.2 s`, and below it the output of a step that failed. */
export function formatResult({ name, passed, tookMs, output }: StepResult): string {
  const line = `${passed ? "ok  " : "FAIL"}  ${name.padEnd(10)} ${(tookMs / 1000).toFixed(1).padStart(6)} s`;
  return passed ? line : `${line}\n${output.trimEnd()}\n`;
}
