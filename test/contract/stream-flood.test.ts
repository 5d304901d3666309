import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openClock } from "../../src/adapters/clock/system-clock.ts";
import { floodLimits } from "../../src/adapters/network/flood-gate.ts";
import { StreamListener } from "../../src/adapters/network/stream-listener.ts";
import { Counters } from "../../src/model/counters.ts";
import { canMakeSandbox, enterNetworkSandbox, ip } from "./network-sandbox.ts";

// Goal: connections of strangers, however many, cost the main loop next to nothing, and peers are heard beside them.

const port = 6_940;
const { clock } = openClock();
const { strangersMax } = floodLimits;

describe.skipIf(!canMakeSandbox).each([
  ["IPv4", "127.3.9.1", "127.3.9.2", "127.3.9.3"],
  ["IPv6", "fd08::1", "fd08::2", "fd08::3"],
])("a port for streams under a flood of connections, %s", (family, own, peer, stranger) => {
  let counters: Counters;
  let received: string[];
  let listener: StreamListener;
  let sockets: Socket[] = [];

  beforeAll(() => {
    enterNetworkSandbox();
    if (family === "IPv6") for (const address of [own, peer, stranger]) ip(`address add ${address}/128 dev lo nodad`);
  });
  beforeEach(async () => {
    counters = new Counters();
    received = [];
    listener = new StreamListener({
      counters,
      now: () => clock.now(),
      peers: [peer],
      receive: (bytes, from) => received.push(`${from}: ${Buffer.from(bytes).toString()}`),
    });
    const problem = await listener.listen(own, port);
    if (problem !== null) throw new Error(problem);
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    await listener.close();
  });

  const call = (localAddress: string): Socket => {
    const socket = connect({ host: own, port, localAddress });
    socket.on("error", () => undefined);
    sockets.push(socket);
    return socket;
  };
  const refused = (): number => counters.all()["listener: foreign address"] ?? 0;
  const refuse = async (times: number): Promise<void> => {
    for (let count = 0; count < times; count += 1) {
      const socket = call(stranger);
      socket.resume();
      await once(socket, "close");
    }
  };
  /** A frame in a connection of its own. */
  const say = async (text: string): Promise<Socket> => {
    const socket = call(peer);
    await once(socket, "connect");
    write(socket, text);
    await until(() => received.includes(`${peer}: ${text}`));
    return socket;
  };

  test("[LIVE-2] few are refused one by one; many are not even made, peers' are; and again when it is over", async () => {
    const before = await say("before");
    await refuse(strangersMax);
    expect(counters.all()).toEqual({ "listener: foreign address": strangersMax });
    await refuse(1);
    expect(counters.all()).toMatchObject({ "listener: floods of strangers": 1 });

    for (let count = 0; count < 200; count += 1) call(stranger);
    await say("during");
    write(before, "on the connection from before");
    await until(() => received.includes(`${peer}: on the connection from before`));
    // One of 1,024 comes in; more than 10 of 200 do once in 10^14 runs.
    expect(refused()).toBeLessThanOrEqual(strangersMax + 1 + 10);

    for (const socket of sockets) socket.destroy();
    // Of the second that is over, and of one in which nothing came.
    listener.check();
    listener.check();
    await refuse(1);
    expect(refused()).toBeGreaterThan(strangersMax + 1);
  });

  test("another peer's connections come in from then on, in a flood as well", async () => {
    await refuse(strangersMax + 1);
    listener.usePeers([stranger]);
    const socket = call(stranger);
    await once(socket, "connect");
    write(socket, "a peer now");
    await until(() => received.includes(`${stranger}: a peer now`));
  });
});

function write(socket: Socket, text: string): void {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(text.length);
  socket.write(Buffer.concat([head, Buffer.from(text)]));
}

/** Real sockets answer when they answer; the test's limit ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise<void>((done) => void setImmediate(done));
}
