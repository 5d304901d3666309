import { describe, expect, it } from "vitest";
import { type LinkId, parseNodeId } from "../model/ids.ts";
import { instantMs } from "../model/units.ts";
import { shapeConfig } from "../sim/explore/shapes.ts";
import { LinkTable } from "./link-table.ts";
import { Peak } from "./peak.ts";

const { config } = shapeConfig("2");
const n2 = parseNodeId("n2");
const link = 0 as LinkId;

/** Heartbeats of n2 on link 0 that come after these waits; the table is looked at every 250 ms, and when one comes. */
function told(table: LinkTable, waits: readonly number[], from = 0): { readonly texts: string[]; readonly at: number } {
  const texts: string[] = [];
  let at = from;
  const look = (now: number): void => {
    for (const { level, text } of table.check(config, instantMs(now))) texts.push(`${now} ${level} ${text}`);
  };
  for (const wait of waits) {
    for (let now = at + 250; now < at + wait; now += 250) look(now);
    at += wait;
    table.heard(n2, link, instantMs(at));
    look(at);
  }
  return { texts, at };
}

function newTable(): LinkTable {
  const table = new LinkTable(parseNodeId("n1"));
  table.configure(config);
  return table;
}

describe("[GRP-110] lateness of a link", () => {
  it("is told when a heartbeat comes after warntime, with how long it took", () => {
    expect(told(newTable(), [250, 250, 900, 250]).texts).toEqual([
      "250 info link n2/0 (10.1.0.2): never -> up",
      "1250 warning link n2/0 (10.1.0.2): up -> late",
      "1400 info link n2/0 (10.1.0.2): late -> up, after 900 ms",
    ]);
  });

  it("is told when nobody had looked meanwhile", () => {
    const table = newTable();
    table.heard(n2, link, instantMs(250));
    table.check(config, instantMs(250));
    table.heard(n2, link, instantMs(1_050));
    expect(table.check(config, instantMs(1_100))).toEqual([
      { level: "warning", node: n2, text: "link n2/0 (10.1.0.2): heard late, after 800 ms" },
    ]);
  });

  it("is told at most once a minute, and then how often it was", () => {
    const table = newTable();
    const { texts, at } = told(table, [250, ...Array<number>(10).fill(1_000)]);
    expect(texts).toHaveLength(3);
    const later = told(table, [...Array<number>(220).fill(250), 1_000], at);
    expect(later.texts).toEqual([
      expect.stringMatching(/warning link n2\/0 \(10\.1\.0\.2\): up -> late, 9 times more since that was told$/),
      expect.stringMatching(/info .* late -> up, after 1000 ms$/),
    ]);
  });

  it("does not hide that the link is dead", () => {
    const { texts } = told(newTable(), [250, 900, 250, 2_000, 250]);
    expect(texts.slice(3)).toEqual([
      "2900 warning link n2/0 (10.1.0.2): up -> dead",
      "3400 info link n2/0 (10.1.0.2): dead -> up",
    ]);
  });

  it("is remembered for a minute and for an hour, without the times when the link was dead", () => {
    const table = newTable();
    const { at } = told(table, [250, 900, 5_000, 250]);
    expect(table.of(n2, instantMs(at))[0]?.longestMs).toEqual({ minute: 900, hour: 900 });
    const later = told(table, Array<number>(300).fill(250), at).at;
    expect(table.of(n2, instantMs(later))[0]?.longestMs).toEqual({ minute: 250, hour: 900 });
    expect(table.of(n2, instantMs(later + 2 * 3_600_000))[0]?.longestMs).toEqual({ minute: null, hour: null });
  });
});

it("a peak forgets what is older than its span, and nothing younger", () => {
  const peak = new Peak(1_000, 4);
  for (let at = 0; at < 20_000; at += 50) {
    peak.add(at % 1_000, instantMs(at));
    expect(peak.max(instantMs(at))).toBeGreaterThanOrEqual(at % 1_000);
  }
  expect(peak.max(instantMs(20_950))).toBeNull();
});
