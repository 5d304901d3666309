import { expect, it } from "vitest";
import { formatAmount, parseAmount } from "./amount.ts";
import { formatConfigError } from "./config-error.ts";
import { formatDayWindow, parseDayWindow } from "./day-window.ts";
import { parseConfig } from "./parse-config.ts";
import { writeConfig } from "./write-config.ts";

function read(offers: string, service: string): ReturnType<typeof parseConfig> {
  const nodes = `nodes: { a: { addresses: [10.0.0.1]${offers} }, b: { addresses: [10.0.0.2], offers: { memory: 8G } } }`;
  const rest = 'fencing: none\nquorum: { arbiter: { witness: "10.0.0.9:6941" } }';
  const web = `  web: { ${service}, resources: [{ address: { ip: 10.0.0.7/24 } }] }`;
  return parseConfig(`cluster: c\n${nodes}\n${rest}\nservices:\n${web}\n`, "c.yaml");
}

const offer = ", offers: { memory: 16G }";

it.each<readonly [string, string, readonly string[]]>([
  [offer, "needs: { memory: 1.5G }", []],
  [
    "",
    "needs: { memory: 4G }",
    ["2:10: nodes.a: found no offers of memory, wanted offers: { memory: AMOUNT }, which service web needs"],
  ],
  ["", "needs: { memory: 4G }, domain: { nodes: [b], restricted: true }", []],
  [
    offer,
    "needs: { memory: 17G }",
    ['6:27: services.web.needs.memory: found "17G", wanted at most 16G, the most that a node which may run it offers'],
  ],
  [
    offer,
    "needs: { memory: lots }",
    ['6:27: services.web.needs.memory: found "lots", wanted an amount such as 8, 512M or 16G'],
  ],
  [
    offer,
    "domain: { priority: { a: 1 } }",
    ["6:30: services.web.domain.priority: found no priority of b, wanted one for each node of the domain"],
  ],
  [
    offer,
    "domain: { priority: { a: 1, b: 101 } }",
    ["6:41: services.web.domain.priority.b: found 101, wanted a whole number from 1 to 100"],
  ],
  [
    offer,
    "domain: { nodes: [a], priority: { a: 1, b: 2 } }",
    ['6:53: services.web.domain.priority.b: found "b", wanted a configured node of the domain: a; did you mean "a"?'],
  ],
  [
    offer,
    "domain: { ordered: true, priority: { a: 1, b: 1 } }",
    ["6:29: services.web.domain.ordered: found ordered beside priority, wanted one of them"],
  ],
  [
    offer,
    'domain: { failback: { between: "25:00-26:00" } }',
    ['6:41: services.web.domain.failback.between: found "25:00-26:00", wanted a time of day such as 02:00-04:00'],
  ],
  [
    offer,
    "domain: { failback: sometimes }",
    ['6:30: services.web.domain.failback: found "sometimes", wanted true, false or { between: "02:00-04:00" }'],
  ],
])("%s %s -> %j", (offers, service, expected) => {
  const parsed = read(offers, service);
  expect(parsed.ok ? [] : parsed.errors.map((error) => formatConfigError(error).replace("c.yaml:", ""))).toEqual(
    expected,
  );
});

it("writes them so that they are read again as the same", () => {
  const given =
    'needs: { memory: 1.5G, cpu: 2 }, domain: { failback: { between: "22:00-02:30" }, priority: { a: 1, b: 1 }, stickiness: 3 }';
  const parsed = read(", offers: { memory: 16G, cpu: 8 }", given.replace(", cpu: 2", ""));
  if (!parsed.ok) throw new Error(parsed.errors.map(formatConfigError).join("\n"));
  expect(parseConfig(writeConfig(parsed.config), "c.yaml")).toMatchObject({ ok: true, config: parsed.config });
  expect(parsed.config.services[0]).toMatchObject({
    needs: { memory: 1.5 * 1024 ** 3 },
    domain: { failback: true, failbackBetween: { from: 1320, until: 150 }, priorities: { a: 1, b: 1 }, stickiness: 3 },
  });
});

it("amounts and windows are written as they are read", () => {
  for (const text of ["8", "512M", "16G", "3T", "1536M"]) expect(formatAmount(parseAmount(text) ?? -1)).toBe(text);
  expect([parseAmount("0.5"), parseAmount("-1"), parseAmount("1e3"), parseAmount("9999999T")]).toEqual(
    Array(4).fill(undefined),
  );
  for (const text of ["02:00-04:00", "22:00-02:30", "23:00-00:00"])
    expect(formatDayWindow(parseDayWindow(text) ?? { from: 0, until: 0 })).toBe(text);
  expect([parseDayWindow("02:00"), parseDayWindow("02:00-02:00"), parseDayWindow("0:00-24:01")]).toEqual(
    Array(3).fill(undefined),
  );
});
