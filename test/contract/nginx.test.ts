import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OcfAgent } from "../../src/adapters/ocf/ocf-agent.ts";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
import { startByNode } from "../../src/adapters/process/start-program.ts";
import type { OcfResource } from "../../src/model/cluster-config.ts";
import { parseNodeId, parseServiceId, resourceId } from "../../src/model/ids.ts";
import type { OperationAction, OperationOutcome } from "../../src/model/operation.ts";
import { durationMs, instantMs } from "../../src/model/units.ts";
import { canMakeSandbox, enterNetworkSandbox } from "./network-sandbox.ts";
import { operation } from "./resource-agent.contract.ts";
import { ownFolder } from "./own-folder.ts";

// A real daemon by a real agent: nginx by heartbeat:nginx, in a network namespace of its own so that its port is free.

const hasNginx = existsSync("/usr/sbin/nginx") && existsSync("/usr/lib/ocf/resource.d/heartbeat/nginx");

describe.skipIf(!hasNginx || !canMakeSandbox)("heartbeat:nginx of Debian", () => {
  const folder = ownFolder("nginx");
  const pidFile = join(folder, "nginx.pid");
  const runner = new ProgramRunner({ outputFolder: join(folder, "output"), start: startByNode });
  const agent = new OcfAgent({ runner, node: parseNodeId("n1"), clock: { now: () => instantMs(0) } });
  const time = durationMs(20_000);
  const resource: OcfResource = {
    kind: "ocf",
    id: resourceId(parseServiceId("web"), "nginx"),
    name: "nginx",
    provider: "heartbeat",
    type: "nginx",
    parameters: {
      configfile: join(folder, "nginx.conf"),
      status10url: "http://127.0.0.1:8080/nginx_status",
      OCF_CHECK_LEVEL: "10",
    },
    startTimeoutMs: time,
    stopTimeoutMs: time,
    monitorTimeoutMs: time,
    monitorIntervalMs: time,
  };

  beforeAll(() => {
    enterNetworkSandbox();
    writeFileSync(
      join(folder, "nginx.conf"),
      `pid ${pidFile};
error_log ${folder}/error.log;
worker_processes 1;
events { worker_connections 64; }
http {
  access_log off;
  server {
    listen 127.0.0.1:8080;
    location /nginx_status { stub_status; }
  }
}
`,
    );
  });

  afterAll(async () => {
    killNginx();
    await agent.close();
    runner.close();
  });

  function killNginx(): void {
    if (!existsSync(pidFile)) return;
    try {
      process.kill(-Number(readFileSync(pidFile, "utf8")), "SIGKILL");
    } catch {
      // It stopped by itself between the two lines.
    }
  }

  async function run(action: OperationAction): Promise<OperationOutcome> {
    return agent.run(operation(resource, action), new AbortController().signal);
  }

  test("starts, answers its status page, is missed when it dies, starts again, stops", async () => {
    expect(await run("monitor")).toMatchObject({ status: "not-running" });
    expect(await run("start")).toMatchObject({ status: "ok" });
    expect(await run("monitor")).toMatchObject({ status: "ok" });
    killNginx();
    await sleep(50);
    while (existsSync(`/proc/${readFileSync(pidFile, "utf8").trim()}`)) await sleep(20);
    expect(await run("monitor")).toMatchObject({ status: "not-running" });
    expect(await run("start")).toMatchObject({ status: "ok" });
    expect(await run("stop")).toMatchObject({ status: "ok" });
    expect(await run("monitor")).toMatchObject({ status: "not-running" });
  });
});
