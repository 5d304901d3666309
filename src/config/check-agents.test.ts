import { describe, expect, it } from "vitest";
import type { AgentMetadata, AgentParameter } from "../model/agent-metadata.ts";
import { checkAgents } from "./check-agents.ts";
import { formatConfigError } from "./config-error.ts";

function parameter(name: string, more: Partial<AgentParameter> = {}): AgentParameter {
  const plain = { isRequired: false, isDeprecated: false, replacedBy: "", replaces: "", type: "string" };
  return { name, ...plain, default: null, description: `the ${name}`, options: [], ...more };
}

const actions = ["off", "on", "reboot", "status", "monitor", "metadata"].map((name) => ({
  name,
  timeoutMs: null,
  intervalMs: null,
  depth: 0,
  role: "",
  isAutomatic: false,
  isOnTarget: false,
}));

const pdu: AgentMetadata = {
  name: "fence_pdu",
  apiVersion: "",
  shortDescription: "a power strip",
  longDescription: "",
  actions,
  parameters: [
    parameter("action", { isRequired: true, default: "reboot" }),
    parameter("ip", { isRequired: true, replaces: "ipaddr" }),
    parameter("ipaddr", { isRequired: true, isDeprecated: true }),
    parameter("password"),
    parameter("snmp_version", { type: "select", options: ["1", "2c", "3"] }),
    parameter("login_timeout", { type: "second", default: "5" }),
    parameter("plug", { isRequired: true, replaces: "port" }),
    parameter("port", { isRequired: true, isDeprecated: true }),
  ],
};
const lamp: AgentMetadata = { ...pdu, name: "fence_lamp", parameters: [parameter("file")] };
const known = new Map([
  ["fence_pdu", pdu],
  ["fence_lamp", lamp],
]);

function check(device: string, step = "{ device: d, plug: 1 }", metadata = known): readonly string[] {
  const text = `cluster: c
nodes:
  a: { addresses: [10.0.0.1], fence: [${step}] }
fencing:
  devices:
    d: ${device}
`;
  return checkAgents(text, "f", metadata).map(formatConfigError);
}

describe("a fence device", () => {
  it("is right when its agent knows all of it", () => {
    expect(
      check("{ agent: fence_pdu, ip: 10.0.0.9, password-file: /etc/secret, snmp-version: 2c, timeout: 9s }"),
    ).toEqual([]);
    expect(check("{ agent: fence_pdu, ipaddr: 10.0.0.9, login_timeout: 5 }")).toEqual([]);
  });

  it("is not looked at when its agent is not installed", () => {
    expect(check("{ agent: fence_nowhere, anything: 1 }")).toEqual([]);
  });

  it.each([
    [
      "{ agent: fence_pdu, ip: 1, pasword: x }",
      'f:6:35: fencing.devices.d.pasword: found key "pasword", wanted a parameter of fence_pdu (hale fence show fence_pdu); did you mean "password"?',
    ],
    [
      "{ agent: fence_pdu, ip: 1, snmp_versoin: 3 }",
      'f:6:35: fencing.devices.d.snmp_versoin: found key "snmp_versoin", wanted a parameter of fence_pdu (hale fence show fence_pdu); did you mean "snmp_version"?',
    ],
    ["{ agent: fence_pdu }", "f:6:5: fencing.devices.d: found no ip, wanted ip, which fence_pdu requires: the ip"],
    [
      "{ agent: fence_pdu, ip: 1, snmp_version: 2 }",
      'f:6:49: fencing.devices.d.snmp_version: found "2", wanted 1 or 2c or 3',
    ],
    [
      "{ agent: fence_pdu, ip: 1, login_timeout: soon }",
      'f:6:50: fencing.devices.d.login_timeout: found "soon", wanted a number of seconds',
    ],
  ])("%s", (device, error) => {
    expect(check(device)).toEqual([error]);
  });

  it("does only what its agent can", () => {
    const mute = new Map([
      ["fence_pdu", { ...pdu, actions: actions.filter(({ name }) => name !== "on" && name !== "reboot") }],
    ]);
    expect(check("{ agent: fence_pdu, ip: 1 }", undefined, mute)).toEqual([
      'f:6:17: fencing.devices.d.agent: found fence_pdu, which cannot do "on", wanted action: off',
    ]);
    expect(check("{ agent: fence_pdu, action: reboot, ip: 1 }", undefined, mute)).toEqual([
      'f:6:36: fencing.devices.d.action: found fence_pdu, which cannot do "reboot", wanted action: off',
    ]);
    expect(check("{ agent: fence_pdu, action: off, ip: 1 }", undefined, mute)).toEqual([]);
  });

  it("that cuts off must say so", () => {
    const cutting = actions.map((action) => (action.name === "on" ? { ...action, isAutomatic: true } : action));
    const metadata = new Map([["fence_pdu", { ...pdu, actions: cutting }]]);
    expect(check("{ agent: fence_pdu, ip: 1 }", undefined, metadata)).toEqual([
      "f:6:17: fencing.devices.d.agent: found fence_pdu, which cuts off instead of switching off, wanted unfence: true, or false if you know better",
    ]);
    expect(check("{ agent: fence_pdu, ip: 1, unfence: true }", undefined, metadata)).toEqual([]);
  });

  it("is told the plug of each node, or none", () => {
    expect(check("{ agent: fence_pdu, ip: 1 }", "[{ device: d }]")).toEqual([
      "f:3:40: nodes.a.fence[0][0]: found no plug, wanted plug, which fence_pdu requires: the plug",
    ]);
    expect(check("{ agent: fence_pdu, ip: 1, port: 7 }", "{ device: d }")).toEqual([]);
    expect(check("{ agent: fence_lamp }")).toEqual([
      'f:3:52: nodes.a.fence[0].plug: found key "plug", wanted no plug: fence_lamp has none',
    ]);
  });
});
