import { Worker } from "node:worker_threads";
import type { HeartbeatBody } from "../../model/message.ts";
import type { RosterNode } from "../../model/roster.ts";
import { after } from "../../model/units.ts";
import type { Beater } from "../../ports/beater.ts";
import type { Clock } from "../../ports/clock.ts";
import type { FromBeatThread, ToBeatThread, BeatThreadData } from "./beat-thread-messages.ts";
import { SharedContent } from "./shared-content.ts";

/** What the daemon's half needs. */
export interface BeatThreadOptions {
  /** The thread's entry: a file that node runs as it is. */
  readonly script: URL;
  /** Given to the entry as it is; anything that can be cloned. */
  readonly setup: unknown;
  /** The same for other peers. */
  readonly setupFor: (peers: readonly RosterNode[]) => unknown;
  /** Makes what the entry is given to send. */
  readonly encode: (body: HeartbeatBody) => Uint8Array;
  readonly clock: Clock;
  /** For the log. */
  readonly onNote: (text: string) => void;
  /** The thread cannot be kept alive: without heartbeats this node is dead to the others, and should say why and end. */
  readonly onGivenUp: (reason: string) => void;
}

const restartsMax = 5;
const restartWindowMs = 60_000;
/** Ending a thread takes a millisecond; whoever waits longer for it goes on without. */
const stopLimitMs = 2_000;

/** The beat thread, seen from the daemon. It runs from the construction to `stop`. */
export class BeatThread implements Beater {
  readonly #options: BeatThreadOptions;
  readonly #content = new SharedContent();
  #setup: unknown;
  readonly #ready: Promise<void>;
  #onReady: () => void = () => undefined;
  #worker: Worker;
  #body: HeartbeatBody | null = null;
  #restarts: number[] = [];
  #isStopped = false;
  #counters: Readonly<Record<string, number>> = {};

  constructor(options: BeatThreadOptions) {
    this.#options = options;
    this.#ready = new Promise((resolve) => {
      this.#onReady = resolve;
    });
    this.#setup = options.setup;
    this.#worker = this.#start();
  }

  /** Settles when the thread, or one that has taken its place, runs. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** What the thread could not send, by link and reason. */
  counters(): Readonly<Record<string, number>> {
    return this.#counters;
  }

  set(body: HeartbeatBody, atOnce: boolean): void {
    if (this.#isStopped) return;
    const { clock, encode } = this.#options;
    const isNew = body !== this.#body;
    this.#body = body;
    let isFirst = false;
    if (isNew) isFirst = this.#content.publish(encode(body), clock.now());
    else this.#content.touch(clock.now());
    if (isFirst || atOnce) this.#post({ kind: "beat" });
  }

  usePeers(peers: readonly RosterNode[]): void {
    this.useSetup(this.#options.setupFor(peers));
  }

  /** The thread, and each that takes its place, is to go on with this. */
  useSetup(setup: unknown): void {
    this.#setup = setup;
    if (!this.#isStopped) this.#post({ kind: "setup", setup });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const { clock } = this.#options;
    await new Promise<void>((done) => {
      const cancel = clock.wakeAt(after(clock.now(), stopLimitMs), done);
      const finish = (): void => {
        cancel();
        done();
      };
      this.#worker.terminate().then(finish, finish);
    });
  }

  #post(message: ToBeatThread): void {
    this.#worker.postMessage(message);
  }

  #start(): Worker {
    const { script, onNote } = this.#options;
    const data: BeatThreadData = { memory: this.#content.memory, setup: this.#setup };
    const worker = new Worker(script, {
      workerData: data,
      name: "heartbeat",
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    });
    worker.on("message", (message: FromBeatThread) => {
      if (message.kind === "ready") this.#onReady();
      else if (message.kind === "note") onNote(message.text);
      else this.#counters = message.counters;
    });
    let reason = "ended";
    worker.on("error", (error) => {
      reason = error.message;
    });
    worker.on("exit", () => this.#onExit(worker, reason));
    return worker;
  }

  #onExit(worker: Worker, reason: string): void {
    if (this.#isStopped || worker !== this.#worker) return;
    const { clock, onNote, onGivenUp } = this.#options;
    const now = clock.now();
    this.#restarts = [...this.#restarts.filter((at) => now - at < restartWindowMs), now];
    if (this.#restarts.length > restartsMax) return onGivenUp(`the heartbeat thread ends again and again: ${reason}`);
    onNote(`heartbeat thread: ended, starting it again: ${reason}`);
    this.#worker = this.#start();
  }
}
