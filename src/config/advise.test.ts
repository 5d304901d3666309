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
