import { describe, expect, it } from "vitest";
import type { AgentAction, AgentMetadata, AgentParameter } from "../model/agent-metadata.ts";
import { advisedTimeouts, timeoutDefaults } from "./advised-timeouts.ts";
import { checkOcfAgents } from "./check-ocf-agents.ts";
import { formatConfigError } from "./config-error.ts";
import { parseConfig } from "./parse-config.ts";

function parameter(name: string, more: Partial<AgentParameter> = {}): AgentParameter {
  const plain = { isRequired: false, isDeprecated: false, replacedBy: "", replaces: "", type: "string" };
  return { name, ...plain, default: null, description: `the ${name}`, options: [], ...more };
}

function action(name: string, timeoutMs: number, depth = 0): AgentAction {
  return { name, timeoutMs, intervalMs: null, depth, role: "", isAutomatic: false, isOnTarget: false };
}

const disk: AgentMetadata = {
  name: "disk",
  apiVersion: "1.1",
  shortDescription: "",
  longDescription: "",
  parameters: [
    parameter("device", { isRequired: true }),
    parameter("count", { type: "integer", default: "3" }),
    parameter("fast", { type: "boolean" }),
    parameter("mode", { type: "select", options: ["a", "b"] }),
    parameter("old", { isDeprecated: true, replacedBy: "mode" }),
  ],
  actions: [action("start", 40_000), action("stop", 90_000), action("monitor", 60_000, 10), action("monitor", 20_000)],
};

function check(resource: string): readonly string[] {
  const text = `cluster: c
nodes: { a: { addresses: [10.0.0.1] } }
fencing: none
services:
  s:
    resources:
      - ocf: ${resource}
`;
  const parsed = parseConfig(text, "f");
  if (!parsed.ok) throw new Error(parsed.errors.map(formatConfigError).join("\n"));
  return checkOcfAgents(text, "f", new Map([["own:disk", disk]])).map(formatConfigError);
}

const times = "stop: { timeout: 90s }";

describe("[OCF-7] an OCF resource", () => {
  it("is well when its agent knows all of it", () => {
    expect(
      check(`{ agent: "own:disk", device: x, count: 3, fast: yes, mode: a, OCF_CHECK_LEVEL: "10", ${times} }`),
    ).toEqual([]);
  });

  it("is not looked at when its agent is not installed", () => {
    expect(check('{ agent: "own:else", anything: 1 }')).toEqual([]);
  });

  it.each([
    [
      `device: x, devise: y, ${times}`,
      'f:7:46: services.s.resources[0].ocf.devise: found key "devise", wanted a parameter of own:disk (hale agent show own:disk); did you mean "device"?',
    ],
    [times, "f:7:9: services.s.resources[0].ocf: found no device, wanted device, which own:disk requires: the device"],
    [
      `device: x, count: many, ${times}`,
      'f:7:53: services.s.resources[0].ocf.count: found "many", wanted a whole number',
    ],
    [
      `device: x, fast: maybe, ${times}`,
      'f:7:52: services.s.resources[0].ocf.fast: found "maybe", wanted true or false',
    ],
    [`device: x, mode: c, ${times}`, 'f:7:52: services.s.resources[0].ocf.mode: found "c", wanted a or b'],
    [
      `device: x, old: c, ${times}`,
      "f:7:46: services.s.resources[0].ocf.old: found a parameter that its agent means to give up, wanted mode",
    ],
    [
      "device: x",
      "f:7:9: services.s.resources[0].ocf: found no time-out of stop, so 1m, wanted stop: { timeout: 90s } or more, as own:disk advises",
    ],
    [
      `device: x, start: { timeout: 5s }, ${times}`,
      "f:7:64: services.s.resources[0].ocf.start.timeout: found 5s, wanted start: { timeout: 40s } or more, as own:disk advises",
    ],
    [
      `device: x, monitor: { levels: { 10: 1m, 20: 5m } }, ${times}`,
      "f:7:75: services.s.resources[0].ocf.monitor.levels.20: found level 20, wanted a level that own:disk names: 10, 0",
    ],
  ])("%s", (written, warning) => {
    expect(check(`{ agent: "own:disk", ${written} }`)).toEqual([warning]);
  });
});

describe("[OCF-6] time-outs that no file names", () => {
  it("are the agent's where that advises more than hale does", () => {
    expect(advisedTimeouts("heartbeat:pgsql")).toEqual({ start: 120_000, stop: 120_000, monitor: 30_000 });
    expect(advisedTimeouts("heartbeat:Dummy")).toBe(timeoutDefaults);
    expect(advisedTimeouts("own:pgsql")).toBe(timeoutDefaults);
  });
});

describe("[PRO-7] notify of a clone", () => {
  const teller = { ...disk, actions: [...disk.actions, action("notify", 90_000)] };

  it.each([
    [
      "clones: all",
      "own:teller",
      "c:5:3: services.s: found no notify, wanted notify: true, which own:teller can make use of, or notify: false",
    ],
    ["clones: all, notify: false", "own:teller", ""],
    ["clones: all, notify: true", "own:teller", "wanted notify: { timeout: 90s } or more, as own:teller advises"],
    ["clones: all, notify: { timeout: 90s }", "own:teller", ""],
    ["clones: all, notify: true", "own:disk", "wanted a file without it: own:disk has none"],
    ["clones: all", "own:disk", ""],
    ["enabled: true", "own:teller", ""],
  ])("%s, %s", (keys, agent, wanted) => {
    const resources = `[{ ocf: { agent: "${agent}", device: x, ${times} } }]`;
    const text = `cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\nfencing: none\nservices:\n  s: { ${keys}, resources: ${resources} }\n`;
    const known = new Map([
      ["own:disk", disk],
      ["own:teller", teller],
    ]);
    const lines = checkOcfAgents(text, "c", known).map(formatConfigError);
    expect(lines.map((line) => line.replace(/^.*(?=wanted)/, wanted.startsWith("wanted") ? "" : "$&")).join()).toBe(
      wanted,
    );
  });
});
