import { randomBytes } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileJournal } from "../adapters/journal/file-journal.ts";
import { createLog } from "../adapters/log/pino-log.ts";
import { openClock } from "../adapters/clock/system-clock.ts";
import { serveSocket, type SocketServer } from "../adapters/http/serve-socket.ts";
import { WitnessServer } from "../adapters/network/witness-server.ts";
import { parseEndpoint } from "../config/ip.ts";
import { WitnessDesk } from "../daemon/witness-desk.ts";
import { Counters } from "../model/counters.ts";
import { ClusterError } from "../model/errors.ts";
import { isName, witnessId } from "../model/ids.ts";
import type { InstantMs } from "../model/units.ts";
import type { WitnessStatus } from "../model/witness-status.ts";
import type { Clock } from "../ports/clock.ts";
import type { Log } from "../ports/log.ts";
import { clusterOf, Opener } from "../wire/opener.ts";
import { Sealer } from "../wire/sealer.ts";
import { type Folders, witnessSocketPath } from "./folders.ts";
import { KeyRing } from "./key-ring.ts";
import { readKeysFile } from "./read-files.ts";
import { version } from "./version.ts";

/** `hale witness`: where it listens, and until when. */
export interface WitnessOptions {
  /** `address:port`. */
  readonly listen: string;
  readonly signal: AbortSignal;
}

interface Served {
  readonly desk: WitnessDesk;
  readonly keyRing: KeyRing;
  /** Of `dropped`, what was told already. */
  told: number;
}

const keySuffix = ".keys";
/** How often refused packets are told, when there are new ones. */
const tellEveryMs = 60_000;

/**
 * The witness of every cluster that has a key file in `ETC/witness`, called `CLUSTER.keys`; grants in `STATE/witness/CLUSTER`.
 *
 * @returns when `signal` is aborted. Rejects with ClusterError when it cannot begin or not go on.
 */
export async function runWitness(folders: Folders, { listen, signal }: WitnessOptions): Promise<void> {
  const endpoint = parseEndpoint(listen);
  if (endpoint === undefined) {
    throw new ClusterError(
      "USAGE",
      `Cannot listen on "${listen}": wants an address of this machine and a port such as 192.168.1.20:6941`,
    );
  }
  const log = createLog("info", "text");
  const witness = new Witness(folders, log);
  await using _ = witness;
  await witness.readClusters();
  await witness.serve(endpoint, listen);
  await using _socket = await answerStatus(witness, folders, log);
  log.write("info", `witness of ${witness.clusters.join(", ")}, listens on ${listen}`);
  const reread = (): void => {
    witness.readClusters().then(
      () => log.write("info", `witness of ${witness.clusters.join(", ")}`),
      (error: unknown) => log.write("error", `key files were not read: ${String(error)}`),
    );
  };
  process.on("SIGHUP", reread);
  const teller = setInterval(() => witness.tellRefused(), tellEveryMs);
  try {
    await witness.ended(signal);
  } finally {
    clearInterval(teller);
    process.off("SIGHUP", reread);
  }
}

/** Answers `hale witness status`. A vote is worth more than a word about it: where there can be no socket, the witness goes on without. */
async function answerStatus(witness: Witness, folders: Folders, log: Log): Promise<SocketServer | null> {
  const answer = ({ method, url }: Request): Response => {
    const isKnown = method === "GET" && new URL(url).pathname === "/v1/witness";
    const body = isKnown
      ? witness.status()
      : { code: "USAGE", message: `Cannot answer ${method} ${url}: no such route` };
    return Response.json(body, { status: isKnown ? 200 : 404 });
  };
  return serveSocket({ fetch: answer }, witnessSocketPath(folders)).catch((error: unknown) => {
    log.write("warning", `"hale witness status" will find nobody: ${(error as Error).message}`);
    return null;
  });
}

