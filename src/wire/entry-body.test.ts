import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeEntryBody, parseEntryBody } from "./entry-body.ts";
import { entryBytesMax } from "./packet-format.ts";

const encoder = new TextEncoder();
const parse = (text: string): unknown => parseEntryBody(encoder.encode(text));
const electorate = { kind: "electorate", voters: ["serv1"], reason: "init" };

test("fields of a newer minor version pass, and come out again", () => {
  const body = parseEntryBody(encoder.encode(JSON.stringify({ ...electorate, weight: { serv1: 2 } })));
  expect(body).toMatchObject({ weight: { serv1: 2 } });
  expect(body === null ? "" : new TextDecoder().decode(encodeEntryBody(body))).toContain('"weight":{"serv1":2}');
});

test.each([
  ["no JSON", "{"],
  ["no object", "[]"],
  ["null", "null"],
  ["no kind", "{}"],
  ["unknown kind", '{"kind":"toString"}'],
  ["kind of a prototype", '{"kind":"__proto__"}'],
  ["missing field", '{"kind":"electorate","voters":[]}'],
  ["wrong field", '{"kind":"electorate","voters":"serv1","reason":""}'],
  ["wrong item", '{"kind":"electorate","voters":[1],"reason":""}'],
  ["null for text", '{"kind":"retry","service":null,"attempt":1}'],
  ["null item", '{"kind":"view","members":[null],"coordinator":"a"}'],
  ["infinite number", '{"kind":"fence-begun","target":"a","incarnation":null,"by":"b","attempt":1e999,"reason":""}'],
  ["prototype key", '{"kind":"electorate","voters":[],"reason":"","x":{"__proto__":{"y":1}}}'],
  ["too deep", `{"kind":"electorate","voters":[],"reason":"","x":${"[".repeat(40)}${"]".repeat(40)}}`],
  ["very deep", `{"kind":"electorate","voters":[],"reason":"","x":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
  ["too long", JSON.stringify({ ...electorate, reason: "x".repeat(entryBytesMax) })],
])("%s is no entry", (_, text) => {
  expect(parse(text)).toBeNull();
});

test("bytes that are not UTF-8 are no entry", () => {
  const bytes = encoder.encode(JSON.stringify(electorate));
  expect(parseEntryBody(bytes.with(bytes.length - 3, 0xff))).toBeNull();
});

test("an entry too long to be received is not sent", () => {
  const reason = "x".repeat(entryBytesMax);
  expect(() => encodeEntryBody({ kind: "electorate", voters: [], reason })).toThrow(RangeError);
});

test("any JSON is an entry or null", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), (text) => {
      expect(parse(text)).toBeNull();
    }),
  );
});
