import { createSecretKey } from "node:crypto";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { bindDatagramSocket, type DatagramSocket, makeTarget } from "../../src/adapters/network/datagram-socket.ts";
import { openClock } from "../../src/adapters/clock/system-clock.ts";
import { acceptAll, acceptNone } from "../../src/adapters/network/filter-program.ts";
import { floodLimits } from "../../src/adapters/network/flood-gate.ts";
import { UdpLink } from "../../src/adapters/network/udp-link.ts";
import type { PacketTags } from "../../src/model/packet-tags.ts";
import { makeIncarnation } from "../../src/model/incarnation.ts";
import { makeTagSeries, tagPlaces } from "../../src/wire/tags.ts";
import { Counters } from "../../src/model/counters.ts";
import { parseLinkId } from "../../src/model/ids.ts";
import { canMakeSandbox, enterNetworkSandbox, ip } from "./network-sandbox.ts";

// What the kernel lets through to a link, and what it keeps for one that comes late. All is sent within one turn of the event loop,
// so that nothing is read meanwhile.

const port = 6_940;
const { strangersMax, sampleOneIn, untaggedMax, untaggedOneIn, copiesMax } = floodLimits;
const { clock } = openClock();
const headBytes = tagPlaces.tag + 4;

/** One life of a peer, whose packets are a head and a text. */
class Life {
  readonly tags: PacketTags;
  #sequence = 0;

  constructor(boot: number, channels: readonly ("control" | "heartbeat")[] = ["heartbeat", "control"]) {
    const incarnation = makeIncarnation({ boot, startedAt: 1_700_000_000_000, random: boot });
    const key = createSecretKey("a-secret-that-is-long-enough", "utf8");
    const series = channels.map((channel) =>
      makeTagSeries({ key, keyNumber: 1, incarnation, channel, receiver: "n1" }),
    );
    this.tags = { life: incarnation, at: tagPlaces, series };
  }

