import { expect, test } from "vitest";
import { parseLinkId } from "../model/ids.ts";
import { instantMs } from "../model/units.ts";
import type { ReceivedBytes } from "../ports/transport.ts";
import { Inbox } from "./inbox.ts";
import { daemonLimits } from "./limits.ts";

const { packetsBytesMax } = daemonLimits;

function datagram(count: number): ReceivedBytes {
  return { bytes: Uint8Array.of(1, 2), link: parseLinkId(0), source: String(count), arrivedAt: instantMs(count) };
}

/** One buffer for all: what is counted is what each packet keeps alive. */
const frameBytes = new Uint8Array(packetsBytesMax / 8);

function frame(count: number): ReceivedBytes {
  return { bytes: frameBytes, link: null, source: String(count), arrivedAt: instantMs(count) };
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
