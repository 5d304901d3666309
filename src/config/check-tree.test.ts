import { expect, it } from "vitest";
import { formatConfigError } from "./config-error.ts";
import { parseConfig } from "./parse-config.ts";
import { longestStop } from "./stop-span.ts";
import { writeConfig } from "./write-config.ts";

const head = "cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\nfencing: none\nservices:\n  web:\n    resources:\n";

/** One resource a line. */
function read(...resources: readonly string[]): ReturnType<typeof parseConfig> {
  return parseConfig(`${head}${resources.map((resource) => `      - ${resource}\n`).join("")}`, "c.yaml");
}

function mistakesIn(...resources: readonly string[]): readonly string[] {
  const parsed = read(...resources);
  return parsed.ok ? [] : parsed.errors.map((error) => formatConfigError(error).replace("c.yaml:", ""));
}

const lsb = (name: string, more = ""): string => `lsb: { script: /etc/init.d/x, name: ${name}${more} }`;

it.each<readonly [readonly string[], readonly string[]]>([
  [[lsb("a"), lsb("b", ", after: []"), lsb("c", ", after: [a, b], independent: true, critical: false")], []],
  [["address: { ip: 10.0.0.9/24 }", lsb("b"), lsb("c", ", after: [10.0.0.9]")], []],
  [
    [lsb("a", ", after: [b]"), lsb("b")],
    ['7:56: services.web.resources[0].lsb.after[0]: found "b", which stands below it, wanted []: nothing is above it'],
  ],
  [
    [lsb("disk"), lsb("b", ", after: [dsk]")],
    [
      '8:56: services.web.resources[1].lsb.after[0]: found "dsk", wanted the name of a resource above it: disk; did you mean "disk"?',
    ],
  ],
  [
    [lsb("a"), lsb("b", ", after: [b]")],
    [
      "8:56: services.web.resources[1].lsb.after[0]: found the resource itself, wanted the name of a resource above it: a",
    ],
  ],
  [
    [lsb("a"), lsb("b", ", after: [a, a]")],
    ['8:59: services.web.resources[1].lsb.after[1]: found "a" again, wanted each once'],
  ],
  [
    [lsb("a", ", critical: false"), lsb("b")],
    [
      "7:58: services.web.resources[0].lsb.critical: found false, and so all of the service is optional, wanted at least one resource that the service cannot do without",
    ],
  ],
  [[lsb("a", ", critical: false"), lsb("b", ", after: []")], []],
  [
    [lsb("a", ", after: a")],
    ['7:55: services.web.resources[0].lsb.after: found "a", wanted a list of names of resources above it; [] for none'],
  ],
])("[TREE-8] %s", (resources, expected) => {
  expect(mistakesIn(...resources)).toEqual(expected);
});

it("[TREE-1, TREE-8] what is written is read again, of every kind, and nothing of what is not said", () => {
  const place = "after: [a], independent: true, critical: false";
  const parsed = read(
    lsb("a"),
    `address: { ip: 10.0.0.9/24, ${place} }`,
    `exec: { ${place}, start: [/s], stop: [/s], monitor: [/s] }`,
    `ocf: { agent: "heartbeat:Dummy", ${place} }`,
    `systemd: { unit: x.service, ${place} }`,
    `rhcs: { agent: fs, ${place} }`,
  );
  if (!parsed.ok) throw new RangeError(parsed.errors.map(formatConfigError).join("\n"));
  const [first, ...others] = parsed.config.services[0]?.resources ?? [];
  expect(first).not.toHaveProperty("after");
  for (const other of others) expect(other).toMatchObject({ after: ["web/a"], independent: true, critical: false });
  const again = parseConfig(writeConfig(parsed.config), "again.yaml");
  expect(again.ok ? again.config : again.errors).toEqual(parsed.config);
});

it("[FEN-7, TREE-2] of branches that stop at the same time the longest counts", () => {
  const slow = (name: string, more = ""): string => lsb(name, `, stop: { timeout: 100s }${more}`);
  const span = (...resources: readonly string[]): number => {
    const parsed = read(...resources);
    return parsed.ok ? Math.round((longestStop(parsed.config)?.spanMs ?? 0) / 100_000) : 0;
  };
  expect(span(slow("a"), slow("b"), slow("c"))).toBe(3);
  expect(span(slow("a"), slow("b", ", after: [a]"), slow("c", ", after: [a]"))).toBe(2);
  expect(span(slow("a"), slow("b", ", after: []"), slow("c", ", after: []"))).toBe(1);
});
