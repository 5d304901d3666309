import { describe, expect, it, vi } from "vitest";
import type { AgentMetadata } from "../model/agent-metadata.ts";
import type { ResourceAgents } from "./cli-context.ts";
import { fakeContext } from "./fixtures/fake-context.fixture.ts";
import { runCli } from "./run-cli.ts";

const plain = { isRequired: false, isDeprecated: false, replacedBy: "", replaces: "", type: "string", options: [] };
const timed = { role: "", isAutomatic: false, isOnTarget: false };
const disk: AgentMetadata = {
  name: "disk",
  apiVersion: "1.1",
  shortDescription: "A disk",
  longDescription: "",
  parameters: [
    { ...plain, name: "device", isRequired: true, default: null, description: "the device" },
    { ...plain, name: "count", type: "integer", default: "3", description: "how many" },
    { ...plain, name: "old", isDeprecated: true, default: null, description: "how many, of old" },
  ],
  actions: [
    { ...timed, name: "start", timeoutMs: 90_000, intervalMs: null, depth: 0 },
    { ...timed, name: "monitor", timeoutMs: 20_000, intervalMs: 10_000, depth: 0 },
    { ...timed, name: "monitor", timeoutMs: 20_000, intervalMs: 10_000, depth: 10, role: "Promoted" },
    { ...timed, name: "meta-data", timeoutMs: 5_000, intervalMs: null, depth: 0 },
  ],
};

const agents: ResourceAgents = {
  list: () => Promise.resolve(["heartbeat:broken", "heartbeat:disk", "heartbeat:twin", "own:twin"]),
  metadata: (agent) =>
    Promise.resolve(
      agent === "heartbeat:disk"
        ? { ok: true, metadata: disk }
        : { ok: false, reason: `Cannot read ocf agent "${agent}": not XML`, isMissing: false },
    ),
};

async function hale(words: string, over: Parameters<typeof fakeContext>[0] = {}) {
  const { context, spy } = fakeContext({ resourceAgents: () => Promise.resolve(agents), ...over });
  const code = await runCli(words.split(" "), context);
  return { code, ...spy };
}

describe("hale agent", () => {
  it("lists what describes itself", async () => {
    expect(await hale("agent list")).toMatchObject({ code: 0, out: "heartbeat:disk  A disk\n" });
    expect(JSON.parse((await hale("agent list --json")).out)).toEqual({
      agents: [{ name: "heartbeat:disk", description: "A disk" }],
    });
  });

  it.each(["heartbeat:disk", "ocf:heartbeat:disk", "disk"])("shows %s", async (name) => {
    expect((await hale(`agent show ${name}`)).out).toMatchInlineSnapshot(`
      "heartbeat:disk  A disk

                PARAMETER  TYPE     DEFAULT  MEANING
      required  device     string            the device
                count      integer  3        how many

      ACTION     TIME-OUT  EVERY  LEVEL  ROLE
      start      1m 30s
      monitor    20s       10s    0
      monitor    20s       10s    10     Promoted
      meta-data  5s

      OCF 1.1
      "
    `);
    expect(JSON.parse((await hale(`agent show ${name} --json`)).out)).toEqual({ agent: "heartbeat:disk", ...disk });
  });

  it.each([
    ["twin", "heartbeat:twin or own:twin"],
    ["dist", "no such OCF agent is installed here; did you mean heartbeat:disk?"],
    ["heartbeat:disc", "no such OCF agent is installed here; did you mean heartbeat:disk?"],
    ["postgres", "no such OCF agent is installed here; hale agent list shows what is"],
  ])("says what is wrong with %s", async (name, text) => {
    expect(await hale(`agent show ${name}`)).toMatchObject({
      code: 1,
      err: `hale: Cannot show "${name}": ${text} [AGENT_UNKNOWN]\n`,
    });
  });

  it("tells of an agent that does not describe itself", async () => {
    expect(await hale("agent show broken")).toMatchObject({
      code: 1,
      err: 'hale: Cannot read ocf agent "heartbeat:broken": not XML [AGENT_UNKNOWN]\n',
    });
  });

  it("completes names without asking any agent", async () => {
    const printed = vi.spyOn(console, "log").mockImplementation(() => undefined);
    await hale("complete -- agent show ");
    const lines = printed.mock.calls.flat().map(String);
    printed.mockRestore();
    expect(lines.join("\n")).toMatch(/^heartbeat:disk\t/m);
    expect(lines.join("\n")).toMatch(/^disk\t/m);
  });
});

describe("[OCF-7] hale config check", () => {
  const text = `cluster: c
nodes: { a: { addresses: [10.0.0.1] } }
fencing: none
services:
  s:
    resources:
      - ocf: { agent: "heartbeat:disk", devise: x, start: { timeout: 90s } }
      - ocf: { agent: "heartbeat:broken" }
`;
  const readConfigText = () => Promise.resolve(text);

  it("warns of what the agents do not know, and ends well", async () => {
    const { code, out } = await hale("config check f", { readConfigText });
    expect(code).toBe(0);
    expect(out).toContain("! f:7:9: services.s.resources[0].ocf: found no device, wanted device");
    expect(out).toContain('! f:7:41: services.s.resources[0].ocf.devise: found key "devise"');
    expect(out).toContain(
      '! parameters of heartbeat:broken were not checked: Cannot read ocf agent "heartbeat:broken"',
    );
    const document = JSON.parse((await hale("config check f --json", { readConfigText })).out) as object;
    expect(document).toMatchObject({ ok: true, warnings: [{ line: 7 }, { line: 7, hint: "device" }] });
  });
});
