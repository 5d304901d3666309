import fc from "fast-check";
import { expect, test } from "vitest";
import { frameHead, FrameSplitter } from "./frame-splitter.ts";

const frameBytesMax = 5_000;

test("any frames, cut anywhere, come out whole and in order", () => {
  const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 300 }), { maxLength: 20 });
  fc.assert(
    fc.property(frames, fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }), (sent, sizes) => {
      const stream = Buffer.concat(sent.flatMap((frame) => [frameHead(frame.length), frame]));
      const splitter = new FrameSplitter(frameBytesMax);
      const received: Uint8Array[] = [];
      for (let at = 0, turn = 0; at < stream.length; turn += 1) {
        const end = at + (sizes[turn % sizes.length] ?? 1);
        expect(splitter.push(stream.subarray(at, end), (frame) => received.push(Uint8Array.from(frame)))).toBe(true);
        at = end;
      }
      expect(received).toEqual(sent.map((frame) => Uint8Array.from(frame)));
    }),
  );
});

test.each([0, frameBytesMax + 1, 0xffffffff])("a frame of %d bytes ends the stream", (length) => {
  const splitter = new FrameSplitter(frameBytesMax);
  const head = Buffer.from(frameHead(length));
  expect(splitter.push(head.subarray(0, 3), () => undefined)).toBe(true);
  expect(splitter.push(Buffer.concat([head.subarray(3), Buffer.alloc(1)]), () => undefined)).toBe(false);
});

test("memory follows what came, not what the length claims", () => {
  const splitter = new FrameSplitter(8 * 1024 * 1024);
  splitter.push(Buffer.concat([frameHead(8 * 1024 * 1024), Buffer.alloc(10)]), () => undefined);
  expect(splitter.heldBytes).toBeLessThanOrEqual(4 * 1024);
});
