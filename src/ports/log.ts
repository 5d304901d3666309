/** Structured log of the daemon: one line, `who what`, ids always present. */
export interface Log {
  write(level: "error" | "warning" | "info" | "debug", text: string, fields?: Readonly<Record<string, unknown>>): void;
}
