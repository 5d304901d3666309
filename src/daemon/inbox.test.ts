import { expect, test } from "vitest";
import { parseLinkId } from "../model/ids.ts";
import { instantMs } from "../model/units.ts";
import type { ReceivedBytes } from "../ports/transport.ts";
import { Inbox } from "./inbox.ts";
import { daemonLimits } from "./limits.ts";

const { packetsBytesMax, packetsMax } = daemonLimits;

function datagram(count: number, origin = "n2"): ReceivedBytes {
  return {
    bytes: Uint8Array.of(1, 2),
    link: parseLinkId(0),
    source: String(count),
    origin,
    arrivedAt: instantMs(count),
  };
}

/** One buffer for all: what is counted is what each packet keeps alive. */
const frameBytes = new Uint8Array(packetsBytesMax / 8);

function frame(count: number): ReceivedBytes {
  return { bytes: frameBytes, link: null, source: String(count), origin: "n2", arrivedAt: instantMs(count) };
}

function takeAll(inbox: Inbox): readonly string[] {
  const sources: string[] = [];
  for (let next = inbox.takePacket(); next !== undefined; next = inbox.takePacket()) sources.push(next.source);
  return sources;
}

test("inputs and packets come out in the order they came in", () => {
  const inbox = new Inbox();
  inbox.addPacket(datagram(1));
  inbox.addPacket(datagram(2));
  inbox.addInput({ kind: "persisted", write: 1 });
  inbox.addInput({ kind: "persisted", write: 2 });
  expect([inbox.takeInput(), inbox.takeInput(), inbox.takeInput()]).toEqual([
    { kind: "persisted", write: 1 },
    { kind: "persisted", write: 2 },
    undefined,
  ]);
  expect(inbox.isEmpty).toBe(false);
  expect(takeAll(inbox)).toEqual(["1", "2"]);
  expect(inbox.isEmpty).toBe(true);
  expect(inbox.dropped).toBe(0);
});

test("more bytes than fit push the oldest out, as many as must", () => {
  const inbox = new Inbox();
  for (let count = 1; count <= 8; count += 1) inbox.addPacket(frame(count));
  expect(inbox.dropped).toBe(0);
  inbox.addPacket(datagram(9));
  inbox.addPacket(frame(10));
  expect(inbox.dropped).toBe(2);
  expect(takeAll(inbox)).toEqual(["3", "4", "5", "6", "7", "8", "9", "10"]);
});

test("what was taken makes room again", () => {
  const inbox = new Inbox();
  for (let round = 0; round < 5; round += 1) {
    for (let count = 1; count <= 8; count += 1) inbox.addPacket(frame(count));
    expect(takeAll(inbox)).toHaveLength(8);
  }
  expect(inbox.dropped).toBe(0);
});

test("[LIVE-2] a flood takes room from its own origin only, and the others their turn", () => {
  const inbox = new Inbox();
  inbox.addPacket(datagram(1, "n2"));
  for (let count = 0; count < 2 * packetsMax; count += 1) inbox.addPacket(datagram(1_000_000 + count, "strangers"));
  inbox.addPacket(datagram(2, "n2"));
  inbox.addPacket(datagram(3, "n3"));
  expect(inbox.dropped).toBe(packetsMax + 3);
  const first = Array.from({ length: 5 }, () => inbox.takePacket()?.source);
  expect(first).toEqual(expect.arrayContaining(["1", "2", "3"]));
});

test("frames that hold too many bytes push out the origin that has most of them", () => {
  const inbox = new Inbox();
  inbox.addPacket({ ...frame(1), origin: "n3" });
  for (let count = 2; count <= 12; count += 1) inbox.addPacket(frame(count));
  expect(inbox.dropped).toBe(4);
  expect(takeAll(inbox)).toEqual(["1", "6", "7", "8", "9", "10", "11", "12"]);
});
