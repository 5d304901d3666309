import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Counters } from "../../model/counters.ts";
import { parseNodeId } from "../../model/ids.ts";
import { after, durationMs, instantMs, wallMs } from "../../model/units.ts";
import type { Clock } from "../../ports/clock.ts";
import { frameHead } from "./frame-splitter.ts";
import { NetworkTransport } from "./network-transport.ts";
import { PeerPaths } from "./peer-paths.ts";
import { StreamListener } from "./stream-listener.ts";
import { StreamSender } from "./stream-sender.ts";

const realClock = clockOf(() => Math.floor(performance.now()));
const [self, peer] = [parseNodeId("serv1"), parseNodeId("serv2")];
const nobody = "203.0.113.77";
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

describe("a network that cannot be used", () => {
  test("no link at all: the error names each address and what to do", async () => {
    const transport = newTransport([nobody], 6_940);
    const opening = transport.open(() => undefined);
    await expect(opening).rejects.toMatchObject({ code: "NETWORK_UNUSABLE" });
    await expect(opening).rejects.toThrow(/link 0: no network device .* 203\.0\.113\.77; give it one, or mend/);
  });

  test("the port taken by another program", async () => {
    const server = await listenOn("127.3.0.1");
    const opening = newTransport(["127.3.0.1"], portOf(server)).open(() => undefined);
    await expect(opening).rejects.toThrow(/127\.3\.0\.1:\d+: EADDRINUSE, another program has the port; stop it/);
  });

  test("one link of two: it opens, and the log hears of the other", async () => {
    const notes: string[] = [];
    const port = await freePort("127.3.0.1");
    await newTransport(["127.3.0.1", nobody], port, notes).open(() => undefined);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(`link 1 (${nobody}): cannot be used`);
  });
});

describe("connections of nobody in particular", () => {
  test("a foreign address is closed and counted", async () => {
    const { port, counters } = await newListener([]);
    await closed(await call("127.3.0.1", port));
    expect(counters.all()).toMatchObject({ "listener: foreign address": 1 });
  });

  test("a frame that claims too much is closed; so is the oldest of too many connections", async () => {
    const { port, counters, received } = await newListener(["127.3.0.2"]);
    const liar = await call("127.3.0.1", port, "127.3.0.2");
    liar.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]));
    await closed(liar);
    expect(counters.all()).toMatchObject({ "listener: frame too long": 1 });
    const first = await call("127.3.0.1", port, "127.3.0.2");
    const others = await Promise.all([1, 2, 3, 4].map(() => call("127.3.0.1", port, "127.3.0.2")));
    await closed(first);
    others[3]?.write(Buffer.concat([frameHead(2), Buffer.from("ok")]));
    while (received.length === 0) await turn();
    expect(received).toEqual(["ok"]);
  });
});

describe("paths", () => {
  const addresses = ["127.3.1.2", "127.3.2.2"] as const;
  const newPaths = (port = 1): PeerPaths => new PeerPaths([{ id: peer, addresses }], port, 1_000);

  test("the one heard lately comes first, the one that failed last", () => {
    const paths = newPaths();
    const order = (now: number): readonly number[] => paths.inOrder(peer, instantMs(now)).map((path) => path.link);
    expect(order(10)).toEqual([0, 1]);
    paths.heard(addresses[1], instantMs(20));
    expect(order(30)).toEqual([1, 0]);
    expect(order(2_000)).toEqual([0, 1]);
    paths.heard(addresses[0], instantMs(2_000));
    paths.heard(addresses[1], instantMs(2_000));
    for (const path of paths.of(peer)) if (path.link === 0) path.failedAt = instantMs(2_000);
    expect(order(2_001)).toEqual([1, 0]);
  });

  test("a stream leaves a path that is silent while another delivers, and one that came back from silence", async () => {
    let now = 1_000;
    const clock = clockOf(() => now);
    const { listener, port, counters, received } = await newListener(["127.3.1.1", "127.3.2.1"], addresses[0]);
    await listener.listen(addresses[1], port);
    const paths = newPaths(port);
    const sender = new StreamSender({ peer, paths, ownAddresses: ["127.3.1.1", "127.3.2.1"], clock, counters });
    cleanups.push(async () => sender.close());
    const send = async (text: string): Promise<string> => {
      const before = received.length;
      sender.send(Buffer.from(text));
      while (received.length === before) await turn();
      return sources.at(-1) ?? "";
    };
    const sources = listenerSources;
    paths.heard(addresses[0], instantMs(now));
    expect(await send("a")).toMatch(/^127\.3\.1\.1:/);
    now += 1_500;
    paths.heard(addresses[1], instantMs(now));
    expect(await send("b")).toMatch(/^127\.3\.2\.1:/);
    expect(counters.all()).toMatchObject({ "stream: path left": 1 });
    now += 5_000;
    paths.heard(addresses[1], instantMs(now));
    await send("c");
    expect(counters.all()).toMatchObject({ "stream: path left": 2 });
    expect(received).toEqual(["a", "b", "c"]);
  });
});

