import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createDelayAgent } from "../../src/adapters/delay/delay-agent.ts";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
import { createRhcsAgent, rhcsProgram } from "../../src/adapters/rhcs/rhcs-agent.ts";
import type { DelayResource, ResourceConfig, RhcsResource } from "../../src/model/cluster-config.ts";
import { parseServiceId, resourceId } from "../../src/model/ids.ts";
import type { OperationAction, OperationOutcome } from "../../src/model/operation.ts";
import { durationMs, instantMs } from "../../src/model/units.ts";
import { ownFolder } from "./own-folder.ts";
import { operation, resourceAgentContract } from "./resource-agent.contract.ts";

const folder = ownFolder("delay-and-rhcs");
const runner = new ProgramRunner({ outputFolder: join(folder, "output") });
const never = new AbortController().signal;
let worlds = 0;

afterAll(() => {
  runner.close();
});

const span = durationMs(5000);
const base = {
  id: resourceId(parseServiceId("web"), "one"),
  name: "one",
  startTimeoutMs: span,
  stopTimeoutMs: span,
  monitorTimeoutMs: span,
  monitorIntervalMs: span,
};
const foreign: ResourceConfig = { ...base, kind: "lsb", script: "/bin/true" };

resourceAgentContract("delay", () => {
  worlds += 1;
  const marks = join(folder, `marks-${worlds}`);
  const resource: DelayResource = { ...base, kind: "delay", waitStartMs: durationMs(1), waitStopMs: durationMs(1) };
  const mark = join(marks, encodeURIComponent(resource.id));
  let now = instantMs(0);
  return {
    agent: createDelayAgent({ runner, clock: { now: () => now }, folder: marks }),
    resource,
    foreign,
    setNow: (instant) => {
      now = instant;
    },
    isRunning: () => existsSync(mark),
    kill: () => rmSync(mark),
    hanging: (action) => {
      if (action === "stop") {
        mkdirSync(marks);
        writeFileSync(mark, "");
      }
      if (action === "monitor") return undefined;
      return { ...resource, [action === "start" ? "waitStartMs" : "waitStopMs"]: durationMs(60_000) };
    },
    close: () => undefined,
  };
});

/** An agent that keeps its state in a file, and writes down what it was asked. */
function rhcsScript(name: string, more = ""): { readonly state: string; readonly calls: string } {
  const [state, calls] = [join(folder, `${name}.state`), join(folder, `${name}.calls`)];
  const body = `#!/bin/sh
echo "$1 $OCF_RESKEY_name $OCF_RESKEY_service_name $OCF_RESKEY_mountpoint $OCF_RESOURCE_INSTANCE" >> ${calls}
${more}
case $1 in
  start) touch ${state} ;;
  stop) rm -f ${state} ;;
  status) [ -e ${state} ] || exit 7 ;;
  *) exit 3 ;;
esac
exit 0
`;
  writeFileSync(join(folder, `${name}.sh`), body, { mode: 0o755 });
  return { state, calls };
}

function rhcs(agent: string): RhcsResource {
  return { ...base, kind: "rhcs", agent, parameters: { mountpoint: "/srv" } };
}

resourceAgentContract("rhcs", () => {
  worlds += 1;
  const name = `disk-${worlds}`;
  const { state } = rhcsScript(name);
  let now = instantMs(0);
  const trouble = (how: string): RhcsResource => {
    rhcsScript(`${name}-${how}`, how === "hang" ? "sleep 60" : "echo broken >&2; exit 1");
    return rhcs(`${name}-${how}`);
  };
  return {
    agent: createRhcsAgent({ runner, clock: { now: () => now }, folder }),
    resource: rhcs(name),
    foreign,
    setNow: (instant) => {
      now = instant;
    },
    isRunning: () => existsSync(state),
    kill: () => rmSync(state),
    hanging: () => trouble("hang"),
    failing: () => trouble("fail"),
    close: () => undefined,
  };
});

describe("an agent of Red Hat's cluster manager", () => {
  const agent = createRhcsAgent({ runner, clock: { now: () => instantMs(0) }, folder });
  const run = async (action: OperationAction, resource: RhcsResource): Promise<OperationOutcome> =>
    agent.run(operation(resource, action), never);

  test("[RHCS-1] is given its parameters, and the names that it knows", async () => {
    const { calls } = rhcsScript("fs");
    await run("start", rhcs("fs"));
    await run("monitor", rhcs("fs.sh"));
    await run("stop", rhcs(join(folder, "fs.sh")));
    expect(readFileSync(calls, "utf8")).toBe(
      "start one web /srv fs:one\nstatus one web /srv fs:one\nstop one web /srv fs:one\n",
    );
    expect(rhcsProgram("fs")).toBe("/usr/share/cluster/fs.sh");
  });

  test("[RHCS-2] that fails its status before anything is known is stopped to be sure; later it has failed", async () => {
    const { calls } = rhcsScript("vague", "[ $1 = status ] && exit 1");
    const vague = rhcs("vague");
    expect(await run("monitor", vague)).toMatchObject({ status: "not-running" });
    await run("start", vague);
    expect(await run("monitor", vague)).toMatchObject({ status: "failed", severity: "soft" });
    const asked = readFileSync(calls, "utf8")
      .split("\n")
      .map((line) => line.split(" ", 1)[0]);
    expect(asked).toEqual(["status", "stop", "start", "status", ""]);
    await run("stop", vague);
    rhcsScript("stuck", "[ $1 = start ] || { echo held; exit 1; }");
    expect(await run("monitor", rhcs("stuck"))).toMatchObject({
      status: "failed",
      reason: "held (exit code 1); and it cannot be stopped: held (exit code 1)",
    });
  });
});
