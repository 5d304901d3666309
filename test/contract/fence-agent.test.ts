import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createFenceAgentDevice } from "../../src/adapters/fence-agent/fence-agent-device.ts";
import { installedFenceAgents } from "../../src/adapters/fence-agent/installed-agents.ts";
import { readFenceMetadata } from "../../src/adapters/fence-agent/metadata.ts";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
import { checkAgents } from "../../src/config/check-agents.ts";
import { isUnfencing } from "../../src/config/defaults.ts";
import { formatConfigError } from "../../src/config/config-error.ts";
import type { FenceCall, FenceOutcome } from "../../src/model/operation.ts";
import { durationMs } from "../../src/model/units.ts";
import { fenceDeviceContract } from "./fence-device.contract.ts";
import { ownFolder } from "./own-folder.ts";

const folder = ownFolder("fence");
const runner = new ProgramRunner({ outputFolder: join(folder, "output") });
const never = new AbortController().signal;

afterAll(() => {
  runner.close();
});

function script(name: string, body: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

// Debian's fence_dummy: the real library of fence agents with a file for a power switch.
const hasDummy = existsSync("/usr/sbin/fence_dummy");

describe.skipIf(!hasDummy)("fence_dummy", () => {
  let worlds = 0;
  fenceDeviceContract("fence_dummy of Debian", () => {
    worlds += 1;
    const status = join(folder, `status-${worlds}`);
    const parameters = { status_file: status, type: "file" };
    writeFileSync(status, "on");
    return {
      device: createFenceAgentDevice({ runner }),
      works: { agent: "fence_dummy", parameters, plug: "1" },
      refuses: { agent: "fence_dummy", parameters: { ...parameters, type: "fail", power_timeout: "1" }, plug: "1" },
      hangs: { agent: script("fence_hangs", "cat > /dev/null; sleep 60 & wait"), parameters: {}, plug: "1" },
      missing: { agent: "fence_nowhere", parameters: {}, plug: "1" },
      isOn: () => readFileSync(status, "utf8").trim() === "on",
      close: () => undefined,
    };
  });

  test("its metadata tells parameters and actions", async () => {
    const answer = await readFenceMetadata("fence_dummy", { runner }, never);
    expect(answer).toMatchObject({ ok: true, metadata: { name: "fence_dummy" } });
  });
});

const hasDebian = ["fence_dummy", "fence_virsh", "fence_ipmilan", "fence_scsi"].every((name) =>
  existsSync(`/usr/sbin/${name}`),
);

describe.skipIf(!hasDebian)("what agents of Debian say of themselves", () => {
  async function metadataOf(agent: string) {
    const answer = await readFenceMetadata(agent, { runner }, never);
    if (!answer.ok) throw new Error(answer.reason);
    return answer.metadata;
  }

  test.each([
    ["fence_dummy", [], ["off", "on", "reboot", "status", "monitor"]],
    ["fence_virsh", ["ip", "plug", "username"], ["off", "on", "reboot", "status", "monitor", "list"]],
    ["fence_ipmilan", [], ["off", "on", "reboot", "status", "monitor", "diag"]],
  ])("%s", async (agent, required, actions) => {
    const metadata = await metadataOf(agent);
    expect(metadata.name).toBe(agent);
    expect(metadata.shortDescription).not.toBe("");
    const wanted = metadata.parameters.filter(
      (each) => each.isRequired && !each.isDeprecated && each.name !== "action",
    );
    expect(wanted.map((each) => each.name).toSorted()).toEqual(required);
    const names = metadata.actions.map((action) => action.name);
    expect(names).toEqual(expect.arrayContaining(actions));
    expect(metadata.actions.some((action) => action.isAutomatic)).toBe(false);
  });

  test("names of old are known by the new ones", async () => {
    const { parameters } = await metadataOf("fence_ipmilan");
    expect(parameters.find(({ name }) => name === "ip")).toMatchObject({ replaces: "ipaddr", isDeprecated: false });
    expect(parameters.find(({ name }) => name === "ipaddr")).toMatchObject({ isDeprecated: true });
    expect(parameters.find(({ name }) => name === "auth")?.options).toEqual(["md5", "password", "none"]);
  });

  test("storage has to be given back to a node by itself", async () => {
    const on = (await metadataOf("fence_scsi")).actions.find(({ name }) => name === "on");
    expect(on).toMatchObject({ isAutomatic: true, isOnTarget: true });
    // Those that are known by their names are those that say so themselves.
    for (const name of [
      "fence_brocade",
      "fence_cisco_mds",
      "fence_ifmib",
      "fence_mpath",
      "fence_sanbox2",
      "fence_scsi",
    ]) {
      const { actions } = await metadataOf(name);
      expect([name, actions.find((action) => action.name === "on")?.isAutomatic]).toEqual([name, true]);
      expect(isUnfencing(name, undefined)).toBe(true);
    }
    expect(isUnfencing("fence_ipmilan", undefined)).toBe(false);
  });

  test("every installed agent can be read, but for what is none", async () => {
    const names = await installedFenceAgents();
    expect(names).toEqual(expect.arrayContaining(["fence_apc_snmp", "fence_dummy", "fence_ipmilan", "fence_virsh"]));
    const signals = names.map(() => new AbortController().signal);
    const answers = await Promise.all(
      signals.map(async (signal, index) => readFenceMetadata(names[index] ?? "", { runner }, signal)),
    );
    const unread = names.filter((_, index) => answers[index]?.ok !== true);
    expect(unread.filter((name) => !["fence_ack_manual", "fence_virtd"].includes(name))).toEqual([]);
  });

  test("holds a configuration to it, with line and column", async () => {
    const names = ["fence_virsh", "fence_ipmilan", "fence_dummy"];
    const known = new Map(await Promise.all(names.map(async (name) => [name, await metadataOf(name)] as const)));
    const text = `cluster: c
nodes:
  a: { addresses: [10.0.0.1], fence: [{ device: ipmi }, { device: dummy, plug: 1 }] }
  b: { addresses: [10.0.0.2], fence: [{ device: host }] }
fencing:
  devices:
    ipmi: { agent: fence_ipmilan, ip: 10.9.0.1, username: admin, lanpuls: true, password-file: /etc/hale/ipmi }
    host: { agent: fence_virsh, ipaddr: 10.9.0.2 }
    dummy: { agent: fence_dummy, type: file }
`;
    expect(checkAgents(text, "f", known).map(formatConfigError)).toEqual([
      'f:3:74: nodes.a.fence[1].plug: found key "plug", wanted no plug: fence_dummy has none',
      expect.stringMatching(/^f:4:39: nodes\.b\.fence\[0\]: found no plug, wanted plug, which fence_virsh requires/),
      'f:7:66: fencing.devices.ipmi.lanpuls: found key "lanpuls", wanted a parameter of fence_ipmilan (hale fence show fence_ipmilan); did you mean "lanplus"?',
      expect.stringMatching(/^f:8:5: fencing\.devices\.host: found no username, wanted username/),
    ]);
  });
});

describe("fence agents", () => {
  let recorder: string;
  const heard = join(folder, "heard");

  beforeAll(() => {
    recorder = script("fence_recorder", `cat > ${heard}; cat ${heard}; exit \${CODE:-0}`);
  });

  async function run(more: Partial<FenceCall>): Promise<FenceOutcome> {
    const call: FenceCall = {
      id: 1,
      agent: recorder,
      parameters: {},
      action: "off",
      timeoutMs: durationMs(5000),
      ...more,
    };
    return createFenceAgentDevice({ runner }).run(call, never);
  }

  test("hear sorted lines on standard input, and nothing on the command line", async () => {
    await run({ parameters: { username: "admin", ip: "10.0.0.9", identity_file: "/etc/key" }, plug: "7" });
    expect(readFileSync(heard, "utf8")).toBe(
      "action=off\nidentity_file=/etc/key\nip=10.0.0.9\nplug=7\nusername=admin\n",
    );
  });

  test("cannot be told another action or plug by the configuration", async () => {
    await run({ parameters: { action: "status", plug: "1" }, plug: "7" });
    expect(readFileSync(heard, "utf8")).toBe("action=off\nplug=7\n");
  });

  test("get a password from its file at each call, and no outcome shows it", async () => {
    const file = join(folder, "pdu.secret");
    writeFileSync(file, "geheim\n");
    const outcome = await run({ parameters: { "password-file": file } });
    expect(readFileSync(heard, "utf8")).toBe("action=off\npassword=geheim\n");
    expect(JSON.stringify(outcome)).not.toContain("geheim");
    expect(outcome.output).toContain("password=***");
    writeFileSync(file, "anders\n");
    await run({ parameters: { "password-file": file } });
    expect(readFileSync(heard, "utf8")).toBe("action=off\npassword=anders\n");
  });

  test("are not run when a password file is missing", async () => {
    rmSync(heard, { force: true });
    const outcome = await run({ parameters: { "password-file": "/nowhere/secret" } });
    expect(outcome).toMatchObject({
      confirmed: false,
      reason: expect.stringContaining("password-file: ENOENT") as string,
    });
    expect(existsSync(heard)).toBe(false);
  });

  test("cannot be given a second line", async () => {
    const outcome = await run({ parameters: { username: "a\naction=on" } });
    expect(outcome).toMatchObject({
      confirmed: false,
      reason: expect.stringContaining("more than one line") as string,
    });
  });

  test.each([
    ["status", "echo Status: OFF; exit 2", { confirmed: true, reason: "off" }],
    ["status", "echo 'Failed: Unrecognised action' >&2; exit 2", { confirmed: false }],
    ["off", "exit 2", { confirmed: false }],
    ["off", "echo 'Unable to connect/login to fencing device' >&2; exit 3", { confirmed: false }],
    ["off", "kill -KILL $$", { confirmed: false }],
    ["off", "yes | head -c 100000000; exit 1", { confirmed: false }],
  ] as const)("%s of an agent that does: %s", async (action, body, expected) => {
    expect(await run({ agent: script("fence_case", `cat > /dev/null; ${body}`), action })).toMatchObject(expected);
  });

  test("that are missing name the package", async () => {
    expect((await run({ agent: "fence_nowhere" })).reason).toBe(
      'Cannot run "/usr/sbin/fence_nowhere": no such file: apt install fence-agents',
    );
  });
});
