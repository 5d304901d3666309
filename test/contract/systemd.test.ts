import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ProgramRunner } from "../../src/adapters/process/program-runner.ts";
import { createSystemdAgent } from "../../src/adapters/systemd/systemd-agent.ts";
import type { ResourceConfig, SystemdResource } from "../../src/model/cluster-config.ts";
import { parseServiceId, resourceId } from "../../src/model/ids.ts";
import type { OperationAction, OperationOutcome } from "../../src/model/operation.ts";
import { durationMs, instantMs } from "../../src/model/units.ts";
import { ownFolder } from "./own-folder.ts";
import { operation, resourceAgentContract } from "./resource-agent.contract.ts";

// Units of systemd through a systemctl of our own: a script that keeps the state of units in files and answers as the real one does.

const folder = ownFolder("systemd");
const runner = new ProgramRunner({ outputFolder: join(folder, "output") });
const never = new AbortController().signal;
let worlds = 0;

afterAll(() => {
  runner.close();
});

/** A systemd of one unit. `state`: what ActiveState says; `calls`: what was asked, a line each. */
function makeSystemd(more = "") {
  worlds += 1;
  const base = join(folder, `world-${worlds}`);
  const units = join(base, "system");
  mkdirSync(units, { recursive: true });
  const [state, calls, systemctl] = [join(base, "state"), join(base, "calls"), join(base, "systemctl")];
  writeFileSync(state, "inactive");
  writeFileSync(
    systemctl,
    `#!/bin/sh
echo "$@" >> ${calls}
load=loaded
${more}
case $1 in
  show) echo "LoadState=$load"; echo "ActiveState=$(cat ${state})"; echo SubState=sub; echo Result=exit-code ;;
  start) echo active > ${state} ;;
  stop) echo inactive > ${state} ;;
  reset-failed) echo inactive > ${state} ;;
esac
exit 0
`,
    { mode: 0o755 },
  );
  return {
    units,
    systemctl,
    state: () => readFileSync(state, "utf8").trim(),
    setState: (text: string) => writeFileSync(state, text),
    asked: () =>
      (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []).filter(
        (one) => !one.startsWith("show"),
      ),
    dropIn: join(units, "web.service.d/50-hale.conf"),
  };
}

const span = durationMs(5000);
const unit: SystemdResource = {
  kind: "systemd",
  id: resourceId(parseServiceId("site"), "web"),
  name: "web",
  unit: "web.service",
  startTimeoutMs: span,
  stopTimeoutMs: span,
  monitorTimeoutMs: span,
  monitorIntervalMs: span,
};

resourceAgentContract("systemd", () => {
  const world = makeSystemd(`case "$*" in
  "start hang-start.service" | "stop hang-stop.service" | show*hang-monitor.service) sleep 60 ;;
  "start fail-start.service" | "stop fail-stop.service" | show*fail-monitor.service) echo Job failed >&2; exit 1 ;;
esac`);
  let now = instantMs(0);
  const foreign: ResourceConfig = { ...unit, kind: "lsb", script: "/bin/true" };
  const trouble = (how: string, action: OperationAction): SystemdResource => {
    if (action === "stop") world.setState("active");
    return { ...unit, unit: `${how}-${action}.service` };
  };
  return {
    agent: createSystemdAgent({ runner, clock: { now: () => now }, systemctl: world.systemctl, folder: world.units }),
    resource: unit,
    foreign,
    setNow: (instant) => {
      now = instant;
    },
    isRunning: () => world.state() === "active",
    kill: () => world.setState("failed"),
    hanging: (action) => trouble("hang", action),
    failing: (action) => trouble("fail", action),
    close: () => undefined,
  };
});

