import { describe, expect, it } from "vitest";
import { formatConfigError } from "./config-error.ts";
import { parseConfig } from "./parse-config.ts";
import { writeConfig } from "./write-config.ts";

interface Given {
  readonly a?: string;
  readonly c?: string;
  readonly fencing?: string;
  readonly quorum?: string;
  readonly service?: string;
}

const pdu = "devices: { pdu: { agent: fence_pdu } }";

const text = ({
  a = "[{ device: pdu, plug: 1 }, watchdog]",
  c = ", c: { addresses: [10.0.0.3], fence: [{ device: pdu, plug: 3 }] }",
  fencing = `{ ${pdu}, watchdog: { timeout: 20s } }`,
  quorum = "majority",
  service = "",
}: Given): string => `
cluster: c
nodes: { a: { addresses: [10.0.0.1], fence: ${a} }, b: { addresses: [10.0.0.2], fence: [{ device: pdu, plug: 2 }] }${c} }
quorum: ${quorum}
fencing: ${fencing}
services: { db: { ${service}resources: [{ lsb: { script: /etc/init.d/db } }] } }
`;

function errorsOf(given: Given): readonly string[] {
  const parsed = parseConfig(text(given), "f");
  return parsed.ok ? [] : parsed.errors.map(formatConfigError);
}

describe("[FEN-23] a watchdog after the devices", () => {
  it("is the last level of the nodes that say so, and is written again", () => {
    const parsed = parseConfig(text({}), "f");
    if (!parsed.ok) throw new Error(errorsOf({}).join("\n"));
    const { fencing, nodes, heartbeat } = parsed.config;
    expect(fencing).toMatchObject({ kind: "devices", watchdog: { device: "/dev/watchdog", timeoutMs: 20_000 } });
    expect(nodes.map(({ fence, watchdog }) => [fence.length, watchdog])).toEqual([
      [1, true],
      [1, undefined],
      [1, undefined],
    ]);
    expect(heartbeat.daemonGraceMs).toBe(10_000);
    expect(parseConfig(writeConfig(parsed.config), "f")).toMatchObject({ ok: true, config: parsed.config });
  });

  it.each<[string, Given, string]>([
    [
      "at the end",
      { a: "[watchdog, { device: pdu }]" },
      "nodes.a.fence[0]: found a level after the watchdog, wanted the",
    ],
    ["once", { a: "[{ device: pdu }, watchdog, watchdog]" }, "nodes.a.fence[1]: found a level after the watchdog"],
    [
      "described",
      { fencing: `{ ${pdu} }` },
      "nodes.a.fence[1]: found a watchdog that is not described, wanted fencing:",
    ],
    ["used", { a: "[{ device: pdu }]" }, "fencing.watchdog: found a watchdog that no node uses, wanted the nodes that"],
    [
      "in a level of its own",
      { a: "[[{ device: pdu }, watchdog]]" },
      'nodes.a.fence[0][1]: found "watchdog", wanted a map',
    ],
    ["spelt", { a: "[{ device: pdu }, watchdgo]" }, 'nodes.a.fence[1]: found "watchdgo", wanted a step such as'],
    ["long enough", { fencing: `{ ${pdu}, watchdog: { timeout: 5s } }` }, "wanted at least 4 deadtimes (6s)"],
    [
      "no sbd's",
      {
        a: "[{ device: d, plug: a }, watchdog]",
        fencing: `{ devices: { pdu: { agent: fence_pdu }, d: { agent: sbd, devices: /dev/sdb } }, watchdog: {} }`,
      },
      "nodes.a.fence: found a watchdog beside d, wanted one of them: sbd holds",
    ],
  ])("wants it %s", (_, given, error) => {
    expect(errorsOf(given).join("\n")).toContain(error);
  });

  it("[FEN-25] may follow a level that only cuts off", () => {
    const fencing = "{ devices: { pdu: { agent: fence_pdu }, array: { agent: fence_scsi } }, watchdog: {} }";
    const a = (last: string): string => `[{ device: array, plug: a }${last}]`;
    expect(errorsOf({ a: a(", watchdog"), fencing })).toEqual([]);
    expect(errorsOf({ a: a(", { device: array, plug: b }"), fencing }).join()).toContain(
      "found only array, which cuts off",
    );
  });

  it("is refused where a fence decides who goes on", () => {
    const race = '"fencing" beside a watchdog, wanted a third vote, { arbiter: { witness: ADDRESS:PORT } } or';
    expect(errorsOf({ c: "", quorum: "{ arbiter: fencing }" })).toEqual([expect.stringContaining(race)]);
    expect(errorsOf({ c: "", quorum: "{ arbiter: { reachlist: [10.0.0.9] } }" })).toEqual([
      expect.stringContaining("beside a watchdog, wanted a third vote"),
    ]);
    expect(errorsOf({ c: "", quorum: '{ arbiter: { witness: "10.0.0.9:6941" } }' })).toEqual([]);
  });

  it("[SVC-24] is refused where a service freezes that the node may run", () => {
    const freeze = "without-quorum: freeze, ";
    expect(errorsOf({ service: freeze })).toEqual([
      expect.stringContaining('"freeze" though node "a", which may run it, is reset by its watchdog without quorum'),
    ]);
    expect(errorsOf({ service: `${freeze}domain: { nodes: [b, c], restricted: true }, ` })).toEqual([]);
  });
});
