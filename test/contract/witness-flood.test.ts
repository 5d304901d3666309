import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openClock } from "../../src/adapters/clock/system-clock.ts";
import { bindDatagramSocket, type DatagramSocket, makeTarget } from "../../src/adapters/network/datagram-socket.ts";
import { acceptNone } from "../../src/adapters/network/filter-program.ts";
import { floodLimits } from "../../src/adapters/network/flood-gate.ts";
import { UdpWitnessLink } from "../../src/adapters/network/udp-witness-link.ts";
import { witnessLimits, WitnessServer } from "../../src/adapters/network/witness-server.ts";
import { WitnessDesk } from "../../src/daemon/witness-desk.ts";
import { Counters } from "../../src/model/counters.ts";
import { type NodeId, witnessId } from "../../src/model/ids.ts";
import { makeIncarnation } from "../../src/model/incarnation.ts";
import type { Message } from "../../src/model/message.ts";
import { instantMs } from "../../src/model/units.ts";
import { noView } from "../../src/model/view.ts";
import { parseKeys } from "../../src/wire/keys.ts";
import { Opener } from "../../src/wire/opener.ts";
import { Sealer } from "../../src/wire/sealer.ts";
import { canMakeSandbox, enterNetworkSandbox, ip } from "./network-sandbox.ts";

// Goal: whoever floods a witness, or a node in the witness's name, the nodes with the key are answered, and hear it.

const port = 6_941;
const cluster = "office";
const keys = parseKeys("auth 1\n1 hmac-sha256 a-secret-for-this-test-alone\n");
const { strangersMax, untaggedMax, untaggedOneIn, sampleOneIn, copiesMax } = floodLimits;
const { clock } = openClock();
const question: Message = { kind: "ask", step: "hear", sentAt: instantMs(7), view: noView, basis: noView };

