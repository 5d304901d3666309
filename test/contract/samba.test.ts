import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
import { startByNode } from "../../src/adapters/process/start-program.ts";
import { processesUsing } from "../../src/adapters/samba/processes-using.ts";
import { createSambaAgent } from "../../src/adapters/samba/samba-agent.ts";
import type { ResourceConfig, SambaResource } from "../../src/model/cluster-config.ts";
import { parseServiceId, resourceId } from "../../src/model/ids.ts";
import type { OperationAction, OperationOutcome } from "../../src/model/operation.ts";
import { durationMs, instantMs } from "../../src/model/units.ts";
import type { ResourceAgent } from "../../src/ports/resource-agent.ts";
import { canMakeSandbox, enterNetworkSandbox, ip } from "./network-sandbox.ts";
import { operation, resourceAgentContract } from "./resource-agent.contract.ts";

// Debian's Samba, two file servers on one machine, in a network namespace that only this test process is in.

const client = "smbclient";
const isInstalled = existsSync("/usr/sbin/smbd") && existsSync("/usr/bin/smbclient");
const never = new AbortController().signal;
const times = {
  startTimeoutMs: durationMs(20_000),
  stopTimeoutMs: durationMs(20_000),
  monitorTimeoutMs: durationMs(10_000),
  monitorIntervalMs: durationMs(10_000),
};

