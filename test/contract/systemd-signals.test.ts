import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { waitUntil } from "../../lab/wait-until.ts";
import {
  type BusMessage,
  decodeMessage,
  encodeMessage,
  messageLength,
} from "../../src/adapters/systemd/bus-message.ts";
import type { BusValue } from "../../src/adapters/systemd/bus-values.ts";
import { UnitWatch } from "../../src/adapters/systemd/unit-watch.ts";
import { parseServiceId, resourceId } from "../../src/model/ids.ts";
import { ownFolder } from "./own-folder.ts";

// A message bus with a systemd on it, both made up, which a test can make say anything. The real ones: test/vm/systemd.test.ts.

const folder = ownFolder("systemd-signals");
const waitMs = 10_000;
const web = resourceId(parseServiceId("site"), "web");
const unitPath = "/org/freedesktop/systemd1/unit/web_2eservice";
const unitInterface = "org.freedesktop.systemd1.Unit";
let count = 0;

class FakeBus {
  readonly path: string;
  /** What `Get` says of the unit. */
  state = "active";
  /** What was asked, with the words given along. */
  readonly asked: string[] = [];
  #server: Server | null = null;
  readonly #peers = new Set<Socket>();
  /** What it says to who comes. */
  greeting = "OK 1234\r\n";
  /** How often somebody has come. */
  visits = 0;

  constructor() {
    count += 1;
    this.path = join(folder, `bus-${count}`);
  }