describe.skipIf(!canMakeSandbox).each([
  ["IPv4", "127.3.9.1", "127.0.0.1", "127.3.9.3", "127.3.9.1"],
  ["IPv6", "fd08::1", "fd08::1", "fd08::3", "fd08::1"],
  ["any address, asked by IPv4", "127.0.0.1", "127.0.0.1", "127.3.9.3", "::"],
])("a witness under a flood, %s", (family, own, nodeIp, stranger, listen) => {
  let server: WitnessServer;
  let desk: WitnessDesk;
  let counters: Counters;
  let speakers: DatagramSocket[] = [];
  let links: UdpWitnessLink[] = [];
  /** Where the last packet that the witness believed came from. */
  let asker = "";

  beforeAll(() => {
    enterNetworkSandbox();
    if (family === "IPv6") for (const address of [own, stranger]) ip(`address add ${address}/128 dev lo nodad`);
  });
  beforeEach(async () => {
    counters = new Counters();
    desk = await WitnessDesk.open({
      journal: {
        load: async () => ({ records: [], state: "none", detail: "" }),
        rewrite: async () => undefined,
        append: async () => undefined,
        close: async () => undefined,
      },
      newName: () => witnessId("000000000001"),
      opener: (self) => new Opener({ cluster, keys, self, nodes: null }),
      sealer: (self, incarnation) => new Sealer({ cluster, keys, self, incarnation, channel: "witness" }),
      wall: 1,
      random: 1,
      send: (address, bytes) => server.send(address, bytes),
      now: () => clock.now(),
      heard: (node, address, tags) => {
        asker = address;
        server.heard(node, address, tags);
      },
      note: () => undefined,
      failed: (reason) => {
        throw new Error(reason);
      },
    });
    server = await WitnessServer.open({
      ip: listen,
      port,
      clock,
      counters,
      receive: (bytes, address) => desk.receive(bytes, address),
      onUnfiltered: (reason) => {
        throw new Error(reason);
      },
    });
  });
  afterEach(async () => {
    for (const { socket } of speakers) socket.close();
    for (const link of links) await link.close();
    [speakers, links] = [[], []];
    await server.close();
    await desk.close();
  });

  /** A node that asks. */
  const openNode = async (name: string, boot = 1) => {
    const self = name as NodeId;
    const incarnation = makeIncarnation({ boot, startedAt: 1, random: boot });
    const sealer = new Sealer({ cluster, keys, self, incarnation, channel: "witness" });
    const opener = new Opener({ cluster, keys, self, nodes: null });
    const link = new UdpWitnessLink({ ip: own, port, clock });
    const node = {
      answers: 0,
      received: 0,
      link,
      packet: () => sealer.seal(question),
      ask: async (times: number) => {
        const wanted = node.answers + times;
        for (let count = 0; count < times; count += 1) link.send(node.packet());
        await until(() => node.answers >= wanted);
      },
    };
    await link.open(({ bytes }) => {
      node.received += 1;
      const opened = opener.open(bytes, "witness");
      if (!opened.ok) return;
      node.answers += 1;
      if (opened.tags !== undefined) link.useTags(opened.tags);
    });
    links.push(link);
    return node;
  };
  const speak = async (address: string, from = 0) => {
    const socket = await bindDatagramSocket({ address, port: from, device: null, filter: acceptNone });
    speakers.push(socket);
    return (bytes: Uint8Array, times: number, to = makeTarget(own, port)): void => {
      for (let count = 0; count < times; count += 1) socket.send(to, bytes, refuse);
    };
  };
  const refused = (): number => Object.values(desk.dropped()).reduce((sum, count) => sum + count, 0);

  test("[LIVE-1] of strangers a sample comes in; who has asked is answered, and who has not yet is found", async () => {
    const first = await openNode("n1");
    const fromStranger = await speak(stranger);
    await first.ask(1);
    const garbage = Buffer.from("no packet at all, and long enough to be taken for one by who looks at lengths alone");
    fromStranger(garbage, strangersMax + 1);
    await until(() => refused() === strangersMax + 1);
    expect(counters.all()).toEqual({ "witness: floods of strangers": 1 });
    fromStranger(garbage, 20 * untaggedOneIn);
    await first.ask(100);
    // 20 on average; more than 60 happens once in 10^12 runs.
    expect(refused()).toBeLessThan(strangersMax + 60);
    if (nodeIp === own) return;
    // Its address is another one than the first node's.
    const late = await speak(own);
    const self = "n2" as NodeId;
    const incarnation = makeIncarnation({ boot: 1, startedAt: 1, random: 2 });
    const sealer = new Sealer({ cluster, keys, self, incarnation, channel: "witness" });
    while (desk.askers().length < 2) {
      late(sealer.seal(question), 1);
      await turn();
    }
    expect(desk.askers().map(({ node }) => node)).toEqual(["n1", "n2"]);
  });

  test("[LIVE-1] a node's address is flooded, with garbage and with copies of its questions: it is answered", async () => {
    const node = await openNode("n1");
    await node.ask(1);
    const fromNode = await speak(nodeIp);
    fromNode(Buffer.alloc(100), untaggedMax + 1);
    await until(() => refused() === untaggedMax + 1);
    expect(counters.all()).toEqual({ "witness: floods of forged addresses": 1 });
    for (let round = 0; round < 5; round += 1) {
      const copy = Buffer.from(node.packet());
      node.link.send(copy);
      // A new filter is made soon, not at once: it is there when copies come in no more, but for a sample.
      for (let unheard = 0, sent = 0; unheard < copiesMax && sent < 1_000 * copiesMax; sent += 1) {
        const heard = refused();
        fromNode(copy, 1);
        await turn();
        await turn();
        unheard = refused() === heard ? unheard + 1 : 0;
      }
      const before = refused();
      fromNode(copy, 20 * untaggedOneIn);
      await node.ask(20);
      expect(refused() - before).toBeLessThan(60);
    }
  });

  test("[LIVE-1] a node is flooded in the witness's name, and by a stranger: it hears the answers", async () => {
    const node = await openNode("n1");
    await node.ask(1);
    const nodePort = Number(asker.slice(asker.lastIndexOf(":") + 1));
    const toNode = makeTarget(nodeIp, nodePort);
    const [fromWitness, fromStranger] = [await speak(own), await speak(stranger)];
    fromWitness(Buffer.alloc(100), untaggedMax + 1, toNode);
    fromStranger(Buffer.alloc(100), strangersMax + 1, toNode);
    await until(() => Object.keys(node.link.counters()).filter((name) => name.includes("floods")).length === 2);
    const before = node.link.counters()["witness: stranger"] ?? 0;
    fromWitness(Buffer.alloc(100), 20 * untaggedOneIn, toNode);
    fromStranger(Buffer.alloc(100), 20 * sampleOneIn, toNode);
    await node.ask(100);
    // Of another port than the witness's, hence strangers, all.
    expect((node.link.counters()["witness: stranger"] ?? 0) - before).toBeLessThan(120);
  });

  test("more nodes than the filter has room for are answered while nobody floods", async () => {
    const nodes = await Promise.all(
      Array.from({ length: witnessLimits.taggedMax + 3 }, (_, index) => openNode(`n${index}`)),
    );
    for (const node of nodes) await node.ask(1);
    const fromStranger = await speak(stranger);
    fromStranger(Buffer.alloc(100), strangersMax + 1);
    await until(() => refused() === strangersMax + 1);
    await nodes.at(-1)?.ask(20);
  });
});

function refuse(code: string): void {
  throw new Error(`Cannot send: ${code}`);
}

async function turn(): Promise<void> {
  await new Promise<void>((done) => void setImmediate(done));
}

/** Real sockets answer when they answer; the test's limit ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}
