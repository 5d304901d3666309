import { describe, expect, it } from "vitest";
import { formatConfigError } from "./config-error.ts";
import { parseConfig } from "./parse-config.ts";

const text = ({ fencing = "{ devices: { pdu: { agent: fence_pdu } } }", c = "fence: []", domain = "" }): string => `
cluster: c
nodes:
  a: { addresses: [10.0.0.1]${fencing.includes("devices") ? ", fence: [{ device: pdu }]" : ""} }
  b: { addresses: [10.0.0.2]${fencing.includes("devices") ? ", fence: [{ device: pdu }]" : ""} }
  c: { addresses: [10.0.0.3]${fencing.includes("devices") ? `, ${c}` : ""} }
fencing: ${fencing}
services:
  db: { without-quorum: freeze, ${domain}resources: [{ lsb: { script: /etc/init.d/db } }] }
`;

function errorsOf(given: Parameters<typeof text>[0]): readonly string[] {
  const parsed = parseConfig(text(given), "cluster.yaml");
  return parsed.ok ? [] : parsed.errors.map(formatConfigError);
}

describe("[SVC-24] freezing without quorum", () => {
  it("wants every node that may run the service to be fenced by a device", () => {
    expect(errorsOf({ c: "fence: [{ device: pdu }]" })).toEqual([]);
    expect(errorsOf({ domain: "domain: { nodes: [a, b], restricted: true }, " })).toEqual([]);
    expect(errorsOf({})).toEqual([
      'cluster.yaml:9:25: services.db.without-quorum: found "freeze" though nothing can fence node "c", which may run it, wanted stop',
    ]);
  });

  it("is refused where no device fences", () => {
    expect(errorsOf({ fencing: "none" })[0]).toContain(
      'found "freeze" with fencing: none, which would be two owners after every cut, wanted stop',
    );
    expect(errorsOf({ fencing: "{ watchdog: {} }" })[0]).toContain(
      'found "freeze" with fencing by watchdog, which resets a node that keeps its services without quorum, wanted stop',
    );
  });

  it("has no third way", () => {
    const parsed = parseConfig(text({ c: "fence: []" }).replace("freeze", "ignore"), "cluster.yaml");
    expect(parsed.ok ? [] : parsed.errors.map(formatConfigError)).toEqual([
      'cluster.yaml:9:25: services.db.without-quorum: found "ignore", wanted stop or freeze; to ignore the loss of quorum would be two owners',
    ]);
  });
});
