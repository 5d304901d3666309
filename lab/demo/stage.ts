import { styleText } from "node:util";
import { monotonicMs } from "../monotonic.ts";

/** Something that was done to the cluster, for the picture and the timeline. */
export interface Mark {
  readonly atMs: number;
  readonly text: string;
}

/** Tells the story on the terminal, act by act, and remembers when what was done. */
export class Stage {
  readonly #startMs = monotonicMs();
  readonly #marks: Mark[] = [];
  #acts = 0;

  /** In order of time; `atMs` on `monotonicMs`. */
  get marks(): readonly Mark[] {
    return this.#marks;
  }

  /** A new act: a numbered heading. */
  act(title: string): void {
    this.#acts += 1;
    process.stdout.write(`\n${styleText(["bold", "cyan"], `${this.#acts}. ${title}`)}\n`);
  }

  /** One line, with the time since the beginning. */
  say(text: string): void {
    const seconds = ((monotonicMs() - this.#startMs) / 1000).toFixed(1).padStart(5);
    process.stdout.write(`${styleText("dim", `${seconds} s`)}  ${text}\n`);
  }

  /** Say it, and keep the moment. */
  mark(text: string): void {
    this.#marks.push({ atMs: monotonicMs(), text });
    this.say(styleText("bold", text));
  }

  /** A command as typed on a host, and what it printed. */
  command(host: string, argv: readonly string[], output: string): void {
    process.stdout.write(`${styleText("dim", `         ${host}#`)} ${styleText("yellow", argv.join(" "))}\n`);
    this.block(output);
  }

  /** Lines as they are, indented. */
  block(text: string): void {
    process.stdout.write(
      text
        .trimEnd()
        .split("\n")
        .map((line) => `         ${line}\n`)
        .join(""),
    );
  }
}
