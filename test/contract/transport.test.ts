import { openClock } from "../../src/adapters/clock/system-clock.ts";
import { NetworkTransport } from "../../src/adapters/network/network-transport.ts";
import { type NodeId, parseNodeId } from "../../src/model/ids.ts";
import { durationMs } from "../../src/model/units.ts";
import type { ReceivedBytes } from "../../src/ports/transport.ts";
import { findFreePort } from "./free-port.ts";
import { transportContract } from "./transport.contract.ts";

transportContract("UDP and TCP", async () => {
  const names = [parseNodeId("serv1"), parseNodeId("serv2")] as const;
  const addresses = [
    ["127.1.1.1", "127.1.2.1"],
    ["127.1.1.2", "127.1.2.2"],
  ];
  const port = await findFreePort();
  const nodes = names.map((id, place) => ({ id, addresses: addresses[place] ?? [], fence: [] }));
  const config = { nodes, heartbeat: { port, deadtimeMs: durationMs(1_500) } };
  const { clock } = openClock();
  const transports: NetworkTransport[] = [];
  return {
    names,
    place: (id) => ({ id, addresses: nodes.find((node) => node.id === id)?.addresses ?? [] }),
    open: async (node: NodeId) => {
      const received: ReceivedBytes[] = [];
      const transport = new NetworkTransport({ self: node, config, clock });
      transports.push(transport);
      await transport.open((one) => received.push(one));
      return { transport, received };
    },
    // The real one answers when it answers: each turn of the event loop is asked, and the test's limit ends it.
    until: async (condition) => {
      while (!condition()) await new Promise<void>((done) => void setImmediate(done));
    },
    settle: (promise) => promise,
    dispose: async () => {
      await Promise.all(transports.map((transport) => transport.close()));
    },
  };
});