class Witness implements AsyncDisposable {
  readonly #folders: Folders;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #served = new Map<string, Served>();
  readonly #counters = new Counters();
  readonly #startedAt: InstantMs;
  #server: WitnessServer | null = null;
  #listen = "";
  #isUnfilteredNoted = false;
  #foreign = 0;
  /** Of `foreign`, what was told already. */
  #foreignTold = 0;
  #end: (error: ClusterError) => void = () => undefined;
  readonly #failed = new Promise<never>((_, reject) => {
    this.#end = reject;
  });

  constructor(folders: Folders, log: Log) {
    this.#folders = folders;
    this.#log = log;
    const { clock, note } = openClock();
    if (note !== null) log.write("warning", note);
    this.#clock = clock;
    this.#startedAt = clock.now();
    // Whoever waits for the end is told; before, nobody does.
    this.#failed.catch(() => undefined);
  }

  get clusters(): readonly string[] {
    return [...this.#served.keys()].sort();
  }

  /** Takes up clusters whose key file is new, and keys that have changed. Who has no file any more is served until the end. */
  async readClusters(): Promise<void> {
    const folder = join(this.#folders.etc, "witness");
    const files = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
      throw noKeys(folder, cause.code ?? cause.message, cause);
    });
    const names = files.filter((file) => file.endsWith(keySuffix)).map((file) => file.slice(0, -keySuffix.length));
    if (names.length === 0) throw noKeys(folder, "no such file");
    for (const cluster of names.sort()) {
      if (!isName(cluster)) throw noKeys(folder, `"${cluster}" cannot name a cluster`);
      const keys = await readKeysFile(join(folder, `${cluster}${keySuffix}`));
      const known = this.#served.get(cluster);
      if (known === undefined) this.#served.set(cluster, await this.#open(cluster, new KeyRing(keys)));
      else known.keyRing.replace(keys);
    }
  }

  async serve(endpoint: { readonly ip: string; readonly port: number }, listen: string): Promise<void> {
    this.#listen = listen;
    this.#server = await WitnessServer.open({
      ...endpoint,
      clock: this.#clock,
      counters: this.#counters,
      receive: (bytes, address) => {
        const served = this.#served.get(clusterOf(bytes) ?? "");
        if (served === undefined) this.#foreign += 1;
        else served.desk.receive(bytes, address);
      },
      onUnfiltered: (reason) => this.#noteUnfiltered(reason),
    }).catch((cause: NodeJS.ErrnoException) => {
      throw new ClusterError("NETWORK_UNUSABLE", `Cannot listen on ${listen}: ${cause.code ?? cause.message}`, {
        cause,
      });
    });
  }

  /** Resolves when `signal` is aborted, rejects when a disk refuses. */
  async ended(signal: AbortSignal): Promise<void> {
    const asked = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([asked, this.#failed]);
  }

  status(): WitnessStatus {
    const clusters = this.clusters.flatMap((cluster) => {
      const desk = this.#served.get(cluster)?.desk;
      if (desk === undefined) return [];
      const [askers, refused] = [desk.askers(), desk.dropped()];
      return [{ cluster, disk: desk.name, ...desk.views(), askers, refused, warning: desk.warning() }];
    });
    const runningMs = this.#clock.now() - this.#startedAt;
    const network = this.#counters.all();
    return { listen: this.#listen, version, runningMs, clusters, foreign: this.#foreign, network };
  }

  tellRefused(): void {
    const foreign = this.#foreign - this.#foreignTold;
    if (foreign > 0) this.#log.write("warning", `refused ${foreign} packets of clusters without a key file`);
    this.#foreignTold = this.#foreign;
    for (const [cluster, served] of this.#served) {
      const counts = Object.entries(served.desk.dropped());
      const all = counts.reduce((sum, [, count]) => sum + count, 0);
      if (all === served.told) continue;
      const reasons = counts.map(([reason, count]) => `${reason} ${count}`).join(", ");
      this.#log.write("warning", `${cluster}: refused ${all - served.told} packets, since the start: ${reasons}`);
      served.told = all;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.tellRefused();
    await this.#server?.close();
    for (const { desk } of this.#served.values()) await desk.close();
  }

  #noteUnfiltered(reason: string): void {
    if (!this.#isUnfilteredNoted) this.#log.write("warning", `a flood of packets cannot be kept out: ${reason}`);
    this.#isUnfilteredNoted = true;
  }

  async #open(cluster: string, keyRing: KeyRing): Promise<Served> {
    const desk = await WitnessDesk.open({
      journal: new FileJournal(join(this.#folders.state, "witness", cluster)),
      newName: () => witnessId(randomBytes(6).toString("hex")),
      opener: (self) => {
        const opener = new Opener({ cluster, keys: keyRing.keys, self, nodes: null });
        keyRing.follow((keys) => opener.useKeys(keys));
        return opener;
      },
      sealer: (self, incarnation) => {
        const sealer = new Sealer({ cluster, keys: keyRing.keys, self, incarnation, channel: "witness" });
        keyRing.follow((keys) => sealer.useKeys(keys));
        return sealer;
      },
      wall: Date.now(),
      random: randomBytes(4).readUInt32LE(),
      send: (address, bytes) => this.#server?.send(address, bytes),
      now: () => this.#clock.now(),
      heard: (node, address, tags) => this.#server?.heard(`${cluster} ${node}`, address, tags),
      note: (text) => this.#log.write("warning", `${cluster}: ${text}`),
      failed: (reason) => this.#end(new ClusterError("STATE_UNUSABLE", reason)),
    });
    this.#log.write("info", `${cluster}: votes as ${desk.name}`);
    return { desk, keyRing, told: 0 };
  }
}

function noKeys(folder: string, found: string, cause?: Error): ClusterError {
  const wanted = `a copy of each cluster's authkeys as ${join(folder, `CLUSTER${keySuffix}`)}, mode 600`;
  return new ClusterError("KEYS_UNREADABLE", `Cannot be a witness: ${found} in "${folder}", wants ${wanted}`, {
    cause,
  });
}
