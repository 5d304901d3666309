import { describe, expect, it } from "vitest";
import type { AgentMetadata, MetadataAnswer } from "../model/agent-metadata.ts";
import { parseNodeId } from "../model/ids.ts";
import type { FenceOutcome } from "../model/operation.ts";
import type { FenceReport } from "../model/snapshot.ts";
import { wallMs } from "../model/units.ts";
import { parseConfig } from "../config/parse-config.ts";
import { ClusterError } from "../model/errors.ts";
import { healthy } from "./fixtures/snapshots.fixture.ts";
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
  apiVersion: "",
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
    role: "",
    isAutomatic: false,
    isOnTarget: false,
  })),
};

const calls: string[] = [];

const agents: Over = {
  fenceAgents: () =>
    Promise.resolve({
      list: () => Promise.resolve(["fence_pdu", "fence_virtd"]),
      run: (call): Promise<FenceOutcome> => {
        calls.push(`${call.action} ${call.agent} ${call.plug ?? "-"}`);
        const isBroken = call.agent === "fence_board";
        const output = isBroken ? "Connecting\nLogin denied\n" : "Status: ON";
        const reason = isBroken ? "fence_board status: Login denied" : call.plug === "3" ? "off" : "on";
        return Promise.resolve({ confirmed: !isBroken, reason, output, durationMs: 400 });
      },
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

describe("hale fence test", () => {
  const text = `cluster: c
nodes:
  n1: { addresses: [10.0.0.1], fence: [{ device: board }, { device: strip, plug: 1 }] }
  n2: { addresses: [10.0.0.2], fence: [{ device: strip, plug: 2 }] }
  n3: { addresses: [10.0.0.3], fence: [{ device: strip, plug: 3 }] }
fencing: { devices: { board: { agent: fence_board }, strip: { agent: fence_pdu, ip: 10.0.0.9 } } }
`;
  const parsed = parseConfig(text, "f");
  if (!parsed.ok) throw new Error("the configuration is right");
  const members = ["n1", "n2"].map(parseNodeId);
  const reached: Over = {
    ...agents,
    client: {
      config: () => Promise.resolve(parsed),
      status: () => Promise.resolve({ ...healthy, group: { ...healthy.group, members } }),
    },
  };

  it("asks for the state, and for nothing else, of every node by every device", async () => {
    calls.length = 0;
    const result = await hale("fence test", reached);
    expect(calls.toSorted()).toEqual([
      "status fence_board -",
      "status fence_pdu 1",
      "status fence_pdu 2",
      "status fence_pdu 3",
    ]);
    expect([result.code, result.err]).toEqual([1, ""]);
    expect(result.out).toMatchInlineSnapshot(`
      "  NODE  DEVICE  PLUG  TOOK   RESULT
      ✗ n1    board   -     400ms  fence_board status: Login denied
          | Connecting
          | Login denied
      ✓ n1    strip   1     400ms  on
      ✓ n2    strip   2     400ms  on
      ✓ n3    strip   3     400ms  off
      "
    `);
  });

  it("asks about one node or one device", async () => {
    expect(await hale("fence test n2", reached)).toMatchObject({ code: 0 });
    const document = JSON.parse((await hale("fence test board --json", reached)).out) as object;
    expect(document).toMatchObject({ ok: false, steps: [{ node: "n1", device: "board", plug: null, works: false }] });
    expect(await hale("fence test n9", reached)).toMatchObject({
      code: 1,
      err: 'hale: Cannot test "n9": no node or fence device; configured are n1, n2, n3, board, strip [NODE_UNKNOWN]\n',
    });
  });

  it("takes the file when no daemon answers", async () => {
    const config = () => Promise.reject(new ClusterError("NOT_REACHED", "no daemon"));
    const alone: Over = { ...agents, client: { config }, readConfigText: () => Promise.resolve(text) };
    expect(await hale("fence test n1", alone)).toMatchObject({ code: 1 });
    expect(await hale("fence test", { ...alone, readConfigText: () => Promise.resolve("cluster: 1") })).toMatchObject({
      code: 2,
    });
    const none = "cluster: c\nnodes: { a: { addresses: [10.0.0.1] } }\nfencing: none\n";
    expect(await hale("fence test", { ...alone, readConfigText: () => Promise.resolve(none) })).toMatchObject({
      code: 1,
      err: "hale: Cannot test fencing: no fence device is configured [FAILED]\n",
    });
  });

  it("distrusts a plug that is off while its node is here", async () => {
    const all: Over = {
      ...reached,
      client: {
        ...reached.client,
        status: () => Promise.resolve({ ...healthy, group: { ...healthy.group, members: [parseNodeId("n3")] } }),
      },
    };
    const result = await hale("fence test n3", all);
    expect(result.code).toBe(1);
    expect(result.out).toContain("says that n3 is off, but n3 is a member: is the plug right?");
  });
});

describe("what was done", () => {
  const [n1, n2] = [parseNodeId("n1"), parseNodeId("n2")];
  const plainFence = { by: n1, means: "devices" as const, attempt: 1, times: 1, devices: [] };
  const fences: readonly FenceReport[] = [
    {
      ...plainFence,
      target: n2,
      result: "confirmed",
      why: "it is lost and may run web",
      reason: "confirmed off by pdu",
      startedAt: wallMs(60_000),
      endedAt: wallMs(62_500),
      entry: 9,
    },
    {
      ...plainFence,
      target: n1,
      by: n2,
      result: "failed",
      why: "asked by root",
      reason: "pdu: no answer",
      times: 3,
      startedAt: wallMs(1_000),
      endedAt: wallMs(31_000),
      entry: 5,
    },
  ];
  const told: Over = { client: { fences: () => Promise.resolve(fences) } };

  it("is told, newest first, of one node or of all", async () => {
    expect((await hale("fence history", told)).out).toMatchInlineSnapshot(`
      "BEGUN                NODE  RESULT     TOOK  BY  WHY, AND WHAT CAME OF IT
      1970-01-01 00:01:00  n2    confirmed  2.5s  n1  it is lost and may run web: confirmed off by pdu
      1970-01-01 00:00:01  n1    failed     30s   n2  asked by root: pdu: no answer, 3 times
      "
    `);
    expect(JSON.parse((await hale("fence history n1 --json", told)).out)).toMatchObject({ fences: [{ target: "n1" }] });
    expect((await hale("fence history")).out).toBe("no node was fenced\n");
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
