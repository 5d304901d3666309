import { describe, expect, it } from "vitest";
import { formatConfigError } from "./config-error.ts";
import { officeText } from "./office.fixture.ts";
import { parseConfig } from "./parse-config.ts";

/** The office with one piece of text replaced; the piece must be there. */
function officeWith(piece: string, replacement: string): string {
  if (!officeText.includes(piece)) throw new Error(`The office has no ${piece}`);
  return officeText.replace(piece, replacement);
}

function errorsOf(text: string): string[] {
  const parsed = parseConfig(text, "cluster.yaml");
  return parsed.ok ? [] : parsed.errors.map((error) => formatConfigError(error));
}

function configOf(text: string) {
  const parsed = parseConfig(text, "cluster.yaml");
  if (!parsed.ok) throw new Error(parsed.errors.map((error) => formatConfigError(error)).join("\n"));
  return parsed.config;
}

describe("a right configuration", () => {
  it("is read with every default filled in", () => {
    expect(configOf(officeText)).toMatchSnapshot();
  });

  it("gets documented defaults when almost nothing is written", () => {
    const text =
      "cluster: c\nnodes: { a: { addresses: [10.0.0.1] }, b: { addresses: [10.0.0.2] }, c: { addresses: [10.0.0.3] } }\nfencing: none\n";
    expect(configOf(text)).toEqual({
      cluster: "c",
      heartbeat: {
        keepaliveMs: 250,
        warntimeMs: 750,
        deadtimeMs: 1500,
        initdeadMs: 30_000,
        daemonGraceMs: 10_000,
        port: 6940,
      },
      nodes: ["a", "b", "c"].map((id, index) => ({ id, addresses: [`10.0.0.${index + 1}`], fence: [] })),
      quorum: { kind: "majority" },
      fencing: { kind: "none", assumeOffAfterMs: 10_000 },
      services: [],
    });
  });

  it("passes parameters as they are written, not as YAML understands them", () => {
    const config = configOf(officeText);
    const device = config.fencing.kind === "devices" ? config.fencing.devices[0] : undefined;
    expect(device?.parameters).toEqual({ ip: "10.9.9.9", "password-file": "/etc/hale/pdu.secret", port: "0161" });
    expect(config.nodes[1]?.fence).toEqual([[{ device: "pdu", plug: "010" }, { device: "pdu" }]]);
    expect(config.services[0]?.resources[3]).toMatchObject({ start: ["/bin/worker", "007"], stopTimeoutMs: 1500 });
  });

  it("has one digest, whatever comments and layout", () => {
    const digest = (text: string) => {
      const parsed = parseConfig(text, "cluster.yaml");
      return parsed.ok ? parsed.digest : "";
    };
    expect(digest(officeText)).toMatch(/^[0-9a-f]{12}$/);
    expect(digest(`# a comment\n${officeText}`)).toBe(digest(officeText));
    expect(digest(officeWith("max-restarts: 3", "max-restarts: 4"))).not.toBe(digest(officeText));
    // The order of nodes means preference.
    expect(digest(officeWith("nodes: [serv1, serv2]", "nodes: [serv2, serv1]"))).not.toBe(digest(officeText));
  });

  it("may use anchors and aliases", () => {
    const text = officeWith("fence: [[{ device: pdu, plug: 010 }, { device: pdu }]]", "fence: *steps").replace(
      "fence: [{ device: pdu, plug: 1 }]",
      "fence: &steps [{ device: pdu, plug: 1 }]",
    );
    expect(configOf(text).nodes[1]?.fence).toEqual([[{ device: "pdu", plug: "1" }]]);
  });
});

