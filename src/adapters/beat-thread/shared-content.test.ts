import { expect, test } from "vitest";
import { instantMs } from "../../model/units.ts";
import { SharedContent } from "./shared-content.ts";

test("the reader has what the writer said last, and when it last spoke", () => {
  const writer = new SharedContent();
  const reader = new SharedContent(writer.memory);
  expect(reader.read()).toBeNull();
  expect(writer.publish(Uint8Array.of(1, 2, 3), instantMs(10))).toBe(true);
  expect(reader.read()).toEqual({ content: Uint8Array.of(1, 2, 3), toldAt: 10 });
  expect(writer.publish(Uint8Array.of(4), instantMs(20))).toBe(false);
  writer.touch(instantMs(30));
  expect(reader.read()).toEqual({ content: Uint8Array.of(4), toldAt: 30 });
});

test("many contents between two readings are one", () => {
  const writer = new SharedContent();
  const reader = new SharedContent(writer.memory);
  const read: (number | undefined)[] = [];
  for (let count = 1; count <= 9; count += 1) {
    writer.publish(Uint8Array.of(count), instantMs(count));
    if (count % 3 === 0) read.push(reader.read()?.content[0]);
  }
  expect(read).toEqual([3, 6, 9]);
});

test("beats are counted over all readers, so that a thread started anew goes on", () => {
  const writer = new SharedContent();
  new SharedContent(writer.memory).countBeat();
  new SharedContent(writer.memory).countBeat();
  expect(writer.beats).toBe(2);
});

test("a content longer than any datagram is the caller's mistake", () => {
  expect(() => new SharedContent().publish(new Uint8Array(20_000), instantMs(1))).toThrow(RangeError);
});
