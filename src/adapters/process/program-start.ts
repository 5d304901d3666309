/** What is started, and with what as its standard files. */
export interface ProgramStart {
  /** argv[0] is an absolute path, or looked up in the PATH of `environment`. */
  readonly argv: readonly [string, ...string[]];
  /** All of it: nothing is inherited. */
  readonly environment: Readonly<Record<string, string>>;
  readonly input?: string | undefined;
  readonly outputFd: number;
  /** null: thrown away. */
  readonly errorFd: number | null;
}

/** How a program left. */
export type ProgramExit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "killed"; readonly signal: string };

/** A program on its way; it leads a session and process group of its own, in `/`. */
export interface RunningProgram {
  readonly pid: number;
  readonly ended: Promise<ProgramExit>;
}
