import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type BusMessage, decodeMessage, encodeMessage, messageLength } from "./bus-message.ts";
import { BusReader, type BusValue, BusWriter, typesOf } from "./bus-values.ts";

/** `Hello`, as the D-Bus tools send it: the fields in another order than ours. */
const hello = Buffer.from(
  "6c01000100000000010000006e00000001016f00150000002f6f72672f667265656465736b746f702f44427573000000" +
    "06017300140000006f72672e667265656465736b746f702e444275730000000002017300140000006f72672e667265656465736b746f702e44427573" +
    "00000000030173000500000048656c6c6f000000",
  "hex",
);

const signal: BusMessage = {
  kind: "signal",
  serial: 7,
  path: "/org/freedesktop/systemd1/unit/web_2eservice",
  interface: "org.freedesktop.DBus.Properties",
  member: "PropertiesChanged",
  sender: ":1.0",
  signature: "sa{sv}as",
  body: ["org.freedesktop.systemd1.Unit", [["ActiveState", { signature: "s", value: "failed" }]], ["Following"]],
};

function attempt(bytes: Buffer): string {
  try {
    decodeMessage(bytes);
    return "read";
  } catch (error) {
    return error instanceof Error ? "refused" : "broken";
  }
}

function write(signature: string, values: readonly BusValue[]): Buffer {
  const writer = new BusWriter();
  for (const [index, type] of typesOf(signature).entries()) writer.write(type, values[index] ?? "");
  return writer.bytes();
}

function read(signature: string, hex: string, isLittle = true): readonly BusValue[] {
  const reader = new BusReader(Buffer.from(hex, "hex"), isLittle);
  return typesOf(signature).map((type) => reader.read(type));
}

describe("messages of D-Bus", () => {
  test("are read as they are laid down", () => {
    expect(messageLength(hello)).toBe(hello.length);
    expect(decodeMessage(hello)).toEqual({
      kind: "call",
      serial: 1,
      path: "/org/freedesktop/DBus",
      destination: "org.freedesktop.DBus",
      interface: "org.freedesktop.DBus",
      member: "Hello",
      body: [],
    });
  });

  test("come back as they were written; of a variant its value", () => {
    const bytes = encodeMessage(signal);
    expect(messageLength(bytes)).toBe(bytes.length);
    expect(decodeMessage(bytes)).toEqual({
      ...signal,
      body: ["org.freedesktop.systemd1.Unit", [["ActiveState", "failed"]], ["Following"]],
    });
  });

  test("are cut off anywhere: not yet whole, or an error, and never read beyond", () => {
    const bytes = encodeMessage(signal);
    const fixedBytes = 16;
    for (let length = 0; length < bytes.length; length += 1) {
      const part = bytes.subarray(0, length);
      expect(messageLength(part)).toBe(length < fixedBytes ? null : bytes.length);
      expect(() => decodeMessage(part)).toThrow(/ends too soon|longer than its message/);
    }
  });

  test("garbage is an error or a message, in time", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(15), (garbage, keep) => {
        const bytes = Buffer.concat([encodeMessage(signal).subarray(0, 16 + keep * 8), garbage]);
        expect(["read", "refused"]).toContain(attempt(bytes));
      }),
    );
  });

  test("of no version, or no byte order, are none", () => {
    expect(() => messageLength(Buffer.from("HTTP/1.1 400 Bad Request"))).toThrow("no message of D-Bus");
  });
});

describe("values of D-Bus", () => {
  test.each([
    ["ybnq", "ff0000000100000085fffeff", [255, true, -123, 65534]],
    ["iu", "ffffffffffffffff", [-1, 4294967295]],
    ["xtd", "feffffffffffffff0100000000000000000000000000f83f", [-2n, 1n, 1.5]],
    ["as", "0f000000" + "0100000061000000" + "020000006262" + "00", [["a", "bb"]]],
    ["v", "016900002a000000", [42]],
    ["a(ys)", "0a00000000000000" + "01000000010000006100", [[[1, "a"]]]],
  ])("%s: %s", (signature, hex, values) => {
    expect(read(signature, hex)).toEqual(values);
  });

  test("of a sender with the other byte order", () => {
    expect(read("us", "0000000100000001" + "6100", false)).toEqual([1, "a"]);
  });

  test("elements of an array are aligned from the start of the message", () => {
    const bytes = write("ya{sv}s", [1, [["a", { signature: "u", value: 7 }]], "end"]);
    const reader = new BusReader(bytes, true);
    expect(typesOf("ya{sv}s").map((type) => reader.read(type))).toEqual([1, [["a", 7]], "end"]);
  });

  test.each(["a", "z", "()", "(s", "{}", "a("])("%s is no signature", (signature) => {
    expect(() => typesOf(signature)).toThrow("no signature");
  });
});
