import { describe, expect, test } from "vitest";
import { ClusterError } from "../model/errors.ts";
import { parseNodeId } from "../model/ids.ts";
import { makeIncarnation } from "../model/incarnation.ts";
import type { Message } from "../model/message.ts";
import { noView } from "../model/view.ts";
import type { Keys } from "./keys.ts";
import { parseKeys, readKeys } from "./keys.ts";
import { Opener } from "./opener.ts";
import { Sealer } from "./sealer.ts";

const oldKey = "1 hmac-sha256 the-old-secret-of-the-office";
const newKey = "2 hmac-sha256 the-new-secret-of-the-office";
const start: Message = { kind: "start", view: noView };

test("keys by number, comments and empty lines aside", () => {
  const keys = parseKeys(`# office\n\nauth 2\n  ${oldKey}\r\n${newKey}\n`);
  expect(keys.signWith).toBe(2);
  expect([...keys.byNumber.keys()]).toEqual([1, 2]);
});

describe("mistakes", () => {
  test.each([
    ["", ['1:1 no line "auth NUMBER" says which key signs']],
    [newKey, ['1:1 no line "auth NUMBER" says which key signs']],
    [`auth 1\n${newKey}`, ["1:6 key 1 is not in the file"]],
    [`auth\n${newKey}`, ['1:6 "auth" wants the number of the key that signs']],
    [`auth 2\nauth 2\n${newKey}`, ['2:1 "auth" is here twice']],
    [`auth 2 3\n${newKey}`, ['1:8 "auth" wants one number']],
    [`auth 0\n${newKey}`, ['1:6 "auth" wants a key number from 1 to 255']],
    ["auth 2\n2 crc", ['2:3 method "crc" is not supported, "hmac-sha256" is wanted', "1:6 key 2 is not in the file"]],
    ["auth 2\n2", ['2:3 key 2 has no method, "hmac-sha256" is wanted', "1:6 key 2 is not in the file"]],
    ["auth 2\n2 hmac-sha256", ["2:15 key 2 has no secret", "1:6 key 2 is not in the file"]],
    ["auth 2\n2 hmac-sha256 short", ["2:15 the secret has 5 characters, at least 16 are wanted"]],
    [`auth 2\n${newKey} more`, ["2:44 a secret is one word, without spaces"]],
    [`auth 2\n${newKey}\n${newKey}`, ["3:1 key 2 is here twice"]],
    [`auth 2\n${newKey}\nkey 3`, ['3:1 "auth" or a key number from 1 to 255 is wanted']],
    [`auth 2\n${newKey}\n256 hmac-sha256 x`, ['3:1 "auth" or a key number from 1 to 255 is wanted']],
  ])("%j", (text, wanted) => {
    const read = readKeys(text);
    const found = read.ok ? [] : read.problems.map((problem) => `${problem.line}:${problem.column} ${problem.text}`);
    expect(found.sort()).toEqual([...wanted].sort());
  });

  test("all at once, in the order of the file, without the secrets", () => {
    const text = "auth 9\n1 md5 hunter2hunter2hunter2\n2 hmac-sha256 hunter2";
    expect(() => parseKeys(text)).toThrow(ClusterError);
    const read = readKeys(text);
    expect(read.ok ? [] : read.problems.map((problem) => problem.line)).toEqual([1, 2, 3]);
    expect(JSON.stringify(read)).not.toContain("hunter2");
  });
});

describe("rotation", () => {
  const before = parseKeys(`auth 1\n${oldKey}`);
  const both = parseKeys(`auth 1\n${oldKey}\n${newKey}`);
  const moved = parseKeys(`auth 2\n${oldKey}\n${newKey}`);
  const done = parseKeys(`auth 2\n${newKey}`);

  test.each([
    ["the new key is made known", before, both],
    ["the new key signs", both, moved],
    ["the old key is taken away", moved, done],
  ])("while %s, nodes before and after the step hear each other", (_, earlier, later) => {
    expect(hears(earlier, later)).toBe("ok");
    expect(hears(later, earlier)).toBe("ok");
  });

  test("a step left out is noticed by its reason", () => {
    expect(hears(moved, before)).toBe("key");
    expect(hears(parseKeys(`auth 1\n${oldKey.replace("old", "odd")}`), before)).toBe("mac");
  });

  test("sealer and opener change keys without losing sequence or window", () => {
    const { sealer, opener } = pair(before, before);
    const first = sealer.seal(start);
    expect(opener.open(first, "datagram").ok).toBe(true);
    opener.useKeys(both);
    sealer.useKeys(moved);
    expect(opener.open(sealer.seal(start), "datagram")).toMatchObject({ ok: true, sequence: 2 });
    expect(opener.open(first, "datagram")).toMatchObject({ reason: "replay" });
  });
});

function hears(sending: Keys, receiving: Keys): string {
  const { sealer, opener } = pair(sending, receiving);
  const opened = opener.open(sealer.seal(start), "datagram");
  return opened.ok ? "ok" : opened.reason;
}

function pair(sending: Keys, receiving: Keys): { readonly sealer: Sealer; readonly opener: Opener } {
  const [from, to] = [parseNodeId("serv1"), parseNodeId("serv2")];
  const incarnation = makeIncarnation({ boot: 1, startedAt: 1, random: 1 });
  return {
    sealer: new Sealer({ cluster: "office", keys: sending, self: from, incarnation, channel: "control" }),
    opener: new Opener({ cluster: "office", keys: receiving, self: to, nodes: [from, to] }),
  };
}
