import { describe, expect, it } from "vitest";
import type { AgentMetadata, MetadataAnswer } from "../model/agent-metadata.ts";
import { fakeContext } from "./fixtures/fake-context.fixture.ts";
import { runCli } from "./run-cli.ts";

type Over = NonNullable<Parameters<typeof fakeContext>[0]>;

async function hale(words: string, over: Over = {}) {
  const { context, spy } = fakeContext(over);
  const code = await runCli(words.split(" "), context);
  return { code, ...spy };
}

const plain = { isRequired: false, isDeprecated: false, replacedBy: "", replaces: "", type: "string", options: [] };
const pdu: AgentMetadata = {
  name: "fence_pdu",
  shortDescription: "Fence agent for power strips",
  longDescription: "",
  parameters: [
    { ...plain, name: "action", default: "reboot", description: "Fencing action" },
    { ...plain, name: "ip", isRequired: true, replaces: "ipaddr", default: null, description: "address of the strip" },
    { ...plain, name: "ipaddr", isDeprecated: true, default: null, description: "address of the strip" },
    { ...plain, name: "plug", isRequired: true, replaces: "port", default: null, description: "outlet" },
    { ...plain, name: "power_timeout", type: "second", default: "20", description: "wait for the state" },
  ],
  actions: ["on", "off", "status"].map((name) => ({
    name,
    timeoutMs: null,
    intervalMs: null,
    depth: 0,
    isAutomatic: false,
    isOnTarget: false,
  })),
};

const agents: Over = {
  fenceAgents: () =>
    Promise.resolve({
      list: () => Promise.resolve(["fence_pdu", "fence_virtd"]),
      metadata: (agent): Promise<MetadataAnswer> =>
        Promise.resolve(
          agent === "fence_pdu"
            ? { ok: true, metadata: pdu }
            : { ok: false, reason: `Cannot run "${agent}": no such file`, isMissing: true },
        ),
    }),
};

describe("fence agents", () => {
  it("are listed, but for programs of that name that are none", async () => {
    expect(await hale("fence list", agents)).toMatchObject({
      code: 0,
      out: "fence_pdu  Fence agent for power strips\n",
    });
    expect(JSON.parse((await hale("fence list --json", agents)).out)).toEqual({
      agents: [{ name: "fence_pdu", description: "Fence agent for power strips" }],
    });
  });

  it("are shown with what they want to be told", async () => {
    expect((await hale("fence show fence_pdu", agents)).out).toMatchInlineSnapshot(`
      "fence_pdu  Fence agent for power strips

                PARAMETER      TYPE    DEFAULT  MEANING
      required  ip             string           address of the strip (formerly ipaddr)
      required  plug           string           outlet; written at the node: fence: [{ device: …, plug: … }]
                power_timeout  second  20       wait for the state

      actions: on, off, status
      "
    `);
    expect(JSON.parse((await hale("fence show fence_pdu --json", agents)).out)).toEqual(pdu);
  });

  it("that are not there are an error", async () => {
    expect(await hale("fence show fence_nowhere", agents)).toMatchObject({
      code: 1,
      err: 'hale: Cannot run "fence_nowhere": no such file [AGENT_UNKNOWN]\n',
    });
  });
});

describe("hale config check", () => {
  const file = (device: string): Over => ({
    ...agents,
    readConfigText: () =>
      Promise.resolve(`cluster: c
nodes: { a: { addresses: [10.0.0.1], fence: [{ device: d, plug: 1 }] } }
fencing: { devices: { d: ${device} } }
`),
  });

  it("tells what the agent of a device does not know", async () => {
    const result = await hale("config check f", file("{ agent: fence_pdu, ip: 10.0.0.9, power_timout: 3 }"));
    expect(result.code).toBe(2);
    expect(result.err).toMatchInlineSnapshot(`
      "f:3:60: fencing.devices.d.power_timout: found key "power_timout", wanted a parameter of fence_pdu (hale fence show fence_pdu); did you mean "power_timeout"?
          3 | fencing: { devices: { d: { agent: fence_pdu, ip: 10.0.0.9, power_timout: 3 } } }
            |                                                            ^
      1 error in f
      "
    `);
  });

  it("says which agents it could not ask", async () => {
    const result = await hale("config check f", file("{ agent: fence_nowhere, x: 1 }"));
    expect(result).toMatchObject({ code: 0, err: "" });
    expect(result.out).toContain(
      '! parameters of fence_nowhere were not checked: Cannot run "fence_nowhere": no such file\n',
    );
    const document = await hale("config check f --json", file("{ agent: fence_nowhere, x: 1 }"));
    expect(JSON.parse(document.out)).toMatchObject({ ok: true, unchecked: [{ agent: "fence_nowhere" }] });
  });
});
