import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { bindDatagramSocket, type DatagramSocket, makeTarget } from "../../src/adapters/network/datagram-socket.ts";
import type { PacketMark } from "../../src/ports/transport.ts";
import { acceptAll, acceptNone } from "../../src/adapters/network/source-filter.ts";
import { floodLimits, UdpLink } from "../../src/adapters/network/udp-link.ts";
import { Counters } from "../../src/model/counters.ts";
import { parseLinkId } from "../../src/model/ids.ts";
import { canMakeSandbox, enterNetworkSandbox, ip } from "./network-sandbox.ts";

// What the kernel lets through to a link, and what it keeps for one that comes late. All is sent within one turn of the event loop,
// so that nothing is read meanwhile.

const port = 6_940;
const { strangersMax, sampleOneIn, unmarkedMax, unmarkedOneIn } = floodLimits;
const marked = (text: string): PacketMark => ({ offset: 2, bytes: Buffer.from(text) });

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
      peers: new Map([[peer, null]]),
      receive: (bytes, from) => received.push({ from, text: Buffer.from(bytes).toString() }),
      onUnfiltered: (reason) => problems.push(reason),
    });
    expect(await link.open()).toBeNull();
    expect(problems).toEqual([]);
  };
  const speak = async (address: string): Promise<(text: string, times: number) => void> => {
    const socket = await bindDatagramSocket({ address, port: 0, device: "lo", filter: acceptNone });
    speakers.push(socket);
    return (text, times) => {
      const refuse = (code: string): void => {
        throw new Error(`Cannot send: ${code}`);
      };
      for (let count = 0; count < times; count += 1) socket.send(target, Buffer.from(text), refuse);
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

  test("[LIVE-2] a peer's address is flooded: what bears the peer's mark comes in, of the rest a sample; a new life is found", async () => {
    await open();
    const fromPeer = await speak(peer);
    // 5 bytes: its last word overlaps the first.
    link.usePeers(new Map([[peer, marked("life1")]]));
    fromPeer("--life1 calm", 2 * unmarkedMax);
    await until(() => count("--life1 calm") === 2 * unmarkedMax);
    expect(counters.all()).toEqual({});

    fromPeer("--lifeX few", unmarkedMax + 1);
    await until(() => count("--lifeX few") === unmarkedMax + 1);
    expect(counters.all()).toEqual({ "link 0: floods of forged addresses": 1 });
    for (const forged of ["--lifeX flood", "--Xife1 flood", "short", "-life1 moved"]) {
      fromPeer(forged, 20 * unmarkedOneIn);
      fromPeer(`--life1 beat beside ${forged}`, 100);
      await until(() => count(`--life1 beat beside ${forged}`) === 100);
      // 20 on average; more than 60 happens once in 10^12 runs.
      expect(count(forged)).toBeLessThan(60);
    }
    const fromStranger = await speak(stranger);
    fromStranger("stranger", 100);
    fromPeer("--life1 end", 1);
    await until(() => count("--life1 end") === 1);
    expect(count("stranger"), "whose flood it is not").toBe(100);

    // The peer starts anew, and is found by the lot; then it has its way again.
    while (count("--life2 first") === 0) {
      fromPeer("--life2 first", 1);
      await new Promise<void>((done) => void setImmediate(done));
    }
    link.usePeers(new Map([[peer, marked("life2")]]));
    fromPeer("--life2 beat", 100);
    await until(() => count("--life2 beat") === 100);

    await link.check();
    await link.check();
    fromPeer("--lifeX late", 1);
    await until(() => count("--lifeX late") === 1);
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

/** Real sockets answer when they answer; the test's limit ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((done) => void setImmediate(done));
}