  /** The next packet. */
  packet(text: string): Buffer {
    this.#sequence += 1;
    return this.packetOf(this.#sequence, text);
  }

  packetOf(sequence: number, text: string, from = 0): Buffer {
    const series = this.tags.series[from];
    if (series === undefined) throw new RangeError(`Cannot find series ${from}`);
    const head = Buffer.alloc(headBytes);
    head.writeUInt16BE(series.selector, tagPlaces.selector);
    head.writeUInt32BE(series.lifeWord, tagPlaces.lifeWord);
    head.writeUIntBE(sequence, tagPlaces.sequence, 6);
    head.writeUInt32BE(series.tagOf(sequence), tagPlaces.tag);
    return Buffer.concat([head, Buffer.from(text)]);
  }
}

describe.skipIf(!canMakeSandbox).each([
  ["IPv4", "127.3.9.1", "127.3.9.2", "127.3.9.3"],
  ["IPv6", "fd08::1", "fd08::2", "fd08::3"],
])("a link under a flood, %s", (family, own, peer, stranger) => {
  const target = makeTarget(own, port);
  let counters = new Counters();
  const problems: string[] = [];
  let received: { readonly from: string; readonly text: string }[] = [];
  let link: UdpLink;
  let speakers: DatagramSocket[] = [];

  beforeAll(() => {
    enterNetworkSandbox();
    if (family === "IPv6") for (const address of [own, peer, stranger]) ip(`address add ${address}/128 dev lo nodad`);
  });
  afterEach(async () => {
    for (const { socket } of speakers) socket.close();
    speakers = [];
    received = [];
    counters = new Counters();
    await link.close();
  });

  const open = async (): Promise<void> => {
    link = new UdpLink({
      link: parseLinkId(0),
      address: own,
      port,
      counters,
      now: () => clock.now(),
      peers: new Map([[peer, []]]),
      receive: (bytes, from) => received.push({ from, text: textOf(bytes) }),
      onUnfiltered: (reason) => problems.push(reason),
    });
    expect(await link.open()).toBeNull();
    expect(problems).toEqual([]);
  };
  const speak = async (address: string): Promise<(what: string | Buffer, times: number) => void> => {
    const socket = await bindDatagramSocket({ address, port: 0, device: "lo", filter: acceptNone });
    speakers.push(socket);
    return (what, times) => {
      const refuse = (code: string): void => {
        throw new Error(`Cannot send: ${code}`);
      };
      for (let count = 0; count < times; count += 1) socket.send(target, Buffer.from(what), refuse);
    };
  };
  const count = (text: string): number => received.filter((one) => one.text === text).length;

  test("a stranger is heard; one that floods, by a sample; and again when it is over", async () => {
    await open();
    const fromStranger = await speak(stranger);
    const fromPeer = await speak(peer);
    fromStranger("few", strangersMax);
    fromPeer("first", 1);
    await until(() => count("first") === 1);
    expect(count("few")).toBe(strangersMax);
    expect(counters.all()).toEqual({});

    fromStranger("one too many", 1);
    await until(() => count("one too many") === 1);
    fromStranger("flood", 20 * sampleOneIn);
    fromPeer("beat", 100);
    await until(() => count("beat") === 100);
    // 20 on average; more than 60 happens once in 10^12 runs.
    expect(count("flood")).toBeLessThan(60);
    expect(counters.all()).toEqual({ "link 0: floods of strangers": 1 });

    await link.check();
    await link.check();
    fromStranger("late", 1);
    await until(() => count("late") === 1);
    expect(received.find(({ text }) => text === "late")?.from).toBe(stranger);
  });

  test("[LIVE-2] a peer's address is flooded: what bears a new tag comes in, of the rest a sample; a new life is found", async () => {
    await open();
    const fromPeer = await speak(peer);
    const first = new Life(1);
    link.usePeers(new Map([[peer, [first.tags]]]));
    for (let sent = 0; sent < 2 * untaggedMax; sent += 1) fromPeer(first.packet("calm"), 1);
    await until(() => count("calm") === 2 * untaggedMax);
    expect(counters.all()).toEqual({});

    fromPeer("few", untaggedMax + 1);
    await until(() => count("few") === untaggedMax + 1);
    expect(counters.all()).toEqual({ "link 0: floods of forged addresses": 1 });
    const beats = async (text: string): Promise<void> => {
      for (let sent = 0; sent < 100; sent += 1) fromPeer(first.packet(text), 1);
      await until(() => count(text) === 100);
    };
    const other = new Life(1, ["control"]);
    const strange = new Life(2);
    for (const [what, forged] of [
      ["garbage", Buffer.from("garbage")],
      ["cut off", first.packetOf(9_000, "").subarray(0, headBytes - 1)],
      ["seen before", first.packetOf(7, "seen before")],
      ["another tag", changed(first.packetOf(9_000, "another tag"), tagPlaces.tag + 3)],
      ["another sequence", changed(first.packetOf(9_000, "another sequence"), tagPlaces.sequence + 5)],
      ["of a later life", strange.packetOf(9_000, "of a later life")],
      ["of another channel", changed(other.packetOf(9_000, "of another channel"), tagPlaces.selector)],
    ] as const) {
      fromPeer(forged, 20 * untaggedOneIn);
      await beats(`beside ${what}`);
      // 20 on average; more than 60 happens once in 10^12 runs.
      expect(count(what), what).toBeLessThan(60);
    }
    const fromStranger = await speak(stranger);
    fromStranger("stranger", 100);
    await beats("end");
    expect(count("stranger"), "whose flood it is not").toBe(100);

    // The peer starts anew, and is found by the lot; then it has its way again.
    const second = new Life(2);
    while (count("second life") === 0) {
      fromPeer(second.packet("second life"), 1);
      await new Promise<void>((done) => void setImmediate(done));
    }
    link.usePeers(new Map([[peer, [second.tags]]]));
    for (let sent = 0; sent < 100; sent += 1) fromPeer(second.packet("heard"), 1);
    await until(() => count("heard") === 100);

    await link.check();
    await link.check();
    fromPeer("late", 1);
    await until(() => count("late") === 1);
  });

  test("[LIVE-2] copies of a peer's newest packets: of each some come in, and then no more", async () => {
    await open();
    const fromPeer = await speak(peer);
    const life = new Life(1);
    link.usePeers(new Map([[peer, [life.tags]]]));
    fromPeer("garbage", untaggedMax + 1);
    await until(() => count("garbage") === untaggedMax + 1);
    for (const [series, channel] of ["heartbeat", "control"].entries()) {
      for (let sequence = 1; sequence <= 10; sequence += 1) {
        const text = `${channel} ${sequence}`;
        const packet = life.packetOf(sequence, text, series);
        fromPeer(packet, 1);
        // A copy of each turn comes in until the gate has had enough of them, at its own time.
        let sent = 1;
        while (count(text) >= sent || sent <= copiesMax) {
          fromPeer(packet, 1);
          sent += 1;
          await turns(3);
        }
        const before = count(text);
        fromPeer(packet, 10 * untaggedOneIn);
        fromPeer(life.packetOf(1_000 + sequence, `end of ${text}`, 1 - series), 1);
        await until(() => count(`end of ${text}`) === 1);
        // 10 on average; more than 45 happens once in 10^12 runs.
        expect(count(text) - before, text).toBeLessThan(45);
      }
    }
    expect(counters.all()).toEqual({ "link 0: floods of forged addresses": 1 });
  });

  test("what many members say while the loop is late is all kept", async () => {
    await open();
    const fromPeer = await speak(peer);
    const twoSecondsOfAll = 2 * 31 * 20;
    const longest = "x".repeat(1_200);
    fromPeer(longest, twoSecondsOfAll);
    fromPeer("end", 1);
    await until(() => count("end") === 1);
    expect(count(longest)).toBe(twoSecondsOfAll);
  });

  test("a socket that only sends is not woken", async () => {
    await open();
    const ear = await bindDatagramSocket({ address: own, port: port + 1, device: "lo", filter: acceptNone });
    const fromPeer = await speak(peer);
    const heard: string[] = [];
    ear.socket.on("message", (bytes) => heard.push(bytes.toString()));
    const mouth = speakers.at(-1);
    const say = (text: string): void =>
      mouth?.send(makeTarget(own, port + 1), Buffer.from(text), (code) => heard.push(code));
    say("shut");
    expect(ear.setFilter(acceptAll)).toBeNull();
    say("open");
    fromPeer("end", 1);
    await until(() => count("end") === 1 && heard.length > 0);
    expect(heard).toEqual(["open"]);
    ear.socket.close();
  });
});

/** Without the head, where there is one. */
function textOf(bytes: Uint8Array): string {
  const hasHead = bytes[0] === 0 && bytes.length > headBytes;
  return Buffer.from(hasHead ? bytes.subarray(headBytes) : bytes).toString();
}

function changed(packet: Buffer, at: number): Buffer {
  const copy = Buffer.from(packet);
  copy[at] = (copy[at] ?? 0) ^ 3;
  return copy;
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise<void>((done) => void setImmediate(done));
}

/** Real sockets answer when they answer; the test's limit ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((done) => void setImmediate(done));
}
