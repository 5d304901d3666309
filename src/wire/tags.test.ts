import { createSecretKey } from "node:crypto";
import { describe, expect, test } from "vitest";
import { makeIncarnation } from "../model/incarnation.ts";
import { expandSpeckKey, speckWord } from "./speck.ts";
import { makeTagSeries, type SeriesPlan } from "./tags.ts";

test("the cipher gives its authors' example", () => {
  const roundKeys = expandSpeckKey([0x03020100, 0x0b0a0908, 0x13121110, 0x1b1a1918]);
  expect(speckWord(roundKeys, 0x3b726574, 0x7475432d)).toBe(0x8c6fa548);
});

describe("a tag", () => {
  const plan: SeriesPlan = {
    key: createSecretKey("a-secret-that-is-long-enough", "utf8"),
    keyNumber: 1,
    incarnation: makeIncarnation({ boot: 3, startedAt: 1_700_000_000_000, random: 0xfedc_ba98 }),
    channel: "control",
    receiver: "serv2",
  };
  const tag = (changes: Partial<SeriesPlan>, sequence = 7): number =>
    makeTagSeries({ ...plan, ...changes }).tagOf(sequence);

  test("is the same for whoever has the key", () => expect(tag({})).toBe(tag({})));

  test.each<[string, Partial<SeriesPlan>, number]>([
    ["sequence", {}, 8],
    ["sequence beyond 32 bits", {}, 7 + 2 ** 32],
    ["key", { key: createSecretKey("another-secret-of-that-length", "utf8") }, 7],
    ["life", { incarnation: makeIncarnation({ boot: 4, startedAt: 1_700_000_000_000, random: 0xfedc_ba98 }) }, 7],
    ["channel", { channel: "heartbeat" }, 7],
    ["receiver", { receiver: "serv3" }, 7],
  ])("is another one with another %s", (_what, changes, sequence) => {
    expect(tag(changes, sequence)).not.toBe(tag({}));
  });

  test("the series says where it belongs", () => {
    expect(makeTagSeries(plan)).toMatchObject({ selector: 0x0101, lifeWord: 0xfedc_ba98 });
  });
});
