import { readFile } from "node:fs/promises";
import { userInfo } from "node:os";
import type { CliContext } from "../cli/cli-context.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { runCli } from "../cli/run-cli.ts";
import { createSocketClient } from "../client/socket-client.ts";
import { ClusterError } from "../model/errors.ts";
import { wallMs } from "../model/units.ts";
import { configPath, foldersOf, socketPath, witnessSocketPath } from "./folders.ts";
import { confirmOnTerminal, listenForQuit, localWallText, outputOf, wantsColour } from "./terminal.ts";
import { version } from "./version.ts";

// The command. What only few commands need (founding, the simulator) is loaded when it is needed, so that the others start fast.

const { env } = process;
const folders = foldersOf(env);
const interrupted = new AbortController();

let endedBy: number | null = null;
process.on("SIGINT", () => interrupt(130));
process.on("SIGTERM", () => interrupt(143));
// `hale events | head`: nobody reads on, and that is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  process.stderr.write(`hale: Cannot write the output: ${error.message} [FAILED]\n`);
  process.exit(exitCodes.failed);
});

process.stderr.on("error", () => {});

const context: CliContext = {
  version,
  client: createSocketClient({ socketPath: socketPath(folders), author: authorOf() }),
  stdout: outputOf(process.stdout),
  stderr: outputOf(process.stderr),
  useColour: wantsColour(env, process.stdout.isTTY),
  now: () => wallMs(Date.now()),
  wallText: localWallText,
  signal: interrupted.signal,
  configPath: configPath(folders),
  readConfigText,
  found: async () => (await import("./found-cluster.ts")).foundCluster(env),
  runScenario: async (path, onProgress) => {
    const { simulateFile } = await import("./simulate-file.ts");
    // It computes without a pause, and a handler of ours would wait for one. Without handlers the kernel ends the process at once, and the
    // shell sees 130 as for any other command.
    for (const signal of ["SIGINT", "SIGTERM"]) process.removeAllListeners(signal);
    return simulateFile(path, onProgress);
  },
  inspectNode: async (config, hasDaemon) => (await import("./inspect-node.ts")).inspectNode(env, config, hasDaemon),
  fenceAgents: async () => (await import("./fence-agents.ts")).openFenceAgents(),
  resourceAgents: async () => (await import("./resource-agents.ts")).openResourceAgents(env),
  runWitness: async (listen) =>
    (await import("./run-witness.ts")).runWitness(folders, { listen, signal: interrupted.signal }),
  witnessStatus: async (signal) =>
    (await import("../client/witness-client.ts")).askWitness(witnessSocketPath(folders), signal),
  makeArbiterDisk: async (path, isForced) =>
    (await import("./make-arbiter-disk.ts")).makeArbiterDisk(folders, { path, isForced }),
  readArbiterDisk: async (path) => (await import("./make-arbiter-disk.ts")).readArbiterDisk(path),
  confirm: confirmOnTerminal,
  onQuitKey: listenForQuit,
};

const code = await runCli(process.argv.slice(2), context);
// What ends with Ctrl-C anyway, such as `watch`, is done; whatever else was cut short tells a script by whom.
process.exitCode = code === 0 ? code : (endedBy ?? code);

/** The first time asks the command to end, the second time ends it. */
function interrupt(code: number): void {
  if (endedBy !== null) process.exit(code);
  endedBy = code;
  interrupted.abort(new ClusterError("FAILED", "Interrupted"));
}

function authorOf(): string {
  try {
    return env["SUDO_USER"] ?? userInfo().username;
  } catch {
    // A user id without a name, as in a bare container.
    return `uid ${process.getuid?.() ?? "unknown"}`;
  }
}

async function readConfigText(path: string): Promise<string> {
  return readFile(path, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new ClusterError("CONFIG_UNREADABLE", `Cannot read "${path}": ${cause.message}`, { cause });
  });
}
