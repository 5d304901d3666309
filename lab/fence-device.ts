import { closeSync, constants, openSync, writeSync } from "node:fs";
import { rm } from "node:fs/promises";
import { Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { monotonicMs } from "./monotonic.ts";

/**
 * What the device does with an order:
 * - works: does it and says so
 * - refuses: does nothing and answers with an error
 * - ignores: answers "ok" and does nothing; an agent that does not look again is fooled
 * - hangs: does not answer at all
 */
export type FenceDeviceBehaviour = "works" | "refuses" | "ignores" | "hangs";

/** One order that reached the device. Questions (status, list) are not orders. */
export interface FenceOrder {
  readonly action: "on" | "off";
  readonly plug: string;
  /** See `monotonicMs`. */
  readonly atMs: number;
  readonly answer: string;
}

/** What can be switched: a host, by its name. */
export interface Plug {
  readonly name: string;
  readonly isOn: boolean;
  powerOn(): Promise<void>;
  powerOff(): Promise<void>;
}

/**
 * The power switch of a lab, as a remote-controlled socket strip is one: it has no idea of clusters, does what it is
 * told by whoever reaches it, and can be made to fail.
 *
 * Why FIFOs: the folder is bound into every host, and a shell can speak to them by itself, where a unix socket
 * needs another program. A request is one line (`REPLY-FIFO NUMBER ACTION PLUG`, short enough to be atomic), the answer
 * one line (`NUMBER ANSWER`) on a FIFO that the asker has made. `REPLY-FIFO bye` has it removed; that of an asker who
 * was killed goes with the lab.
 */
export class FenceDevice implements AsyncDisposable {
  behaviour: FenceDeviceBehaviour = "works";
  /** Time from an order to its execution. */
  delayMs = 0;
  /** Folder to give to `fence_lab` as `ip` outside of the hosts; inside it is the default. */
  readonly ip: string;
  readonly #plugs: ReadonlyMap<string, Plug>;
  readonly #requests: Socket;
  readonly #orders: FenceOrder[] = [];

  /** @param folder holds the FIFO `power`, which the keeper has made */
  constructor(folder: string, plugs: ReadonlyMap<string, Plug>) {
    this.ip = folder;
    this.#plugs = plugs;
    // Open for writing too, or the FIFO would end with each agent.
    const fd = openSync(join(folder, "power"), constants.O_RDWR | constants.O_NONBLOCK);
    this.#requests = new Socket({ fd, readable: true, writable: false });
    createInterface({ input: this.#requests }).on("line", (line) => void this.#serve(line));
  }

  /** Short for the behaviour `works` or `refuses`. */
  get works(): boolean {
    return this.behaviour === "works";
  }

  set works(value: boolean) {
    this.behaviour = value ? "works" : "refuses";
  }

  /** Every order so far, oldest first. */
  get orders(): readonly FenceOrder[] {
    return this.#orders;
  }

  /** How many orders of this kind have reached the device, whatever became of them. */
  count(action: "on" | "off", plug?: string): number {
    return this.#orders.filter((o) => o.action === action && (plug === undefined || o.plug === plug)).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#requests.closed) return;
    await new Promise((resolve) => this.#requests.once("close", resolve).destroy());
  }

  async #serve(line: string): Promise<void> {
    const [reply = "", number = "", action = "", plug = ""] = line.split(" ");
    if (!/^reply\.[\w-]+$/.test(reply)) return;
    if (number === "bye") {
      await rm(join(this.ip, reply), { force: true });
      return;
    }
    const answer = await this.#answer(action, plug);
    if (answer === undefined) return;
    try {
      const fifo = openSync(join(this.ip, reply), constants.O_WRONLY | constants.O_NONBLOCK);
      writeSync(fifo, `${number} ${answer}\n`);
      closeSync(fifo);
    } catch {
      // ENXIO: the agent has been killed meanwhile, perhaps by its own order.
    }
  }

  /** @returns one line, or undefined for silence */
  async #answer(action: string, plug: string): Promise<string | undefined> {
    if (this.behaviour === "hangs") return undefined;
    if (this.behaviour === "refuses" && action !== "on" && action !== "off") return "error the device is out of order";
    if (action === "list") return `ok ${[...this.#plugs.keys()].join(" ")}`;
    const target = this.#plugs.get(plug);
    if (target === undefined) return `no-plug ${plug}`;
    if (action === "status") return target.isOn ? "on" : "off";
    if (action !== "on" && action !== "off") return `error unknown action ${action}`;
    const atMs = monotonicMs();
    const answer = await this.#obey(action, target);
    this.#orders.push({ action, plug, atMs, answer });
    return answer;
  }

  async #obey(action: "on" | "off", target: Plug): Promise<string> {
    if (this.delayMs > 0) await sleep(this.delayMs);
    if (this.behaviour === "refuses") return "error the device is out of order";
    if (this.behaviour === "ignores") return "ok";
    try {
      await (action === "on" ? target.powerOn() : target.powerOff());
      return "ok";
    } catch (error) {
      return `error ${String(error).replaceAll("\n", " ")}`;
    }
  }
}
