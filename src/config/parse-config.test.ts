import { describe, expect, it } from "vitest";
import { formatConfigError } from "./config-error.ts";
import { mistakes } from "./mistakes.fixture.ts";
import { officeText } from "./office.fixture.ts";
import { parseConfig } from "./parse-config.ts";
import { writeConfig } from "./write-config.ts";

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

  it("names a second document, and an alias of nothing", () => {
    expect(errorsOf("cluster: a\n---\ncluster: b")[0]).toMatch(/:2:1: found another document, wanted one document$/);
    expect(errorsOf("cluster: *x").join("\n")).toMatch(/:1:10: found alias \*x, wanted an anchor &x before it/);
  });

  it("says who decides how a lost node is made safe", () => {
    const withFencing = (fencing: string) =>
      errorsOf(`cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\n${fencing}\n`);
    expect(withFencing("")).toEqual([
      'cluster.yaml:1:1: fencing: found nothing, wanted { devices: … }, { watchdog: … } or "none"',
    ]);
    expect(withFencing("fencing: {}")[0]).toContain("found an empty mapping, wanted one of devices, watchdog and");
    expect(withFencing("fencing: { devices: {} }")[0]).toContain("found no device");
    expect(withFencing("fencing: { none: { assume-off-after: 1s } }")[0]).toContain("wanted at least 2 deadtimes (3s)");
    expect(withFencing("fencing: nothing")[0]).toContain(
      'found "nothing", wanted { devices: … }, { watchdog: … } or "none"',
    );
    expect(withFencing("fencing: { none: { assume-off-after: 20s } }")).toEqual([]);
    expect(withFencing("fencing: { none: { assume-off-after: 0 } }")).toEqual([]);
    expect(withFencing("fencing: { none: { assume-off-after: 0ms } }")).toEqual([]);
  });

  it("[FEN-14] fits the time-outs of watchdog and daemon together", () => {
    const head = "cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\n";
    const config = configOf(`${head}fencing: { watchdog: {} }\n`);
    expect(config.fencing).toEqual({ kind: "watchdog", device: "/dev/watchdog", timeoutMs: 10_000 });
    // A daemon that comes back in its grace has four deadtimes left until the watchdog rings.
    expect(config.heartbeat.daemonGraceMs).toBe(4_000);
    const with20s = configOf(`${head}fencing: { watchdog: { timeout: 20s } }\n`);
    expect(with20s.heartbeat.daemonGraceMs).toBe(10_000);
    const mistakeOf = (fencing: string, heartbeat = "{}"): readonly string[] =>
      errorsOf(`${head}heartbeat: ${heartbeat}\nfencing: ${fencing}\n`);
    expect(mistakeOf("{ watchdog: { timeout: 10s } }", "{ daemon-grace: 5s }")).toEqual([
      'cluster.yaml:3:28: heartbeat.daemon-grace: found "5s", wanted at most fencing.watchdog.timeout less 4 deadtimes (4s): later the watchdog resets the node',
    ]);
    expect(mistakeOf("{ watchdog: { timeout: 5s } }")).toEqual([
      'cluster.yaml:4:33: fencing.watchdog.timeout: found "5s", wanted at least 4 deadtimes (6s): so long a restarted daemon may take to be taken in',
    ]);
    expect(mistakeOf("{ watchdog: {} }", "{ deadtime: 3s }")).toEqual([
      'cluster.yaml:3:24: heartbeat.deadtime: found "3s", wanted at most a quarter of fencing.watchdog.timeout (10s)',
    ]);
    for (const timeout of ["10.5s", "2s", "11m"])
      expect(mistakeOf(`{ watchdog: { timeout: ${timeout} } }`)[0]).toContain("wanted whole seconds, from 5s to 10m");
    expect(mistakeOf("{ watchdog: { device: watchdog0 } }")[0]).toContain("wanted an absolute path");
    expect(mistakeOf("{ watchdog: {}, none: {} }")[0]).toContain("found none beside watchdog, wanted one of devices");
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

  it("takes no more than fits the entry by which the cluster agrees on it", () => {
    const services = (count: number): string =>
      Array.from({ length: count }, (_, i) => `  s${i}: { resources: [{ ocf: { agent: "heartbeat:Dummy" } }] }`).join(
        "\n",
      );
    const text = (count: number): string =>
      `cluster: c\nfencing: none\nnodes: { a: { addresses: [10.0.0.1] }, b: { addresses: [10.0.0.2] }, d: { addresses: [10.0.0.3] } }\nservices:\n${services(count)}\n`;
    expect(errorsOf(text(600))).toEqual([]);
    expect(errorsOf(text(700))).toEqual([
      expect.stringMatching(
        /^cluster\.yaml:1:1: found 700 services that take \d+ bytes with all defaults, wanted at most 245760: fewer /,
      ) as string,
    ]);
  });
});

describe("quarantine", () => {
  it("is as written, the default where nothing is, and nothing where it is off", () => {
    const quarantine = (text: string) => configOf(`quarantine: ${text}\n${officeText}`).quarantine;
    expect(configOf(officeText).quarantine).toBeUndefined();
    expect(quarantine("{ losses: 3, within: 60m }")).toBeUndefined();
    expect(quarantine("{ losses: 5, for: 2h }")).toEqual({
      kind: "timed",
      losses: 5,
      withinMs: 3_600_000,
      forMs: 7_200_000,
    });
    expect(quarantine("none")).toEqual({ kind: "none" });
    expect(configOf(writeConfig(configOf(`quarantine: none\n${officeText}`))).quarantine).toEqual({ kind: "none" });
  });

  it("wants numbers that can be meant", () => {
    expect(errorsOf(`quarantine: { losses: 1 }\n${officeText}`)).toEqual([
      "cluster.yaml:1:23: quarantine.losses: found 1, wanted a whole number from 2 to 100",
    ]);
    expect(errorsOf(`quarantine: off\n${officeText}`)).toEqual([
      'cluster.yaml:1:13: quarantine: found "off", wanted { losses: 3, within: 1h, for: 1h } or "none"',
    ]);
  });
});

it("refuses a reachlist that nothing decides after", () => {
  const text =
    "cluster: c\nnodes: { a: { addresses: [10.0.0.1] }, b: { addresses: [10.0.0.2] } }\nquorum: { arbiter: { reachlist: [10.0.0.9] } }\nfencing: none\n";
  expect(errorsOf(text)).toEqual([
    "cluster.yaml:3:20: quorum.arbiter: found reachlist without fence devices, wanted fencing.devices that can fence both nodes: two nodes that do not hear each other may both reach every host, and a fence must decide",
  ]);
});