test("what is sent to a peer that is away is dropped and counted, and costs no queue", async () => {
  const port = await freePort("127.3.0.1");
  const transport = newTransport(["127.3.0.1"], port);
  await transport.open(() => undefined);
  transport.sendStream(peer, Buffer.alloc(17 * 1024 * 1024));
  transport.sendStream(peer, Buffer.from("x"));
  while ((transport.counters()["stream: peer away"] ?? 0) === 0) await turn();
  expect(transport.counters()).toMatchObject({ "stream: queue full": 1, "stream: peer away": 1 });
});

let listenerSources: string[] = [];

async function newListener(
  peers: readonly string[],
  address = "127.3.0.1",
): Promise<{ listener: StreamListener; port: number; counters: Counters; received: string[] }> {
  const counters = new Counters();
  const received: string[] = [];
  const sources: string[] = [];
  listenerSources = sources;
  const listener = new StreamListener({
    counters,
    now: () => realClock.now(),
    peers,
    receive: (bytes, _address, source) => {
      received.push(Buffer.from(bytes).toString());
      sources.push(source);
    },
  });
  cleanups.push(() => listener.close());
  const port = await freePort(address);
  expect(await listener.listen(address, port)).toBeNull();
  return { listener, port, counters, received };
}

function newTransport(addresses: readonly string[], port: number, notes: string[] = []): NetworkTransport {
  const nodes = [
    { id: self, addresses, fence: [] },
    { id: peer, addresses: addresses.map((_, link) => `127.3.${link}.2`), fence: [] },
  ];
  const transport = new NetworkTransport({
    self,
    config: { nodes, heartbeat: { port, deadtimeMs: durationMs(1_500) } },
    clock: realClock,
    patienceMs: 0,
    onNote: (text) => notes.push(text),
  });
  cleanups.push(() => transport.close());
  return transport;
}

async function listenOn(address: string): Promise<Server> {
  const server = createServer();
  server.listen(0, address);
  await once(server, "listening");
  cleanups.push(() => new Promise((done) => server.close(done)));
  return server;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function freePort(address: string): Promise<number> {
  const server = createServer();
  server.listen(0, address);
  await once(server, "listening");
  const port = portOf(server);
  await new Promise((done) => server.close(done));
  return port;
}

async function call(host: string, port: number, localAddress = "127.3.0.9"): Promise<Socket> {
  const socket = connect({ host, port, localAddress });
  cleanups.push(async () => socket.destroy());
  socket.on("error", () => undefined);
  await once(socket, "connect");
  return socket;
}

async function closed(socket: Socket): Promise<void> {
  socket.resume();
  if (!socket.closed) await once(socket, "close");
}

/** Real sockets answer when they answer. */
function turn(): Promise<void> {
  return new Promise((done) => void realClock.wakeAt(after(realClock.now(), 1), done));
}

function clockOf(now: () => number): Clock {
  return {
    now: () => instantMs(now()),
    wall: () => wallMs(0),
    wakeAt: (at, callback) => {
      const timer = setTimeout(callback, at - now());
      return () => clearTimeout(timer);
    },
  };
}