/** Piece of the office, what stands there instead, and all errors that must come of it. */
const mistakes: readonly (readonly [string, string, readonly string[]])[] = [
  [
    "cluster: office",
    "cluster: my office",
    [
      '1:10: cluster: found "my office", wanted a name: 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter or digit',
    ],
  ],
  [
    "cluster: office",
    "cluster:",
    [
      "1:1: cluster: found nothing, wanted a name: 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter or digit",
    ],
  ],
  [
    "cluster: office",
    "cluster: office\nengine: corosync",
    ['2:9: engine: found "corosync", which is not yet supported in this version, wanted a configuration without it'],
  ],
  [
    "cluster: office",
    "cluster: office\nengine: embeded",
    ['2:9: engine: found "embeded", wanted "embedded"; did you mean "embedded"?'],
  ],
  [
    "cluster: office",
    "cluster: office\nnotify: { mail: x }",
    ['2:1: notify: found key "notify", which is not yet supported in this version, wanted a configuration without it'],
  ],
  [
    "quorum:",
    "qourum:",
    [
      '6:1: qourum: found key "qourum", wanted one of cluster, engine, heartbeat, nodes, quorum, fencing, services; did you mean "quorum"?',
      "1:1: quorum: found nothing, wanted an arbiter: 2 nodes have no majority when one is lost; write { arbiter: fencing } and fencing.devices",
    ],
  ],
  [
    "keepalive: 250ms",
    "keepalive: 250",
    ["2:25: heartbeat.keepalive: found 250, wanted a duration such as 250ms, 1.5s or 10m"],
  ],
  ["keepalive: 250ms", "keepalive: 10ms", ['2:25: heartbeat.keepalive: found "10ms", wanted at least 20ms']],
  [
    "warntime: 750ms",
    "warntime: 2s",
    ['2:42: heartbeat.warntime: found "2s", wanted from keepalive to deadtime (250ms to 1.5s)'],
  ],
  [
    "deadtime: 1500ms",
    "deadtime: 1.0005s",
    ['2:59: heartbeat.deadtime: found "1.0005s", wanted whole milliseconds, from 1ms to a year'],
  ],
  [
    "warntime: 750ms, deadtime: 1500ms",
    "deadtime: 749ms",
    ['2:42: heartbeat.deadtime: found "749ms", wanted at least 3 keepalives (750ms)'],
  ],
  ["initdead: 30s", "initdead: 1s", ['2:77: heartbeat.initdead: found "1s", wanted at least deadtime (1.5s)']],
  [
    "transport: unicast",
    "transport: broadcast",
    [
      '2:93: heartbeat.transport: found "broadcast", which is not yet supported in this version, wanted a configuration without it',
    ],
  ],
  ["port: 6940", "port: 0", ["2:108: heartbeat.port: found 0, wanted a port from 1 to 65535"]],
  [
    "[192.168.1.12, 10.9.9.2]",
    "[192.168.1.12]",
    [
      '5:23: nodes.serv2.addresses: found 1 address, wanted 2, as node "serv1" has: link i joins the i-th address of every node',
    ],
  ],
  [
    "10.9.9.2]",
    "192.168.1.11]",
    [
      '5:38: nodes.serv2.addresses[1]: found "192.168.1.11", which is also at nodes.serv1.addresses[0], wanted another address',
    ],
  ],
  [
    "10.9.9.2]",
    "10.9.9.02]",
    ['5:38: nodes.serv2.addresses[1]: found "10.9.9.02", wanted an IPv4 or IPv6 address, without prefix length'],
  ],
  [
    "  serv2: {",
    "  serv2: { serial: /dev/ttyS0,",
    [
      '5:12: nodes.serv2.serial: found key "serial", which is not yet supported in this version, wanted a configuration without it',
    ],
  ],
  [
    ", fence: [{ device: pdu, plug: 1 }]",
    "",
    ["4:3: nodes.serv1: found no fence, wanted fence: [{ device: … }], or fence: [] if nothing can fence this node"],
  ],
  [
    "fence: [{ device: pdu, plug: 1 }]",
    "fence: []",
    ["4:56: nodes.serv1.fence: found no step, wanted a device for this node: arbiter fencing needs one for both nodes"],
  ],
  [
    "[{ device: pdu, plug: 1 }]",
    "[{ device: pdv, plug: 1 }]",
    ['4:67: nodes.serv1.fence[0].device: found "pdv", wanted a configured device: pdu; did you mean "pdu"?'],
  ],
  [
    "  serv2: {",
    "  serv1: {",
    [
      "5:3: found key serv1 again, wanted each key once",
      "6:20: quorum.arbiter: found fencing with 1 node, wanted 2 nodes, or quorum: majority",
      '11:30: services.intranet.domain.nodes[1]: found "serv2", wanted a configured node: serv1; did you mean "serv1"?',
    ],
  ],
  [
    "quorum: { arbiter: fencing, prefer: serv1 }",
    "quorum: majority",
    [
      '6:9: quorum: found "majority", wanted an arbiter: 2 nodes have no majority when one is lost; write { arbiter: fencing } and fencing.devices',
    ],
  ],
  [
    "arbiter: fencing",
    'arbiter: { witness: "w:1" }',
    [
      '6:20: quorum.arbiter: found "witness", which is not yet supported in this version, wanted a configuration without it',
    ],
  ],
  [
    "prefer: serv1",
    "prefer: serv3",
    ['6:37: quorum.prefer: found "serv3", wanted a configured node: serv1, serv2; did you mean "serv1"?'],
  ],
  [
    "prefer: serv1",
    "delay: soon",
    ['6:36: quorum.delay: found "soon", wanted a duration such as 250ms, 1.5s or 10m, or 0'],
  ],
  [
    "agent: fence_apc_snmp, ",
    "agnet: fence_apc_snmp, ",
    [
      '8:14: fencing.devices.pdu.agent: found nothing, but a key "agnet", wanted the name of a fence agent such as fence_ipmilan',
    ],
  ],
  [
    "ip: 10.9.9.9",
    "ip: [10.9.9.9]",
    ["8:48: fencing.devices.pdu.ip: found a list of 1, wanted a text, a number, true or false"],
  ],
  [
    "ip: 10.9.9.9",
    'ip: "10.9.9.9\\naction=on"',
    ["8:48: fencing.devices.pdu.ip: found a text of several lines, wanted one line"],
  ],
  [
    "ip: 10.9.9.9",
    "action: off",
    ['8:44: fencing.devices.pdu.action: found key "action", wanted no such parameter: hale sets it'],
  ],
  [
    "/etc/hale/pdu.secret",
    "pdu.secret",
    ['8:85: fencing.devices.pdu.password-file: found "pdu.secret", wanted an absolute path'],
  ],
  [
    "domain: { nodes: [serv1, serv2]",
    "domain: { nodes: [serv1, srv2]",
    [
      '11:30: services.intranet.domain.nodes[1]: found "srv2", wanted a configured node: serv1, serv2; did you mean "serv2"?',
    ],
  ],
  [
    "domain: { nodes: [serv1, serv2]",
    "domain: { nodes: [serv1, serv1]",
    ['11:30: services.intranet.domain.nodes[1]: found "serv1" again, wanted each node once'],
  ],
  [
    "domain: { nodes: [serv1, serv2]",
    "domain: { nodes: []",
    [
      "11:53: services.intranet.domain.restricted: found a restricted domain without nodes, wanted nodes, or no restriction",
    ],
  ],
  ["failback: false", "failback: no", ['11:81: services.intranet.domain.failback: found "no", wanted true or false']],
  [
    "policy: restart",
    "policy: restrat",
    [
      '12:25: services.intranet.recovery.policy: found "restrat", wanted restart, relocate or disable; did you mean "restart"?',
    ],
  ],
  [
    "max-restarts: 3",
    "max-restarts: 3.5",
    ["12:48: services.intranet.recovery.max-restarts: found 3.5, wanted a whole number from 0 to 1000"],
  ],
  [
    "192.168.1.100/24",
    "192.168.1.100",
    [
      '14:24: services.intranet.resources[0].address.ip: found "192.168.1.100", wanted an address with its prefix length such as 192.168.1.100/24',
    ],
  ],
  [
    "192.168.1.100/24",
    "192.168.1.0/24",
    [
      '14:24: services.intranet.resources[0].address.ip: found "192.168.1.0/24", the network or broadcast address, wanted an address that a host may have',
    ],
  ],
  [
    "192.168.1.100/24",
    "10.9.9.2/24",
    [
      '14:24: services.intranet.resources[0].address.ip: found "10.9.9.2/24", which is also at nodes.serv2.addresses[1], wanted another address',
    ],
  ],
  [
    "192.168.1.100/24",
    "fd00:0::0100/64",
    [
      '20:34: services.reports.resources[0].address.ip: found "fd00::100/64", which is also at services.intranet.resources[0].address.ip, wanted another address',
    ],
  ],
  [
    "192.168.1.100/24 }",
    "192.168.1.100/24, mac: 1 }",
    [
      '14:42: services.intranet.resources[0].address.mac: found key "mac", which is not yet supported in this version, wanted a configuration without it',
    ],
  ],
  [
    "heartbeat:apache",
    "apache",
    ['15:23: services.intranet.resources[1].ocf.agent: found "apache", wanted provider:type such as heartbeat:nginx'],
  ],
  [
    "configfile:",
    "config file:",
    [
      '15:43: services.intranet.resources[1].ocf["config file"]: found key "config file", wanted a parameter name of letters, digits, underscores and hyphens',
    ],
  ],
  [
    "interval: 5s",
    "intervall: 5s",
    [
      '15:93: services.intranet.resources[1].ocf.monitor.intervall: found key "intervall", wanted one of interval, timeout; did you mean "interval"?',
    ],
  ],
  [
    "/etc/init.d/lpd",
    "lpd",
    ['16:24: services.intranet.resources[2].lsb.script: found "lpd", wanted the absolute path of an init script'],
  ],
  [
    "lsb: { script: /etc/init.d/lpd }",
    "lsb: { script: /etc/init.d/apache }",
    [
      '16:9: services.intranet.resources[2]: found a second resource named "apache", wanted another name (key name): services.intranet.resources[1] has it',
    ],
  ],
  [
    "- lsb: {",
    "- systemd: {",
    [
      '16:9: services.intranet.resources[2].systemd: found key "systemd", which is not yet supported in this version, wanted a configuration without it',
    ],
  ],
  [
    "- lsb: {",
    "- lbs: {",
    [
      '16:9: services.intranet.resources[2].lbs: found key "lbs", wanted one of address, ocf, lsb, exec; did you mean "lsb"?',
    ],
  ],
  [
    "- lsb:",
    "  lsb:",
    [
      '15:9: services.intranet.resources[1]: found 2 kinds in one resource: ocf, lsb, wanted one kind; begin each resource with "- "',
    ],
  ],
  [
    "lsb: { script: /etc/init.d/lpd }",
    "lpd",
    [
      '16:9: services.intranet.resources[2]: found "lpd", wanted a resource such as { address: { ip: 192.168.1.100/24 } }',
    ],
  ],
  [
    "start: [/bin/worker, 007]",
    "start: /bin/worker start",
    [
      '17:24: services.intranet.resources[3].exec.start: found "/bin/worker start", wanted a list of arguments such as ["/usr/bin/worker", "--start"]',
    ],
  ],
  [
    ", timeout: 1.5s }",
    ", timeout: 0 }",
    ["17:91: services.intranet.resources[3].exec.stop.timeout: found 0, wanted a duration such as 250ms, 1.5s or 10m"],
  ],
  [
    "    enabled: false",
    "    after: [intranet]\n    enabled: false",
    [
      '19:5: services.reports.after: found key "after", which is not yet supported in this version, wanted a configuration without it',
    ],
  ],
  [
    "name: front",
    "name: a/b",
    [
      '20:73: services.reports.resources[0].address.name: found "a/b", wanted a name: 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter or digit',
    ],
  ],
];

