import { createLog } from "./pino-log.ts";

// A program that logs so many lines of a kB (argument 1) in a format (argument 2), says on stderr that it goes on, and ends when told
// to on stdin.

const log = createLog("info", process.argv[3] === "json" ? "json" : "text");
for (let line = 1; line <= Number(process.argv[2]); line += 1) log.write("info", `line ${line} ${"x".repeat(1000)}`);
process.stderr.write("still here\n");
process.stdin.once("data", () => {
  log.write("info", "last words");
  process.exit(3);
});
