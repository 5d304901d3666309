import { randomBytes } from "node:crypto";
import { openClock } from "../adapters/clock/system-clock.ts";
import { serveSocket, type SocketServer } from "../adapters/http/serve-socket.ts";
import { createLog, type LogLevel } from "../adapters/log/pino-log.ts";
import { raiseThreads } from "../adapters/native/real-time.ts";
import { createApi } from "../api/create-api.ts";
import { Daemon } from "../daemon/daemon.ts";
import type { DaemonEnd } from "../daemon/setup.ts";
import { ClusterError } from "../model/errors.ts";
import type { NodeId } from "../model/ids.ts";
import type { Log } from "../ports/log.ts";
import { answerArguments } from "./daemon-arguments.ts";
import { configPath, foldersOf, keysPath, ownName, socketPath, type Folders } from "./folders.ts";
import { KeyRing } from "./key-ring.ts";
import { makePorts } from "./make-ports.ts";
import { optimizeSoon } from "./optimize-soon.ts";
import { formatConfigError } from "../config/config-error.ts";
import { parseConfig } from "../config/parse-config.ts";
import { keepConfigFile } from "./keep-config-file.ts";
import { readConfigFile, readKeysFile } from "./read-files.ts";
import { version } from "./version.ts";
import { Opener } from "../wire/opener.ts";
import { Sealer } from "../wire/sealer.ts";

// The daemon of one node. Exit codes: 0 left the cluster, 1 ended because it could not go on, 2 a person must mend something first: a
// file, or the place of this node in the cluster.

const exitCodes = { left: 0, failed: 1, removed: 2 } as const;

const log = createLog(logLevel(process.env["HALE_LOG"]), process.env["HALE_LOG_FORMAT"] === "json" ? "json" : "text");

process.on("uncaughtException", (error) => {
  log.write("error", `haled broke: ${error.stack ?? error.message}`);
  process.exit(1);
});

const answer = answerArguments(process.argv.slice(2));
if (answer !== null) {
  (answer.code === 0 ? process.stdout : process.stderr).write(answer.text);
  process.exit(answer.code);
}

optimizeSoon();
try {
  await run(foldersOf(process.env), log);
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  for (const line of error.message.split("\n")) log.write("error", line, { code: error.code });
  const isForPeople = /^(CONFIG|KEYS|NODE|USAGE)/.test(error.code);
  process.exit(isForPeople ? 2 : 1);
}

async function run(folders: Folders, log: Log): Promise<void> {
  requireRoot();
  const { config, digest } = await readConfigFile(configPath(folders));
  const keyRing = new KeyRing(await readKeysFile(keysPath(folders)));
  const self = ownName(process.env);
  if (!config.nodes.some((node) => node.id === self)) {
    const known = config.nodes.map((node) => node.id).join(", ");
    throw new ClusterError(
      "NODE_UNKNOWN",
      `Cannot run haled as "${self}": not among the nodes (${known}) of ${configPath(folders)}`,
    );
  }
  const { clock, note } = openClock();
  if (note !== null) log.write("warning", note);
  const isDaemonRaised = raiseDaemon(log);
  const ports = makePorts({
    folders,
    config,
    keyRing,
    self,
    clock,
    log,
    isDaemonRaised,
    onBeatLost: (reason) => daemon.abandon(reason),
  });
  const nodes = config.nodes.map((node) => node.id);
  let server: SocketServer | null = null;
  const onEnd = (end: DaemonEnd): void => {
    log.write(end.kind === "left" ? "info" : "error", `haled ends: ${end.reason}`);
    void (server?.close() ?? Promise.resolve()).finally(() => process.exit(exitCodes[end.kind]));
  };
  const daemon = new Daemon({
    self,
    config,
    configDigest: digest,
    version,
    ports,
    opener: openerFor(keyRing, config.cluster, self, nodes),
    witnessOpener: openerFor(keyRing, config.cluster, self, null),
    makeSealer: (incarnation, channel) => {
      const sealer = new Sealer({ cluster: config.cluster, keys: keyRing.keys, self, incarnation, channel });
      keyRing.follow((keys) => sealer.useKeys(keys));
      return sealer;
    },
    readConfig: async () => {
      try {
        const read = await readConfigFile(configPath(folders));
        // Both or none: whoever changes two files and has a mistake in one means neither yet.
        const note = keyRing.replace(await readKeysFile(keysPath(folders)));
        return { ok: true, ...read, ...(note === null ? {} : { note }) };
      } catch (error) {
        if (!(error instanceof ClusterError)) throw error;
        return { ok: false, errors: error.message.split("\n"), code: error.code };
      }
    },
    parseConfig: (text) => {
      const parsed = parseConfig(text, "configuration");
      return parsed.ok ? parsed : { ok: false, errors: parsed.errors.map(formatConfigError) };
    },
    keepConfig: (text) => keepConfigFile(configPath(folders), text),
    seed: () => randomBytes(4).readUInt32LE(),
    onEnd,
  });
  listenToSignals(daemon, log);
  await daemon.start();
  server = await serveSocket(createApi(daemon, clock), socketPath(folders)).catch((error: Error) => {
    daemon.abandon(error.message);
    return null;
  });
  log.write("info", `haled ${version} runs as ${self} of cluster ${config.cluster}`, {
    incarnation: daemon.incarnation,
  });
}

/** With the keys as they are at each moment. @param nodes null: whoever has the key, for a witness */
function openerFor(keyRing: KeyRing, cluster: string, self: NodeId, nodes: readonly NodeId[] | null): Opener {
  const opener = new Opener({ cluster, keys: keyRing.keys, self, nodes });
  keyRing.follow((keys) => opener.useKeys(keys));
  return opener;
}

function requireRoot(): void {
  if (process.getuid?.() === 0) return;
  throw new ClusterError(
    "ROOT_NEEDED",
    "Cannot run haled: not root; it sets addresses and runs agents, start it as root",
  );
}

/**
 * A takeover is a few milliseconds of work after weeks of none, on a machine that may be busy because something is wrong. After the
 * first file was read, because then the threads of the disk are there to be raised.
 *
 * @returns true when every thread runs in real time
 */
function raiseDaemon(log: Log): boolean {
  if (process.env["HALE_REALTIME"] === "heartbeat") return false;
  const problem = raiseThreads();
  if (problem !== null) log.write("warning", `without real-time scheduling: ${problem}`);
  return problem === null;
}

/** Programs such as timeout(1) signal the process and then its group: that is one wish, told twice. */
const secondSignalMs = 1_000;

/** TERM and INT: leave in order; a second one: now. HUP: read the configuration again. */
function listenToSignals(daemon: Daemon, log: Log): void {
  let leavesSince: number | null = null;
  const leave = (signal: string): void => {
    if (leavesSince !== null) {
      if (performance.now() - leavesSince > secondSignalMs) daemon.abandon(`second ${signal}: ends without leaving`);
      return;
    }
    leavesSince = performance.now();
    log.write("info", `${signal}: stops its services and leaves the cluster`);
    daemon.shutdown();
  };
  process.on("SIGTERM", leave);
  process.on("SIGINT", leave);
  process.on("SIGHUP", () => {
    daemon.reload("SIGHUP", new AbortController().signal).then(
      (answer) => log.write(answer.ok ? "info" : "error", `reload: ${answer.text}`),
      (error: unknown) => log.write("error", `reload: ${String(error)}`),
    );
  });
}

function logLevel(text: string | undefined): LogLevel {
  return text === "error" || text === "warning" || text === "debug" ? text : "info";
}
