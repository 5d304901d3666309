import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { NodeId } from "../../src/model/ids.ts";
import type { RosterNode } from "../../src/model/roster.ts";
import type { ReceivedBytes, Transport } from "../../src/ports/transport.ts";

/** A transport in use, and what it received. */
export interface OpenTransport {
  readonly transport: Transport;
  readonly received: readonly ReceivedBytes[];
}

/** Two nodes on two links. */
export interface TransportHarness {
  readonly names: readonly [NodeId, NodeId];
  /** Where a node is. */
  place(node: NodeId): RosterNode;
  /** Opens the network of a node; again after a close. */
  open(node: NodeId): Promise<OpenTransport>;
  /** Lets things happen until `condition` holds. Rejects when it never does. */
  until(condition: () => boolean): Promise<void>;
  /** Lets `promise` settle. */
  settle<Value>(promise: Promise<Value>): Promise<Value>;
  dispose(): Promise<void>;
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const texts = (received: readonly ReceivedBytes[]): readonly string[] =>
  received.map((one) => new TextDecoder().decode(one.bytes));

/** What every transport promises. */
export function transportContract(name: string, makeHarness: () => Promise<TransportHarness>): void {
  describe(`transport: ${name}`, () => {
    let harness: TransportHarness;
    let one: OpenTransport;
    let two: OpenTransport;
    beforeEach(async () => {
      harness = await makeHarness();
      one = await harness.open(harness.names[0]);
      two = await harness.open(harness.names[1]);
    });
    afterEach(() => harness.dispose());

    test("speaks to its peers, who may be others later", async () => {
      const [, other] = harness.names;
      one.transport.usePeers([]);
      one.transport.sendDatagram(other, bytesOf("to nobody"));
      one.transport.sendStream(other, bytesOf("to nobody"));
      one.transport.usePeers([harness.place(other)]);
      one.transport.sendDatagram(other, bytesOf("to a peer"));
      await harness.until(() => texts(two.received).includes("to a peer"));
      one.transport.sendStream(other, bytesOf("in a stream"));
      await harness.until(() => texts(two.received).includes("in a stream"));
      expect(texts(two.received)).not.toContain("to nobody");
    });

    test("a datagram comes on every link, and says on which", async () => {
      one.transport.sendDatagram(harness.names[1], bytesOf("hello"));
      await harness.until(() => two.received.length === 2);
      expect(texts(two.received)).toEqual(["hello", "hello"]);
      expect(two.received.map((datagram) => datagram.link)).toEqual(expect.arrayContaining([0, 1]));
      expect(one.received).toEqual([]);
    });

    test("1,200 bytes go as they are", async () => {
      const bytes = Uint8Array.from({ length: 1_200 }, (_, place) => place % 251);
      one.transport.sendDatagram(harness.names[1], bytes);
      await harness.until(() => two.received.length > 0);
      expect(Uint8Array.from(two.received[0]?.bytes ?? [])).toEqual(bytes);
    });

    test("streams carry any size, in order, both ways at once", async () => {
      const [first, second] = harness.names;
      const big = "x".repeat(1_000_000);
      for (const text of ["a", big, "b"]) one.transport.sendStream(second, bytesOf(text));
      two.transport.sendStream(first, bytesOf("c"));
      await harness.until(() => two.received.length === 3 && one.received.length === 1);
      expect(texts(two.received)).toEqual(["a", big, "b"]);
      expect(two.received.map((frame) => frame.link)).toEqual([null, null, null]);
      expect(texts(one.received)).toEqual(["c"]);
    });

    test("a port is open while its daemon runs, and closed after", async () => {
      expect(await harness.settle(one.transport.probe(harness.names[1], 2_000))).toBe("open");
      await two.transport.close();
      expect(await harness.settle(one.transport.probe(harness.names[1], 2_000))).toBe("closed");
    });

    test("sending to a node that is away is nothing, and its next life is heard at once", async () => {
      const [first, second] = harness.names;
      one.transport.sendStream(second, bytesOf("before"));
      await harness.until(() => two.received.length === 1);
      await two.transport.close();
      one.transport.sendDatagram(second, bytesOf("lost"));
      one.transport.sendStream(second, bytesOf("lost"));
      const next = await harness.open(second);
      next.transport.sendDatagram(first, bytesOf("back"));
      await harness.until(() => one.received.length === 2);
      await harness.until(() => {
        if (next.received.length === 0) one.transport.sendStream(second, bytesOf("again"));
        return next.received.length > 0;
      });
      expect(texts(next.received)).toContain("again");
    });

    test("nothing is received after the close", async () => {
      const [first, second] = harness.names;
      await two.transport.close();
      one.transport.sendDatagram(second, bytesOf("late"));
      expect(await harness.settle(one.transport.probe(second, 2_000))).toBe("closed");
      expect(two.received).toEqual([]);
      two.transport.sendDatagram(first, bytesOf("later"));
      two.transport.sendStream(first, bytesOf("later"));
      expect(one.received).toEqual([]);
    });
  });
}
