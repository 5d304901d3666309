import { expect, it } from "vitest";
import { officeText } from "./office.fixture.ts";
import { parseConfig } from "./parse-config.ts";
import { writeConfig } from "./write-config.ts";

function configOf(text: string) {
  const parsed = parseConfig(text, "cluster.yaml");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return parsed.config;
}

it("writes what can be read again as the same", () => {
  const config = configOf(officeText);
  expect(configOf(writeConfig(config))).toEqual(config);
  expect(writeConfig(config)).toMatchSnapshot();
});

it("writes what is done to a node, and after which delay", () => {
  const text = officeText
    .replace("plug: 1 }", "plug: 1, delay: 5s }")
    .replace("fence: [[{", "fence: [{")
    .replace("}]] }", "}] }");
  const reboot = text.replace("{ agent: fence_apc_snmp,", "{ agent: fence_apc_snmp, action: reboot,");
  const { nodes, fencing } = configOf(reboot);
  expect([nodes[0]?.fence, fencing]).toMatchObject([
    [[{ device: "pdu", plug: "1", delayMs: 5_000 }]],
    { devices: [{ action: "reboot" }] },
  ]);
  expect(configOf(writeConfig(configOf(reboot)))).toEqual(configOf(reboot));
});

it("knows by its name what cuts off, unless the file says otherwise", () => {
  const text = officeText.replace("devices: { pdu", "devices: { array: { agent: fence_scsi, devices: /dev/sdb }, pdu");
  const both = text.replace(
    "fence: [{ device: pdu, plug: 1 }]",
    "fence: [[{ device: array, plug: a }, { device: pdu, plug: 1 }]]",
  );
  const { fencing } = configOf(both);
  expect(fencing).toMatchObject({ devices: [{ id: "array", unfence: true, action: "off" }, { id: "pdu" }] });
  expect(fencing).not.toMatchObject({ devices: [{}, { unfence: true }] });
  expect(configOf(writeConfig(configOf(both)))).toEqual(configOf(both));
  const not = configOf(both.replace("agent: fence_scsi,", "agent: fence_scsi, unfence: false,")).fencing;
  expect(not.kind === "devices" ? not.devices[0]?.unfence : "no devices").toBe(undefined);
  expect(() => configOf(both.replace("agent: fence_scsi,", "agent: fence_scsi, action: reboot,"))).toThrow(
    "off: it cuts off, and each node has itself switched on again",
  );
});

it("writes how often a monitor looks deeper", () => {
  const written = '{ agent: "heartbeat:nginx", monitor: { levels: { 20: 10m, 10: 60s } } }';
  const text = `cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\nfencing: none\nservices: { s: { resources: [{ ocf: ${written} }] } }\n`;
  const [service] = configOf(text).services;
  expect(service?.resources[0]).toMatchObject({
    levels: [
      { level: 10, intervalMs: 60_000 },
      { level: 20, intervalMs: 600_000 },
    ],
    monitorTimeoutMs: 30_000,
  });
  expect(configOf(writeConfig(configOf(text)))).toEqual(configOf(text));
});

it("writes a watchdog", () => {
  const text =
    "cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\nfencing: { watchdog: { device: /dev/watchdog1, timeout: 30s } }\n";
  expect(configOf(writeConfig(configOf(text)))).toEqual(configOf(text));
});

it("writes a configuration without fencing", () => {
  const text =
    "cluster: c\nnodes: { a: { addresses: [fd00::1] } }\nfencing: none\nservices: { s: { resources: [{ address: { ip: fd00::2/64 } }] } }\n";
  expect(configOf(writeConfig(configOf(text)))).toEqual(configOf(text));
});

it.each(["192.0.2.20:6941", "[fd00::20]:1"])("writes the witness %s", (address) => {
  const text = officeText.replace(/^quorum:.*$/m, `quorum: { arbiter: { witness: "${address}" } }`);
  const { quorum } = configOf(text);
  expect(quorum.kind).toBe("witness");
  expect(configOf(writeConfig(configOf(text))).quorum).toEqual(quorum);
});

it("writes votes, and a cluster that waits for all", () => {
  const text = (quorum: string) =>
    `cluster: c\nnodes: { a: { addresses: [10.0.0.1], votes: 0 }, b: { addresses: [10.0.0.2], votes: 3 } }\nquorum: ${quorum}\nfencing: none\n`;
  for (const quorum of ["{ wait-for-all: true }", '{ arbiter: { witness: "10.0.0.9:6941" }, wait-for-all: true }']) {
    const config = configOf(text(quorum));
    expect(config.quorum.waitForAll).toBe(true);
    expect(config.nodes.map(({ votes }) => votes)).toEqual([0, 3]);
    expect(configOf(writeConfig(config))).toEqual(config);
  }
});

it("writes the arbiter disk", () => {
  const text = officeText.replace(/^quorum:.*$/m, "quorum: { arbiter: { disk: /dev/disk/by-id/scsi-1 } }");
  const { quorum } = configOf(text);
  expect(quorum).toEqual({ kind: "disk", path: "/dev/disk/by-id/scsi-1" });
  expect(configOf(writeConfig(configOf(text))).quorum).toEqual(quorum);
});

it("writes a reachlist", () => {
  const text = officeText.replace("arbiter: fencing", "arbiter: { reachlist: [192.168.1.1, fd00::1] }");
  const config = configOf(text);
  expect(config.quorum).toMatchObject({ kind: "fencing", reachlist: ["192.168.1.1", "fd00::1"], delayMs: 2_000 });
  expect(configOf(writeConfig(config))).toEqual(config);
});