describe.skipIf(!canMakeSandbox || !isInstalled)("samba", () => {
  let root: string;
  let runner: ProgramRunner;

  beforeAll(() => {
    enterNetworkSandbox();
    ip("address add 192.168.7.50/24 dev hale0");
    ip("address add 192.168.7.51/24 dev hale0");
    root = mkdtempSync(join(tmpdir(), "hale-samba-"));
    // Guests are nobody, and must get as far as the shares.
    chmodSync(root, 0o755);
    runner = new ProgramRunner({ outputFolder: join(root, "output"), start: startByNode });
  });

  const successors: ProgramRunner[] = [];

  afterAll(() => {
    for (const one of [runner, ...successors]) one.close();
    // A test that failed may have left some; nobody else ends them.
    for (const { pid } of processesUsing(root)) process.kill(pid, "SIGKILL");
    rmSync(root, { recursive: true });
  });

  /** A share called data, with a file that says whose it is. */
  function server(service: string, address: string, more: Partial<SambaResource> = {}): SambaResource {
    const folder = join(root, service);
    mkdirSync(join(folder, "data"), { recursive: true });
    writeFileSync(join(folder, "data", "whose"), service);
    const share = "[data]\n  path = %D\n  guest ok = yes\n  read only = no\n".replace("%D", join(folder, "data"));
    const head = "[global]\n  map to guest = bad user\n  load printers = no\n  interfaces = 0.0.0.0\n";
    writeFileSync(join(folder, "smb.conf"), head + share);
    return {
      kind: "samba",
      id: resourceId(parseServiceId(service), "samba"),
      name: "samba",
      config: join(folder, "smb.conf"),
      folder: join(folder, "samba"),
      netbiosName: service.toUpperCase(),
      addresses: [address],
      ...times,
      ...more,
    };
  }

  function makeAgent(path?: readonly string[], now = (): ReturnType<typeof instantMs> => instantMs(0)): ResourceAgent {
    return createSambaAgent({
      clock: { now },
      runner,
      folder: join(root, "run"),
      ...(path === undefined ? {} : { path }),
    });
  }

  async function run(
    resource: ResourceConfig,
    action: OperationAction,
    agent = makeAgent(),
  ): Promise<OperationOutcome> {
    return agent.run(operation(resource, action), never);
  }

  /** What a client reads of the share. */
  function whose(address: string): string {
    execFileSync(client, ["-N", `//${address}/data`, "-c", `get whose ${join(root, "got")}`], { stdio: "pipe" });
    return readFileSync(join(root, "got"), "utf8");
  }

  function runFolder({ id }: SambaResource): string {
    return join(root, "run", encodeURIComponent(id));
  }

  resourceAgentContract("samba", () => {
    let now = instantMs(0);
    const resource = server("files", "192.168.7.50");
    return {
      agent: makeAgent(undefined, () => now),
      resource,
      foreign: { ...resource, kind: "lsb", script: "/bin/true" },
      setNow: (instant) => {
        now = instant;
      },
      isRunning: () => processesUsing(runFolder(resource)).length > 0,
      kill: async () => {
        for (const { pid } of processesUsing(runFolder(resource))) process.kill(pid, "SIGKILL");
        while (processesUsing(runFolder(resource)).length > 0) await sleep(10);
      },
      tellsDeaths: true,
      successor: () => {
        const next = new ProgramRunner({ outputFolder: join(root, "output"), start: startByNode });
        successors.push(next);
        return createSambaAgent({ clock: { now: () => now }, runner: next, folder: join(root, "run") });
      },
      failing: (action) => (action === "start" ? { ...resource, config: "/nowhere/smb.conf" } : undefined),
      close: () => undefined,
    };
  });

  test("[SMB-1] two of them serve their own shares on their own addresses, and nowhere else, whatever their files say", async () => {
    const [files, archive] = [server("files", "192.168.7.50"), server("archive", "192.168.7.51")];
    expect(await run(files, "start")).toMatchObject({ status: "ok", reason: "runs on 192.168.7.50" });
    expect(await run(archive, "start")).toMatchObject({ status: "ok" });
    expect([whose("192.168.7.50"), whose("192.168.7.51")]).toEqual(["files", "archive"]);
    expect(() => whose("192.168.7.11")).toThrow(/./);
    expect(await run(files, "stop")).toMatchObject({ status: "ok", reason: "stopped" });
    expect(await run(files, "monitor")).toMatchObject({ status: "not-running" });
    expect(await run(archive, "monitor")).toMatchObject({ status: "ok" });
    expect(whose("192.168.7.51")).toBe("archive");
    expect(await run(archive, "stop")).toMatchObject({ status: "ok" });
    expect(existsSync(runFolder(archive))).toBe(false);
  });

  test("[SMB-2] what must go along is in the folder of the service, and what must not is not", async () => {
    const files = server("files", "192.168.7.50");
    await run(files, "start");
    expect(readdirSync(files.folder).toSorted()).toEqual(["log", "private", "state"]);
    expect(readdirSync(join(files.folder, "private"))).toContain("passdb.tdb");
    expect(readdirSync(join(runFolder(files), "lock")).length).toBeGreaterThan(0);
    await run(files, "stop");
  });

  test("[SMB-3] a server that does not answer has failed, and is ended by a stop with all that clients have open", async () => {
    const files = server("files", "192.168.7.50");
    await run(files, "start");
    const main = Number(readFileSync(join(runFolder(files), "pid", "smbd.pid"), "utf8"));
    process.kill(main, "SIGSTOP");
    expect(await run(files, "monitor")).toMatchObject({ status: "failed" });
    const outcome = await makeAgent().run(operation(files, "stop", { timeoutMs: durationMs(6_000) }), never);
    expect(outcome).toMatchObject({ status: "ok" });
    expect(processesUsing(runFolder(files))).toEqual([]);
    await run(files, "start");
    process.kill(Number(readFileSync(join(runFolder(files), "pid", "smbd.pid"), "utf8")), "SIGKILL");
    // The others of it end by themselves a moment later.
    expect(["failed", "not-running"]).toContain((await run(files, "monitor")).status);
    expect(await run(files, "stop")).toMatchObject({ status: "ok" });
    expect(processesUsing(runFolder(files))).toEqual([]);
  });

  test("[SMB-3] a start that cannot have its address says why, and a node without Samba cannot run it", async () => {
    const files = server("files", "192.168.7.99");
    const outcome = await run(files, "start");
    expect(outcome).toMatchObject({ status: "failed" });
    expect(outcome.reason).toMatch(/^Cannot start samba samba: /);
    expect(await run(files, "stop")).toMatchObject({ status: "ok" });
    const bare = makeAgent(["/nowhere"]);
    expect(await run(files, "monitor", bare)).toMatchObject({ status: "not-running", severity: "hard" });
    expect(await run(files, "start", bare)).toMatchObject({ status: "failed", severity: "hard" });
  });

  test("[SMB-1] with nmbd, both answer, and the end of one is found", async () => {
    const files = server("files", "192.168.7.50", { nmbd: true });
    expect(await run(files, "start")).toMatchObject({ status: "ok" });
    process.kill(Number(readFileSync(join(runFolder(files), "pid", "nmbd.pid"), "utf8")), "SIGKILL");
    const reason = async (): Promise<string> => (await run(files, "monitor")).reason;
    await expect.poll(reason, { timeout: 5_000 }).toBe("its nmbd has ended, others of it run");
    expect(await run(files, "stop")).toMatchObject({ status: "ok" });
  });
});
