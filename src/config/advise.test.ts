import { expect, it } from "vitest";
import { configAdvice } from "./advise.ts";
import { officeText } from "./office.fixture.ts";
import { parseConfig } from "./parse-config.ts";

function adviceOn(text: string): readonly string[] {
  const parsed = parseConfig(text, "cluster.yaml");
  return parsed.ok ? configAdvice(parsed.config) : parsed.errors.map(({ wanted }) => wanted);
}

it("has nothing to say of what leaves nothing to chance", () => {
  expect(adviceOn(officeText)).toEqual([]);
});

it("[SVC-24] says why it is dangerous to freeze, to do without fencing, without an arbiter and with one link", () => {
  expect(adviceOn(officeText.replace("  reports:\n", "  reports:\n    without-quorum: freeze\n"))).toEqual([
    expect.stringContaining('whoever says "hale node confirm-off" of such a node while it runs makes two owners'),
  ]);
  const bare = `
cluster: c
nodes: { a: { addresses: [10.0.0.1] }, b: { addresses: [10.0.0.2] }, c: { addresses: [10.0.0.3] }, d: { addresses: [10.0.0.4] } }
fencing: none
services: { web: { resources: [{ lsb: { script: /etc/init.d/web } }] } }
`;
  expect(adviceOn(bare)).toEqual([
    expect.stringContaining("fencing: none: a lost node counts as off after 10s, whether it is or not"),
    expect.stringContaining("may take 69s to stop service web, which starts elsewhere after 10s"),
    "4 nodes and quorum: majority: the loss of 2 stops the rest. Add an arbiter",
    expect.stringContaining("one link between the nodes"),
  ]);
  const unfenced = bare
    .replace("fencing: none", "fencing: { devices: { pdu: { agent: fence_pdu } } }")
    .replaceAll(/(addresses: [^}]*) }/g, "$1, fence: [] }");
  expect(adviceOn(unfenced)).toContain(
    'nothing can fence node a: when it is lost, its services wait for "hale node confirm-off a"',
  );
});

it("[FEN-7] warns where a service may take longer to stop than fencing: none waits for it", () => {
  const text = (fencing: string, ...stops: readonly string[]): string => `
cluster: c
nodes: { a: { addresses: [10.0.0.1, 10.0.1.1] }, b: { addresses: [10.0.0.2, 10.0.1.2] }, c: { addresses: [10.0.0.3, 10.0.1.3] } }
heartbeat: { deadtime: 1500ms }
fencing: ${fencing}
services:
  short: { resources: [{ lsb: { script: /etc/init.d/short, stop: { timeout: 1s } } }] }
  long: { resources: [${stops.map((stop) => `{ lsb: { script: /etc/init.d/${stop}, stop: { timeout: ${stop} } } }`).join(", ")}] }
`;
  const after = (span: string): string => `{ none: { assume-off-after: ${span} } }`;
  const found = (...given: readonly [string, ...string[]]): readonly string[] =>
    adviceOn(text(...given)).filter((line) => line.includes("time-outs"));
  // A lease of 3 s, 2.5 s for what is under way, 6 s and 4 s with 2.5 s each to be ended, and the hundredth.
  const wanted = [expect.stringMatching(/may take 21s to stop service long, .* after 20s\. .*assume-off-after: 21s$/)];
  expect(found(after("20s"), "6s", "4s")).toEqual(wanted);
  expect(found(after("21s"), "6s", "4s")).toEqual([]);
  expect(found("none", "3s")).toEqual([expect.stringContaining("may take 12s to stop service long")]);
  // As unsafe as VRRP, and written by who knows that.
  expect(found(after("0"), "6s", "4s")).toEqual([]);
  expect(found("{ watchdog: {} }", "6s", "4s")).toEqual([]);
});
