import { expect, it } from "vitest";
import { formatConfigError } from "./config-error.ts";
import { parseConfig } from "./parse-config.ts";
import { writeConfig } from "./write-config.ts";

const head = `cluster: c
nodes: { a: { addresses: [10.0.0.1] }, b: { addresses: [10.0.0.2] }, d: { addresses: [10.0.0.3] } }
fencing: none
services:
`;

/** Lines of `services`, one each: what stands between the braces, but for the resources. */
function read(...services: readonly string[]): ReturnType<typeof parseConfig> {
  const lines = services.map((service) => {
    const [name = "", ...rest] = service.split(": ");
    return `  ${name}: { ${rest.join(": ")}${rest.length > 0 ? ", " : ""}resources: [{ ocf: { agent: "heartbeat:Dummy", state: /run/${name} } }] }`;
  });
  return parseConfig(`${head}${lines.join("\n")}\n`, "c.yaml");
}

function mistakesIn(...services: readonly string[]): readonly string[] {
  const parsed = read(...services);
  return parsed.ok ? [] : parsed.errors.map((error) => formatConfigError(error).replace(/^c.yaml:\d+:\d+: /, ""));
}

it.each<readonly [readonly string[], readonly string[]]>([
  [["x: clones: all", "y: clones: 2, after: [x]", "z: with: [x], domain: { nodes: [a], restricted: true }"], []],
  [["x: clones: some"], ['services.x.clones: found "some", wanted all, or a whole number from 1 to 32']],
  [["x: clones: 4"], ["services.x.clones: found 4, wanted at most 3, its nodes, or all"]],
  [["x: clones: 2, domain: { nodes: [a] }"], ["services.x.clones: found 2, wanted at most 1, its nodes, or all"]],
  [
    ["x: clones: all, domain: { nodes: [a], failback: true }"],
    [
      "services.x.domain.failback: found it in a service with clones, wanted nodes alone, the preferred first: an instance stays on its node",
    ],
  ],
  [
    ["x: clones: all, exclusive: true"],
    ["services.x.exclusive: found it in a service with clones, wanted after, or the relation in the other service"],
  ],
  [
    ["x: clones: all", "y: after: [x]"],
    [
      'services.y.after[0]: found "x", which has clones, wanted with: [x], which starts it where an instance runs, and after that',
    ],
  ],
  [
    ["x: clones: all", "y: apart: [x]"],
    ['services.y.apart[0]: found "x", which has clones, wanted services without clones'],
  ],
  [
    ["x: clones: all", "y: with: [{ service: x, soft: true }]"],
    ['services.y.with[0].service: found "x", which has clones, wanted x without soft'],
  ],
  [
    ["x: clones: all, domain: { nodes: [a, b] }", "y: clones: all, after: [x]"],
    ['services.y.after[0]: found "x", which has clones on a, b only, wanted a clone that has all nodes of this one'],
  ],
  [
    ["x: clones: all, domain: { nodes: [a, b] }", "y: with: [x], domain: { nodes: [d], restricted: true }"],
    ['services.y.with[0]: found "x", which has clones on a, b only, wanted a domain with one of these nodes'],
  ],
])("[CLN-2, CLN-6] %j", (services, mistakes) => {
  expect(mistakesIn(...services)).toEqual(mistakes);
});

it("[CLN-2] an address cannot be on several nodes at once", () => {
  const parsed = parseConfig(`${head}  x: { clones: all, resources: [{ address: { ip: 10.0.0.9/24 } }] }\n`, "c.yaml");
  expect(parsed.ok ? [] : parsed.errors.map(formatConfigError)).toEqual([
    "c.yaml:5:35: services.x.resources[0].address: found an address in a service with clones: several nodes would have it, wanted a service of its own with the address, and there with: [x]",
  ]);
});

it("[CLN-1, CLN-8] a clone becomes a service for each node of its domain, told which of how many it is", () => {
  const parsed = read("base: clones: all", "x: clones: 1, after: [base], domain: { nodes: [b, a] }", "y: with: [x]");
  const services = parsed.ok ? parsed.config.services : [];
  expect(services.map(({ id }) => id)).toEqual(["base@a", "base@b", "base@d", "x@b", "x@a", "y"]);
  expect(services[3]).toMatchObject({
    domain: { nodes: ["b"], restricted: true },
    after: [{ service: "base@b" }],
    instance: { of: "x", node: "b", number: 0, count: 2, limit: 1 },
    resources: [{ id: "x@b/Dummy", clone: { number: 0, max: 1 } }],
  });
  expect(services[5]).toMatchObject({ beside: ["x"] });
  expect(services[5]).not.toHaveProperty("with");
});