describe("a unit of systemd", () => {
  function open(more = "") {
    const world = makeSystemd(more);
    const clock = { now: () => instantMs(0) };
    const agent = createSystemdAgent({ runner, clock, systemctl: world.systemctl, folder: world.units });
    const run = async (action: OperationAction): Promise<OperationOutcome> => agent.run(operation(unit, action), never);
    return { ...world, run };
  }

  test("[UNIT-1] has a drop-in while it is managed, which is gone after its stop", async () => {
    const world = open();
    await world.run("start");
    expect(readFileSync(world.dropIn, "utf8")).toContain("[Unit]\nBefore=haled.service\n\n[Service]\nRestart=no\n");
    expect(world.asked()).toEqual(["daemon-reload", "start web.service"]);
    await world.run("start");
    expect(world.asked().slice(2)).toEqual(["start web.service"]);
    await world.run("stop");
    expect(existsSync(world.dropIn)).toBe(false);
    expect(existsSync(join(world.units, "web.service.d"))).toBe(false);
    expect(world.asked().slice(3)).toEqual(["stop web.service", "daemon-reload"]);
  });

  test("[UNIT-1] a drop-in of somebody else stays", async () => {
    const world = open();
    await world.run("start");
    const other = join(world.units, "web.service.d/other.conf");
    writeFileSync(other, "");
    await world.run("stop");
    expect(existsSync(other)).toBe(true);
  });

  test.each([
    ["active", "ok", "none"],
    ["reloading", "ok", "none"],
    ["activating", "ok", "none"],
    ["deactivating", "failed", "soft"],
    ["inactive", "not-running", "none"],
    ["failed", "not-running", "none"],
  ])("[UNIT-2] %s is %s", async (state, status, severity) => {
    const world = open();
    world.setState(state);
    expect(await world.run("monitor")).toMatchObject({ status, severity });
  });

  test.each([
    ["not-found", "there is no unit web.service here: is its package installed?"],
    ["masked", "web.service is masked: systemctl unmask web.service"],
    ["bad-setting", "web.service cannot be loaded (bad-setting): systemctl status web.service"],
  ])("[UNIT-3] that is %s cannot run here, and need not be stopped", async (load, text) => {
    const world = open(`load=${load}`);
    expect(await world.run("monitor")).toMatchObject({ status: "not-running", severity: "hard", reason: text });
    expect(await world.run("start")).toMatchObject({
      status: "failed",
      severity: "hard",
      reason: `Cannot start web.service: ${text}`,
    });
    expect(await world.run("stop")).toMatchObject({ status: "ok" });
    expect(world.asked()).toEqual([]);
    // What was masked while it ran, runs.
    world.setState("active");
    expect(await world.run("monitor")).toMatchObject({ status: "ok" });
    expect(await world.run("stop")).toMatchObject({ status: "ok", reason: "stopped" });
  });

  test("[UNIT-2] that has failed too often is started all the same; one that ends at once has not started", async () => {
    const world = open();
    world.setState("failed");
    expect(await world.run("start")).toMatchObject({ status: "ok" });
    expect(world.asked()).toEqual(["daemon-reload", "reset-failed web.service", "start web.service"]);
    const short = open("[ $1 = start ] && exit 0");
    expect(await short.run("start")).toMatchObject({
      status: "failed",
      reason: "Cannot start web.service: it has ended at once: inactive (exit-code)",
    });
  });

  test("[UNIT-5] is stopped without waiting for haled, whose own stop waits for it", async () => {
    const world = open('case "$*" in show*haled.service) echo ActiveState=deactivating; exit 0 ;; esac');
    world.setState("active");
    expect(await world.run("stop")).toMatchObject({ status: "ok", reason: "stopped" });
    expect(world.asked()).toEqual(["stop --no-block web.service", "stop --job-mode=ignore-dependencies web.service"]);
  });

  test("[UNIT-2] that is still there after its stop has not stopped", async () => {
    const world = open("[ $1 = stop ] && { echo 'Job canceled' >&2; exit 1; }");
    world.setState("active");
    expect(await world.run("stop")).toMatchObject({
      status: "failed",
      reason: "Cannot stop web.service: Job canceled (exit code 1), active (sub)",
    });
  });

  test("[UNIT-3] runs nowhere where systemd does not", async () => {
    const world = open();
    rmSync(world.units, { recursive: true });
    expect(await world.run("monitor")).toMatchObject({ status: "not-running", severity: "hard" });
    expect(await world.run("start")).toMatchObject({ status: "failed", severity: "hard" });
    expect(await world.run("stop")).toMatchObject({ status: "ok" });
  });
});
