import { describe, expect, test } from "vitest";
import type { DiskRecord } from "../../model/disk.ts";
import { parseNodeId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import { chainStart, encodeFrame, fileHeader } from "./frame.ts";
import { readJournal } from "./read-journal.ts";

const proposer = parseNodeId("serv1");
const incarnation = makeIncarnation({ boot: 1, startedAt: 5, random: 6 });
const writes: readonly (readonly DiskRecord[])[] = [
  [{ kind: "boot", boot: 1 }],
  [
    { kind: "founded", voters: [proposer] },
    { kind: "promise", promised: { counter: 1, proposer, incarnation } },
  ],
  Array.from({ length: 30 }, (_, committed): DiskRecord => ({ kind: "committed", committed })),
  [{ kind: "committed", committed: 99 }],
];

interface Written {
  readonly bytes: Buffer;
  /** Offsets at which a write ends, the file header's first. */
  readonly ends: readonly number[];
}

function write(all: readonly (readonly DiskRecord[])[]): Written {
  const parts: Uint8Array[] = [fileHeader];
  const ends = [fileHeader.length];
  let link = chainStart;
  for (const records of all) {
    const frame = encodeFrame(Buffer.from(JSON.stringify(records)), link);
    ({ link } = frame);
    parts.push(frame.bytes);
    ends.push((ends.at(-1) ?? 0) + frame.bytes.length);
  }
  return { bytes: Buffer.concat(parts), ends };
}

test("[GRP-66] a checkpoint of a newer format makes the journal foreign, not damaged", () => {
  const log = { kind: "log", checkpoint: { format: 2, index: 9 }, entries: [] } as unknown as DiskRecord;
  expect(readJournal(write([...writes, [log]]).bytes).state).toBe("foreign");
});

const { bytes, ends } = write(writes);

describe("a cut", () => {
  test("at every byte gives the records of the writes before it", () => {
    for (let length = fileHeader.length; length <= bytes.length; length += 1) {
      const read = readJournal(bytes.subarray(0, length));
      const whole = ends.filter((end) => end <= length).length - 1;
      expect(read).toMatchObject({ state: "good", end: ends[whole] });
      expect(read.state === "good" ? read.records : []).toEqual(writes.slice(0, whole).flat());
    }
  });

  test("in the file's header is damage: the file is made whole, by rename", () => {
    for (let length = 0; length < fileHeader.length; length += 1) {
      expect(readJournal(bytes.subarray(0, length)).state).toBe("damaged");
    }
  });

  test("with the file's length kept, so that zeros are where the data should be, is a torn write", () => {
    const [start, end] = [ends[2] ?? 0, ends[3] ?? 0];
    const sector = 512 * Math.ceil(start / 512);
    const holes = [
      [start, end],
      [start, sector],
      [sector, sector + 512],
      [512 * Math.floor(end / 512), end],
    ] as const;
    for (const [from, to] of holes) {
      const torn = Buffer.from(bytes.subarray(0, end)).fill(0, from, to);
      expect(readJournal(torn), `${from} to ${to}`).toMatchObject({ state: "good", end: start });
    }
  });
});

describe("damage", () => {
  test("of any byte is noticed, and no record is believed", () => {
    for (let at = 0; at < bytes.length; at += 1) {
      for (const change of [0x01, 0x80, 0xff]) {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ change;
        expect(["damaged", "foreign"], `byte ${at}`).toContain(readJournal(changed).state);
      }
    }
  });

  test("by zeros in the middle is not taken for a torn write", () => {
    const changed = Buffer.from(bytes).fill(0, ends[2], (ends[2] ?? 0) + 700);
    expect(readJournal(changed)).toMatchObject({ state: "damaged" });
  });

  test("by frames left out, doubled or exchanged is noticed", () => {
    const frames = ends.slice(1).map((end, place) => bytes.subarray(ends[place], end));
    const [first, second, third, fourth] = frames as [Buffer, Buffer, Buffer, Buffer];
    for (const order of [[first, third, fourth], [first, second, second, third], [second, first, third], [second]]) {
      expect(readJournal(Buffer.concat([fileHeader, ...order])).state).toBe("damaged");
    }
  });

  test("by a frame of another journal is noticed", () => {
    const other = write([[{ kind: "boot", boot: 7 }], ...writes.slice(1)]);
    const mixed = Buffer.concat([bytes.subarray(0, ends[1]), other.bytes.subarray(other.ends[1])]);
    expect(readJournal(mixed).state).toBe("damaged");
  });

  test("a file that is something else", () => {
    expect(readJournal(Buffer.alloc(0)).state).toBe("damaged");
    expect(readJournal(Buffer.from("[1,2,3]".repeat(100))).state).toBe("damaged");
    expect(readJournal(Buffer.alloc(10_000)).state).toBe("damaged");
  });
});

describe("another version", () => {
  test("of the file is not damage, and not read", () => {
    const newer = Buffer.from(bytes);
    newer.write("2", 13, "latin1");
    expect(readJournal(newer)).toEqual({ state: "foreign", detail: "format 2, only 1 is known" });
  });

  test("with records of an unknown kind is not damage, and not read", () => {
    const newer = encodeFrame(Buffer.from('[{"kind":"shrunk"}]'), chainStart);
    expect(readJournal(Buffer.concat([fileHeader, newer.bytes])).state).toBe("foreign");
  });
});
