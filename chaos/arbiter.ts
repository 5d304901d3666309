import { execFile } from "node:child_process";
import { rename } from "node:fs/promises";
import { promisify } from "node:util";
import { halePrograms, stateFolder } from "../lab/hale-cluster.ts";
import type { HostProcess } from "../lab/host-process.ts";
import type { LabHost } from "../lab/host.ts";
import { type ArbiterFaultKind, arbiterFaultKinds } from "./fault.ts";

/** What has the third vote, and what can be done to it. Two faults at a time may both fall on it: `heal` puts everything right. */
export interface Arbiter {
  readonly kinds: readonly ArbiterFaultKind[];
  start(): Promise<void>;
  strike(kind: ArbiterFaultKind): Promise<void>;
  heal(): Promise<void>;
}

export const witnessPort = 6941;

/** A witness on a host of its own. */
export class WitnessHost implements Arbiter {
  readonly kinds = arbiterFaultKinds.witness;
  readonly #host: LabHost;
  #witness: HostProcess | null = null;

  constructor(host: LabHost) {
    this.#host = host;
  }

  async start(): Promise<void> {
    const host = this.#host;
    const argv = [halePrograms.hale, "witness", "--listen", `${host.ip()}:${witnessPort}`];
    this.#witness = await host.spawn(argv, { name: "witness" });
  }

  async strike(kind: ArbiterFaultKind): Promise<void> {
    if (kind === "witness disk full") return this.#fill();
    this.#witness?.kill(kind === "kill -9 witness" ? "SIGKILL" : "SIGSTOP");
    if (kind === "kill -9 witness") await this.#witness?.exited;
  }

  /** One that has ended, by a fault or because it could not write, is started as its supervisor would. */
  async heal(): Promise<void> {
    this.#witness?.kill("SIGCONT");
    if ((await this.#host.exec(["mountpoint", "-q", stateFolder])).code === 0) {
      // What it has promised on the small disk is on the large one before it runs again.
      this.#witness?.kill("SIGKILL");
      await this.#witness?.exited;
      await this.#sh(
        `rm -f ${stateFolder}/fill && cp -a ${stateFolder} /tmp/kept && umount ${stateFolder} && cp -a /tmp/kept/. ${stateFolder} && rm -r /tmp/kept`,
      );
    }
    if (this.#witness?.isRunning !== true) await this.start();
  }

  /** Its state lies on a small disk from now on, which is full. It has the old one open until it is started anew. */
  async #fill(): Promise<void> {
    this.#witness?.kill("SIGCONT");
    this.#witness?.kill("SIGKILL");
    await this.#witness?.exited;
    if ((await this.#host.exec(["mountpoint", "-q", stateFolder])).code !== 0)
      await this.#sh(
        `mkdir -p ${stateFolder} && cp -a ${stateFolder} /tmp/kept && mount -t tmpfs -o size=1m tmpfs ${stateFolder} && cp -a /tmp/kept/. ${stateFolder} && rm -r /tmp/kept`,
      );
    await this.start();
    await this.#host.exec(["sh", "-c", `cat /dev/zero >${stateFolder}/fill`]);
  }

  async #sh(script: string): Promise<void> {
    await this.#host.run(["sh", "-c", script]);
  }
}

/** A disk that all nodes have, for which a file in their shared folder stands. */
export class SharedDisk implements Arbiter {
  readonly kinds = arbiterFaultKinds.disk;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async start(): Promise<void> {}

  async strike(kind: ArbiterFaultKind): Promise<void> {
    if (kind === "arbiter disk unplugged") await rename(this.#path, this.#unplugged).catch(ignoreMissing);
    // Also who has it open may write no more, root or not; it can be read.
    else await promisify(execFile)("chattr", ["+i", this.#path]).catch(() => undefined);
  }

  async heal(): Promise<void> {
    await rename(this.#unplugged, this.#path).catch(ignoreMissing);
    await promisify(execFile)("chattr", ["-i", this.#path]);
  }

  get #unplugged(): string {
    return `${this.#path}.unplugged`;
  }
}

/** The other of two faults has done it. */
function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT" && error.code !== "EPERM") throw error;
}