  async open(): Promise<void> {
    this.#server = createServer((peer) => this.#welcome(peer)).listen(this.path);
    await once(this.#server, "listening");
  }

  close(): void {
    this.#server?.close();
    for (const peer of this.#peers) peer.destroy();
    rmSync(this.path, { force: true });
  }

  send(bytes: Uint8Array): void {
    for (const peer of this.#peers) peer.write(bytes);
  }

  change(state: string, { path = unitPath, name = unitInterface } = {}): void {
    const changes: BusValue = [
      ["StateChangeTimestamp", { signature: "u", value: 5 }],
      ["ActiveState", { signature: "s", value: state }],
    ];
    this.send(signal(path, [name, changes, ["Conditions"]]));
  }

  async waitForCalls(number: number): Promise<void> {
    await waitUntil(`${number} calls, not ${this.asked.join()}`, waitMs, () => this.asked.length >= number);
  }

  #welcome(peer: Socket): void {
    this.visits += 1;
    this.#peers.add(peer);
    peer.on("error", () => undefined);
    let received = Buffer.alloc(0);
    let isTalking = false;
    peer.on("data", (bytes: Buffer) => {
      received = Buffer.concat([received, bytes]);
      if (!isTalking && received.includes("AUTH EXTERNAL") && !received.includes("BEGIN")) peer.write(this.greeting);
      const begin = received.indexOf("BEGIN\r\n");
      if (!isTalking && begin < 0) return;
      if (!isTalking) received = received.subarray(begin + "BEGIN\r\n".length);
      isTalking = true;
      for (let length = messageLength(received); length !== null && received.length >= length; ) {
        this.#obey(peer, decodeMessage(received.subarray(0, length)));
        received = received.subarray(length);
        length = messageLength(received);
      }
    });
  }

  #obey(peer: Socket, { serial, member = "", body }: BusMessage): void {
    this.asked.push([member, ...(body as readonly string[])].join(" "));
    const answers: Readonly<Record<string, readonly [string, BusValue]>> = {
      Hello: ["s", ":1.7"],
      LoadUnit: ["o", unitPath],
      Get: ["v", { signature: "s", value: this.state }],
    };
    const [signature, value] = answers[member] ?? ["", ""];
    const answer = { kind: "return", serial: 1, replyTo: serial, body: [value] } as const;
    peer.write(encodeMessage(signature === "" ? { ...answer, body: [] } : { ...answer, signature }));
  }
}

function signal(path: string, body: readonly BusValue[]): Buffer {
  const name = { interface: "org.freedesktop.DBus.Properties", member: "PropertiesChanged", sender: ":1.0" };
  return encodeMessage({ kind: "signal", serial: 9, path, ...name, signature: "sa{sv}as", body });
}

/** Calls until a unit is followed: Hello, Subscribe, LoadUnit, AddMatch, Get. */
const callsToFollow = 5;

describe("the signals of systemd", () => {
  let bus: FakeBus;
  let watch: UnitWatch;
  let told: string[];

  beforeEach(async () => {
    bus = new FakeBus();
    await bus.open();
    watch = new UnitWatch(bus.path);
    told = [];
    watch.listen(({ resource, what }) => told.push(`${resource}: ${what}`));
  });
  afterEach(() => {
    watch.close();
    bus.close();
  });

  async function follow(): Promise<void> {
    const before = bus.asked.length;
    watch.runs(web, "web.service");
    await bus.waitForCalls(before + callsToFollow);
  }

  async function waitForWord(times = 1): Promise<void> {
    await waitUntil("a word", waitMs, () => told.length >= times);
  }

  test("[UNIT-4] are asked for, of the unit alone, and its end is told of", async () => {
    await follow();
    expect(bus.asked).toContain("LoadUnit web.service");
    expect(bus.asked.find((call) => call.startsWith("AddMatch"))).toContain(`path='${unitPath}'`);
    bus.change("failed");
    await waitForWord();
    expect(told).toEqual(["site/web: unit web.service (failed)"]);
  });

  test("[UNIT-4] are no news while it runs, of other units, of other properties, nor twice before its agent was asked", async () => {
    await follow();
    for (const state of ["active", "reloading", "activating", "refreshing"]) bus.change(state);
    bus.change("failed", { path: `${unitPath}_2eother` });
    bus.change("dead", { name: "org.freedesktop.systemd1.Service" });
    bus.send(signal(unitPath, [unitInterface, [["NeedDaemonReload", { signature: "u", value: 0 }]], []]));
    bus.change("deactivating");
    bus.change("failed");
    await waitForWord();
    watch.runs(web, "web.service");
    bus.change("inactive");
    await waitForWord(2);
    expect(told).toEqual(["site/web: unit web.service (deactivating)", "site/web: unit web.service (inactive)"]);
  });

  test("[UNIT-4] are no news of what is being stopped", async () => {
    await follow();
    watch.forget(web);
    await bus.waitForCalls(callsToFollow + 1);
    expect(bus.asked.at(-1)).toContain("RemoveMatch");
    bus.change("inactive");
    watch.runs(web, "web.service");
    // The same connection: it is followed again.
    await bus.waitForCalls(callsToFollow + 1 + 3);
    expect(told).toEqual([]);
  });

  test("[UNIT-4] what ended before it was followed is asked for", async () => {
    bus.state = "failed";
    watch.runs(web, "web.service");
    await waitForWord();
    expect(told).toEqual(["site/web: unit web.service (failed)"]);
  });

  test.each([
    ["goes away and comes back", (it: FakeBus) => it.close()],
    ["talks garbage", (it: FakeBus) => it.send(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"))],
    [
      "sends more than anybody wants",
      (it: FakeBus) => it.send(Buffer.from("6c04000100000070010000000000000000", "hex")),
    ],
    [
      "sends a kind of message that is none",
      (it: FakeBus) => it.send(Buffer.from("6c09000100000000010000000000000000", "hex")),
    ],
  ])(
    "[UNIT-4] of a bus that %s are missed; the next monitor that finds the unit running asks what was",
    async (_, harm) => {
      await follow();
      harm(bus);
      bus.close();
      await bus.open();
      bus.state = "failed";
      await waitUntil("another try", waitMs, () => {
        watch.runs(web, "web.service");
        return told.length > 0;
      });
    },
  );

  test("[UNIT-4] of a bus that refuses us are missed, and nothing else happens", async () => {
    bus.greeting = "REJECTED KERBEROS_V4\r\n";
    bus.state = "failed";
    watch.runs(web, "web.service");
    await waitUntil("a try", waitMs, () => bus.visits > 0);
    bus.greeting = "OK 1234\r\n";
    await waitUntil("another try", waitMs, () => {
      watch.runs(web, "web.service");
      return told.length > 0;
    });
  });
});