it("[CLN-1] what is written of clones means the same", () => {
  const parsed = read(
    "base: clones: all",
    "x: clones: 1, after: [base], domain: { nodes: [b, a] }",
    "y: with: [x, z]",
    "z",
  );
  if (!parsed.ok) throw new Error("Cannot read it");
  const written = writeConfig(parsed.config);
  expect(written).toContain("clones: 1");
  const again = parseConfig(written, "c.yaml");
  expect(again.ok ? again.config.services : again.errors).toEqual(parsed.config.services);
});

it("[CLN-1] what stands on what inside a clone stands on its own instance's", () => {
  const part = (name: string, more = ""): string =>
    `{ ocf: { agent: "heartbeat:Dummy", name: ${name}, state: /run/${name}${more} } }`;
  const text = `${head}  x: { clones: all, resources: [${part("disk")}, ${part("one")}, ${part("two", ", after: [disk]")}] }\n`;
  const parsed = parseConfig(text, "c.yaml");
  const services = parsed.ok ? parsed.config.services : [];
  expect(services[1]?.resources[2]).toMatchObject({ id: "x@b/two", after: ["x@b/disk"] });
  const again = parsed.ok ? parseConfig(writeConfig(parsed.config), "c.yaml") : parsed;
  expect(again.ok ? again.config.services : again.errors).toEqual(services);
});

it.each<readonly [string, readonly string[]]>([
  ["promotable: true", ["services.x.promotable: found it in a service without clones, wanted clones: all, too"]],
  ["notify: true", ["services.x.notify: found it in a service without clones, wanted clones: all, too"]],
  [
    "clones: all, notify: { timeout: 0s }",
    ['services.x.notify.timeout: found "0s", wanted whole milliseconds, from 1ms to a year'],
  ],
  ["clones: all, notify: often", ['services.x.notify: found "often", wanted true, false, or { timeout: SPAN }']],
])("[PRO-1, PRO-7] %s", (service, mistakes) => {
  expect(mistakesIn(`x: ${service}`)).toEqual(mistakes);
});

it("[PRO-1] what is promoted is one agent, whose monitors tell its score", () => {
  const lsb = `${head}  x: { clones: all, promotable: true, resources: [{ lsb: { script: /etc/init.d/x } }] }\n`;
  const unseen = `${head}  x: { clones: all, promotable: true, resources: [{ ocf: { agent: "a:b", monitor: { interval: 0 } } }] }\n`;
  const mistakes = [lsb, unseen].map((text) => {
    const parsed = parseConfig(text, "c.yaml");
    return parsed.ok ? "" : parsed.errors.map(({ found }) => found).join();
  });
  expect(mistakes).toEqual([
    "not one ocf resource, in a service that is promotable",
    "0, in a service that is promotable",
  ]);
});

it("[PRO-1] a promotable clone is its instances and the promoted role, which has its name", () => {
  const parsed = read("x: clones: all, promotable: true", "y: with: [x], after: [x]");
  const services = parsed.ok ? parsed.config.services : [];
  expect(services.map(({ id }) => id)).toEqual(["x@a", "x@b", "x@d", "x", "y"]);
  expect(services[3]).toMatchObject({
    beside: ["x"],
    promotes: "x",
    resources: [{ id: "x/Dummy", role: "promoted", clone: { isPromotable: true } }],
  });
  expect(services[4]).toMatchObject({ with: [{ service: "x" }], after: [{ service: "x" }] });
  const again = parsed.ok ? parseConfig(writeConfig(parsed.config), "c.yaml") : parsed;
  expect(again.ok ? again.config.services : again.errors).toEqual(services);
});

it("[PRO-7] with notify, each agent of a clone has time to be told of the others, its promoted role too", () => {
  const parsed = read(
    "x: clones: all, promotable: true, notify: { timeout: 90s }",
    "y: clones: 2, notify: true",
    "z: clones: 2, notify: false",
  );
  const services = parsed.ok ? parsed.config.services : [];
  const times = services.map(({ id, resources: [resource] }) => [
    id,
    resource?.kind === "ocf" ? resource.clone?.notifyTimeoutMs : 0,
  ]);
  expect(Object.fromEntries(times)).toEqual({
    "x@a": 90_000,
    "x@b": 90_000,
    "x@d": 90_000,
    x: 90_000,
    "y@a": 60_000,
    "y@b": 60_000,
    "y@d": 60_000,
  });
  const again = parsed.ok ? parseConfig(writeConfig(parsed.config), "c.yaml") : parsed;
  expect(again.ok ? again.config.services : again.errors).toEqual(services);
  const two = `${head}  x: { clones: all, notify: true, resources: [{ lsb: { script: /etc/init.d/x } }] }\n`;
  const refused = parseConfig(two, "c.yaml");
  expect(refused.ok ? [] : refused.errors.map(({ found }) => found)).toEqual([
    "not one ocf resource, in a service with notify",
  ]);
});
