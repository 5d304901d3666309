import { type ChildProcessByStdio, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

interface Pending {
  readonly command: string;
  readonly output: string[];
  readonly resolve: (output: string) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A small `sh` in some namespace that takes commands one by one over its stdin, for as long as that is open.
 *
 * Two uses in one: starting a program from a tiny shell takes 2 ms where starting it from a big Node process blocks
 * the event loop for 5 to 30; and the open pipe is the lifeline: the kernel closes it however this process ends.
 */
export class Shell {
  /** Resolves when the shell and with it its namespaces are gone; never rejects. */
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #pending: Pending[] = [];
  #greeting: Pending | undefined;
  #complaints = "";
  #isOver = false;

  private constructor(child: ChildProcessByStdio<Writable, Readable, Readable>, greeting: Pending) {
    this.#child = child;
    this.#greeting = greeting;
    this.exited = new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));
    void this.exited.then(({ code, signal }) => this.#end(`ended with ${signal ?? code}`));
    child.once("error", (error) => this.#end(error.message));
    child.stdin.on("error", () => {}); // EPIPE: the end of the process tells the same, with the reason.
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#complaints += text;
    });
    createInterface({ input: child.stdout }).on("line", (line) => this.#onLine(line));
  }

  /**
   * Start `argv`, which must speak the protocol of `keeper.sh`, in a session of its own, so that Ctrl-C does not
   * reach it before this process has let go of the pipe.
   *
   * @returns the shell and its first line
   */
  static async start(argv: readonly [string, ...string[]]): Promise<{ shell: Shell; greeting: string }> {
    const [file, ...args] = argv;
    const child = spawn(file, args, { detached: true, stdio: ["pipe", "pipe", "pipe"] });
    let shell: Shell | undefined;
    const greeting = await new Promise<string>((resolve, reject) => {
      shell = new Shell(child, { command: argv.join(" "), output: [], resolve, reject });
    });
    if (shell === undefined) throw new Error("unreachable: the promise above made the shell");
    return { shell, greeting };
  }

  /**
   * Run one line of shell; lines are run in the order of the calls.
   *
   * @returns what it wrote to stdout and stderr
   * @throws Error when it exits with anything but 0, or the shell has ended
   */
  async run(command: string): Promise<string> {
    if (command.includes("\n")) throw new RangeError("Cannot run a command of several lines in a lab shell");
    if (this.#isOver) throw new Error(`Cannot run ${JSON.stringify(command)}: the shell has ended`);
    return new Promise((resolve, reject) => {
      this.#pending.push({ command, output: [], resolve, reject });
      this.#child.stdin.write(`${command}\n`);
    });
  }

  /** What it has written to stderr by itself; a command's stderr is part of its output. */
  get complaints(): string {
    return this.#complaints.trim();
  }

  /** Close the lifeline and wait until everything behind it is gone. */
  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.exited;
  }

  #onLine(line: string): void {
    if (this.#greeting !== undefined) {
      this.#greeting.resolve(line);
      this.#greeting = undefined;
      return;
    }
    const current = this.#pending[0];
    if (current === undefined) return;
    const status = /^= (\d+)$/.exec(line)?.[1];
    if (status === undefined) {
      current.output.push(line);
      return;
    }
    this.#pending.shift();
    const output = current.output.join("\n");
    if (status === "0") current.resolve(output);
    else current.reject(new Error(`Cannot run ${JSON.stringify(current.command)}: exit ${status}: ${output}`));
  }

  #end(reason: string): void {
    this.#isOver = true;
    const waiting = [...(this.#greeting === undefined ? [] : [this.#greeting]), ...this.#pending.splice(0)];
    this.#greeting = undefined;
    for (const { command, reject } of waiting) {
      reject(new Error(`Cannot run ${JSON.stringify(command)}: the shell ${reason}: ${this.complaints}`));
    }
  }
}
