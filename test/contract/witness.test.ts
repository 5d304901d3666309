import { createSocket } from "node:dgram";
import { copyFile, mkdir, mkdtemp, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FileJournal } from "../../src/adapters/journal/file-journal.ts";
import { UdpWitnessLink } from "../../src/adapters/network/udp-witness-link.ts";
import { WitnessServer } from "../../src/adapters/network/witness-server.ts";
import { openClock } from "../../src/adapters/clock/system-clock.ts";
import { WitnessDesk } from "../../src/daemon/witness-desk.ts";
import { Counters } from "../../src/model/counters.ts";
import { type NodeId, witnessId } from "../../src/model/ids.ts";
import { makeIncarnation } from "../../src/model/incarnation.ts";
import type { Message, WitnessGrant } from "../../src/model/message.ts";
import { instantMs } from "../../src/model/units.ts";
import { compareViewIds, noView, type ViewId } from "../../src/model/view.ts";
import type { Journal } from "../../src/ports/journal.ts";
import { parseKeys } from "../../src/wire/keys.ts";
import { Opener } from "../../src/wire/opener.ts";
import { Sealer } from "../../src/wire/sealer.ts";
import { waitUntil } from "../../lab/wait-until.ts";
import { findFreePort } from "./free-port.ts";
import { witnessLinkContract } from "./witness-link.contract.ts";

// Goal: the witness's disk and wire hold what its rules need: nothing granted is forgotten, and nobody without the key is answered.

const keys = parseKeys("auth 1\n1 hmac-sha256 a-secret-for-this-test-alone\n");
const otherKeys = parseKeys("auth 1\n1 hmac-sha256 another-secret-of-someone-else\n");
const node = "a" as NodeId;
const incarnation = makeIncarnation({ boot: 1, startedAt: 1, random: 1 });
const view = (counter: number): ViewId => ({ counter, proposer: node, incarnation });
type Ask = Extract<Message, { kind: "ask" }>;
const ask = (step: Ask["step"], about: ViewId = noView, basis: ViewId = noView): Ask => ({
  kind: "ask",
  step,
  sentAt: instantMs(7),
  view: about,
  basis,
});

let folder: string;
let names = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hale-witness-"));
});
afterEach(async () => rm(folder, { recursive: true, force: true }));

/** A witness on a disk, and a node that asks it. */
async function openDesk(journal: Journal, sealer = newSealer()) {
  const answers: WitnessGrant[] = [];
  const opener = new Opener({ cluster: "c", keys, self: node, nodes: null });
  const desk = await WitnessDesk.open({
    journal,
    newName: () => witnessId(String((names += 1)).padStart(12, "0")),
    opener: (self) => new Opener({ cluster: "c", keys, self, nodes: null }),
    sealer: (self, life) => new Sealer({ cluster: "c", keys, self, incarnation: life, channel: "witness" }),
    wall: 1,
    random: 1,
    send: (_, bytes) => {
      const opened = opener.open(bytes, "witness");
      if (opened.ok && opened.packet.message.kind === "grant") answers.push(opened.packet.message);
    },
    now: () => instantMs(1_000),
    heard: () => undefined,
    note: () => undefined,
    failed: (reason) => {
      throw new Error(reason);
    },
  });
  const asks = async (message: Ask): Promise<WitnessGrant> => {
    const before = answers.length;
    desk.receive(sealer.seal(message), "there");
    while (answers.length === before) await new Promise((done) => setTimeout(done, 1));
    return answers.at(-1) as WitnessGrant;
  };
  return { desk, asks, answers };
}

function newSealer(withKeys = keys, cluster = "c", channel: "witness" | "control" = "witness"): Sealer {
  return new Sealer({ cluster, keys: withKeys, self: node, incarnation, channel });
}