describe("a wrong configuration", () => {
  it.each(mistakes)("%j -> %j", (piece, replacement, expected) => {
    const found = errorsOf(officeWith(piece, replacement)).map((line) => line.replace("cluster.yaml:", ""));
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  it("shows every error at once, in the order of the file", () => {
    const text = officeWith("cluster: office", "cluster: my office")
      .replace("port: 6940", "port: x")
      .replace("prefer: serv1", "prefer: serv9")
      .replace("192.168.1.100/24", "192.168.1.100")
      .replace("agent: fence_apc_snmp, ", "");
    expect(errorsOf(text).join("\n")).toMatchSnapshot();
  });

  it("hides nothing but what has no structure", () => {
    expect(errorsOf("cluster: [a\nnodes: {")[0]).toMatch(/^cluster\.yaml:\d+:\d+: found .+, wanted well-formed YAML$/);
    expect(errorsOf("")).toContain("cluster.yaml:1:1: found nothing, wanted a mapping");
    expect(errorsOf("- a\n- b\n")).toContain("cluster.yaml:1:1: found a list of 2, wanted a mapping");
  });

  it("says who decides how a lost node is made safe", () => {
    const withFencing = (fencing: string) =>
      errorsOf(`cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\n${fencing}\n`);
    expect(withFencing("")).toEqual(['cluster.yaml:1:1: fencing: found nothing, wanted { devices: … } or "none"']);
    expect(withFencing("fencing: {}")[0]).toContain("found an empty mapping, wanted either devices or");
    expect(withFencing("fencing: { devices: {} }")[0]).toContain("found no device");
    expect(withFencing("fencing: { none: { assume-off-after: 1s } }")[0]).toContain("wanted at least 2 deadtimes (3s)");
    expect(withFencing("fencing: nothing")[0]).toContain('found "nothing", wanted { devices: … } or "none"');
    expect(withFencing("fencing: { none: { assume-off-after: 20s } }")).toEqual([]);
    expect(withFencing("fencing: { none: { assume-off-after: 0 } }")).toEqual([]);
    expect(withFencing("fencing: { none: { assume-off-after: 0ms } }")).toEqual([]);
  });

  it("wants devices where the arbiter fences", () => {
    const text =
      "cluster: c\nnodes: { a: { addresses: [10.0.0.1] }, b: { addresses: [10.0.0.2] } }\nquorum: { arbiter: fencing }\nfencing: none\n";
    expect(errorsOf(text)).toEqual([
      "cluster.yaml:3:20: quorum.arbiter: found fencing without fence devices, wanted fencing.devices that can fence both nodes: arbiter fencing decides by them",
    ]);
  });

  it("takes at most 32 nodes", () => {
    const nodes = Array.from({ length: 33 }, (_, i) => `  n${i}: { addresses: [10.0.0.${i + 1}] }`).join("\n");
    expect(errorsOf(`cluster: c\nfencing: none\nnodes:\n${nodes}\n`)).toEqual([
      "cluster.yaml:3:1: nodes: found 33 nodes, wanted at most 32",
    ]);
  });
});
