import type { Command } from "commander";

/** Options of what changes something and may wait for its time. */
export function withLaterOptions(command: Command): Command {
  return withChangeOptions(command)
    .option("--at <time>", "not now but at 03:00, 2026-12-01T03:00 or 2026-12-01T03:00Z; see hale schedule")
    .option("--in <span>", "not now but after 30m, 2h, ...");
}

/** Options of whatever changes something. */
export function withChangeOptions(command: Command): Command {
  return command
    .option("--dry-run", "do nothing; tell what would start, stop and move, in which order, and how long what is down")
    .option("--no-wait", "return once it is accepted, before it is done")
    .option("--timeout <span>", "wait no longer than this; what was accepted goes on")
    .option("--json", "one document at the end instead of progress");
}