describe("the disk of a witness", () => {
  test("[GRP-80] [GRP-81] [GRP-82] cut at any byte, it has forgotten nothing that was granted before", async () => {
    const path = join(folder, "whole");
    const { desk, asks } = await openDesk(new FileJournal(path));
    const granted: { readonly length: number; readonly promised: ViewId; readonly logView: ViewId }[] = [];
    const lengthNow = async (): Promise<number> => (await stat(join(path, "journal"))).size;
    for (const [step, about, basis] of [
      ["promise", view(1), noView],
      ["install", view(1), noView],
      ["promise", view(2), view(1)],
      ["promise", view(3), view(2)],
      ["install", view(3), noView],
    ] as const) {
      const { isGranted, promised, logView } = await asks(ask(step, about, basis));
      expect(isGranted).toBe(true);
      granted.push({ length: await lengthNow(), promised, logView });
    }
    await desk.close();
    const { length } = await readFile(join(path, "journal"));
    for (let cut = 0; cut <= length; cut += 1) {
      const copy = join(folder, `cut-${cut}`);
      await mkdir(copy, { mode: 0o700 });
      await copyFile(join(path, "journal"), join(copy, "journal"));
      await truncate(join(copy, "journal"), cut);
      const again = await openDesk(new FileJournal(copy));
      const now = await again.asks(ask("hear"));
      // With another name it is another voter, and owes nothing.
      const owed = again.desk.name === desk.name ? granted.findLast((one) => one.length <= cut) : undefined;
      const { promised, logView } = owed ?? { promised: noView, logView: noView };
      expect(compareViewIds(now.promised, promised)).toBeGreaterThanOrEqual(0);
      expect(compareViewIds(now.logView, logView)).toBeGreaterThanOrEqual(0);
      await again.desk.close();
      await rm(copy, { recursive: true });
    }
  });

  test("[GRP-88] changed in the middle, it is another voter", async () => {
    const { desk, asks } = await openDesk(new FileJournal(folder));
    await asks(ask("promise", view(1)));
    await asks(ask("promise", view(2)));
    await desk.close();
    const bytes = await readFile(join(folder, "journal"));
    bytes[60] = (bytes[60] ?? 0) ^ 1;
    await writeFile(join(folder, "journal"), bytes);
    const again = await openDesk(new FileJournal(folder));
    expect(again.desk.name).not.toBe(desk.name);
    expect((await again.asks(ask("hear"))).promised).toEqual(noView);
    await again.desk.close();
  });

  test("[GRP-80] a journal that was written anew because it had grown still knows", async () => {
    const { desk, asks } = await openDesk(new FileJournal(folder));
    await asks(ask("promise", view(1)));
    await asks(ask("install", view(1)));
    for (let counter = 2; counter < 600; counter += 1) {
      await asks(ask("promise", view(counter), view(1)));
    }
    await desk.close();
    expect((await stat(join(folder, "journal"))).size).toBeLessThan(50_000);
    const again = await openDesk(new FileJournal(folder));
    expect(again.desk.name).toBe(desk.name);
    expect(await again.asks(ask("hear"))).toMatchObject({ promised: view(599), logView: view(1) });
    await again.desk.close();
  });

  test("[GRP-82] nothing is granted before the write is done", async () => {
    const slow: Journal = {
      load: async () => ({ records: [], state: "none", detail: "" }),
      rewrite: async () => undefined,
      append: () => new Promise(() => undefined),
      close: async () => undefined,
    };
    const { desk, answers } = await openDesk(slow);
    const sealer = newSealer();
    desk.receive(sealer.seal(ask("promise", view(1))), "there");
    // Again, by an asker that hears nothing.
    desk.receive(sealer.seal(ask("promise", view(1))), "there");
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answers.filter(({ isGranted }) => isGranted)).toEqual([]);
  });
});

test("what a witness says of itself: who has asked, for what, and what came of it", async () => {
  const { desk, asks } = await openDesk(new FileJournal(folder));
  await asks(ask("hear"));
  expect(desk.askers()).toEqual([{ node, address: "there", askedMsAgo: 0, wanted: null }]);
  await asks(ask("promise", view(2)));
  const wanted = { step: "promise", view: view(2), isGranted: true, msAgo: 0 };
  await asks(ask("hear"));
  expect(desk.askers()).toEqual([{ node, address: "there", askedMsAgo: 0, wanted }]);
  await asks(ask("promise", view(1)));
  expect(desk.askers()[0]?.wanted).toEqual({ ...wanted, view: view(1), isGranted: false });
  expect(desk.views()).toEqual({ promised: view(2), installed: noView });
  desk.receive(newSealer(otherKeys).seal(ask("promise", view(9))), "10.0.0.9:1");
  expect(desk.warning()).toMatch(/wrong key or altered 1.*10\.0\.0\.9:1/);
  await desk.close();
});

describe("the wire of a witness", () => {
  test("what is not of the cluster, not new or not whole is counted, and not answered", async () => {
    const { desk, answers } = await openDesk(new FileJournal(folder));
    const good = newSealer();
    const question = good.seal(ask("hear"));
    const altered = Uint8Array.from(question);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    desk.receive(altered, "there");
    desk.receive(question, "there");
    desk.receive(question, "there");
    desk.receive(newSealer(otherKeys).seal(ask("promise", view(9))), "there");
    desk.receive(newSealer(keys, "d").seal(ask("promise", view(9))), "there");
    desk.receive(newSealer(keys, "c", "control").seal(ask("promise", view(9))), "there");
    desk.receive(good.seal({ kind: "start", view: view(9) }), "there");
    expect(desk.dropped()).toEqual({ mac: 2, replay: 1, cluster: 1, channel: 1, kind: 1 });
    for (let length = 0; length < question.length; length += 1) desk.receive(question.subarray(0, length), "there");
    expect(answers).toHaveLength(1);
    await desk.close();
  });
});

witnessLinkContract("over UDP", async () => {
  const { clock } = openClock();
  const port = await findFreePort();
  const atWitness: Uint8Array[] = [];
  let from = "";
  const witness = await WitnessServer.open({
    ip: "127.0.0.1",
    port,
    clock,
    counters: new Counters(),
    receive: (bytes, address) => {
      from = address;
      atWitness.push(bytes);
    },
    onUnfiltered: () => undefined,
  });
  const stranger = createSocket("udp4");
  const link = new UdpWitnessLink({ ip: "127.0.0.1", port, clock });
  return {
    link,
    atWitness,
    answer: (bytes) => witness.send(from, bytes),
    intrude: (bytes) => stranger.send(bytes, Number(from.split(":").at(-1)), "127.0.0.1"),
    until: async (condition) => void (await waitUntil("what was sent to arrive", 5_000, condition)),
    close: async () => {
      await link.close();
      await witness.close();
      stranger.close();
    },
  };
});
