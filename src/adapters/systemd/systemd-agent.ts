import { existsSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SystemdResource } from "../../model/cluster-config.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import { firstLine, lastLine } from "../process/limit-line.ts";
import { makeFolder } from "../process/make-folder.ts";
import type { Verdict } from "../process/run-operation.ts";
import {
  createStepAgent,
  done,
  failed,
  notRunning,
  type StepAgentOptions,
  type StepResult,
  type Steps,
  type StepWork,
} from "../process/step-agent.ts";
import { isRunningState } from "./unit-state.ts";
import { UnitWatch } from "./unit-watch.ts";

/** What it is made of. */
export interface SystemdAgentOptions extends StepAgentOptions {
  /** Default `systemctl`. */
  readonly systemctl?: string;
  /** Where systemd looks for drop-ins that a boot forgets. Its being there tells that systemd runs. Default `/run/systemd/system`. */
  readonly folder?: string;
  /** The socket of the system's message bus. Default `/run/dbus/system_bus_socket`. */
  readonly bus?: string;
}

/**
 * Units of systemd, by systemctl, which waits for the job and tells how it ended. Their ends are heard of by its signals.
 *
 * While a unit is managed it has a drop-in: systemd must not restart it by itself (that is the core's decision), and at a shutdown of the machine it is
 * stopped after haled, which moves it away first. The drop-in is in /run: a boot forgets it, as it forgets the unit, which must not be enabled.
 */
export function createSystemdAgent({
  systemctl = "systemctl",
  folder = "/run/systemd/system",
  bus = "/run/dbus/system_bus_socket",
  ...options
}: SystemdAgentOptions): ResourceAgent {
  const systemd = { systemctl, folder };
  const steps: Steps<SystemdResource> = {
    start: async ({ unit }, work) => start(systemd, unit, work),
    stop: async ({ unit }, work) => stop(systemd, unit, work),
    monitor: async ({ unit }, work) => monitor(systemd, unit, work),
  };
  const watch = new UnitWatch(bus);
  const agent = createStepAgent("systemd", steps, options);
  return {
    ...agent,
    async run(operation, signal) {
      const { resource, action } = operation;
      if (resource.kind !== "systemd") return agent.run(operation, signal);
      if (action === "stop") watch.forget(resource.id);
      const outcome = await agent.run(operation, signal);
      if (action !== "stop" && outcome.status === "ok") watch.runs(resource.id, resource.unit);
      else if (outcome.status === "not-running") watch.forget(resource.id);
      return outcome;
    },
    onDeath: (tell) => watch.listen(tell),
    close: async () => {
      watch.close();
      return agent.close();
    },
  };
}

/** How it is reached. */
interface Systemd {
  readonly systemctl: string;
  readonly folder: string;
}

const dropInName = "50-hale.conf";
const daemonUnit = "haled.service";

function dropInOf(unit: string): string {
  const isService = unit.endsWith(".service");
  return `# Made by hale while it manages the unit; removed when it is stopped.
[Unit]
Before=${daemonUnit}
${isService ? "\n[Service]\nRestart=no\n" : ""}`;
}

async function start(systemd: Systemd, unit: string, work: StepWork): Promise<Verdict> {
  const cannot = `Cannot start ${unit}: `;
  if (!existsSync(systemd.folder)) return failed(`${cannot}systemd does not run here`, "hard");
  const before = await show(systemd, unit, work);
  if (before.load !== "loaded") return failed(`${cannot}${loadProblem(unit, before.load)}`, "hard");
  if (writeDropIn(systemd, unit)) await reload(systemd, work);
  // A unit that has failed too often is not started again before this.
  if (before.active === "failed") await work.run([systemd.systemctl, "reset-failed", unit]);
  const { code, output } = await work.run([systemd.systemctl, "start", unit]);
  const after = await show(systemd, unit, work);
  if (code === 0 && isRunningState(after.active)) return done(`${after.active} (${after.sub})`);
  if (code === 0) return failed(`${cannot}it has ended at once: ${after.active} (${after.result})`);
  return failed(`${cannot}${firstLine(output)} (${after.active}, ${after.result}): journalctl -u ${unit}`);
}

async function stop(systemd: Systemd, unit: string, work: StepWork): Promise<Verdict> {
  if (!existsSync(systemd.folder)) return done("was not running: systemd does not run here");
  const before = await show(systemd, unit, work);
  if (before.load === "loaded" || before.active !== "inactive") {
    const { code, output } = await stopByJob(systemd, unit, work);
    const after = await show(systemd, unit, work);
    if (!isDead(after))
      return failed(`Cannot stop ${unit}: ${lastLine(output)} (exit code ${code}), ${after.active} (${after.sub})`);
  }
  if (removeDropIn(systemd, unit)) await reload(systemd, work);
  return done(isDead(before) ? "was not running" : "stopped");
}

/**
 * The drop-in says that the unit is stopped after haled. While haled itself is being stopped, by systemd, its job would wait for haled, and haled for the
 * job. So the job then waits for nobody; who needs the unit was told to stop by the one before.
 */
async function stopByJob(systemd: Systemd, unit: string, work: StepWork): Promise<StepResult> {
  const daemon = await show(systemd, daemonUnit, work);
  if (daemon.active !== "deactivating") return work.run([systemd.systemctl, "stop", unit]);
  await work.run([systemd.systemctl, "stop", "--no-block", unit]);
  return work.run([systemd.systemctl, "stop", "--job-mode=ignore-dependencies", unit]);
}

async function monitor(systemd: Systemd, unit: string, work: StepWork): Promise<Verdict> {
  if (!existsSync(systemd.folder)) return { ...notRunning("systemd does not run here"), severity: "hard" };
  const state = await show(systemd, unit, work);
  // What is masked or gone may run all the same, from before.
  if (isRunningState(state.active)) return done(`${state.active} (${state.sub})`);
  if (isDead(state)) {
    if (state.load !== "loaded") return { ...notRunning(loadProblem(unit, state.load)), severity: "hard" };
    return notRunning(state.active === "failed" ? `failed (${state.result})` : "not running");
  }
  return failed(`${unit} is ${state.active} (${state.sub})`);
}

/** A unit as systemd has it. */
interface UnitState {
  readonly load: string;
  readonly active: string;
  readonly sub: string;
  readonly result: string;
}

async function show({ systemctl }: Systemd, unit: string, work: StepWork): Promise<UnitState> {
  const properties = "--property=LoadState,ActiveState,SubState,Result";
  const { code, output } = await work.run([systemctl, "show", properties, unit]);
  if (code !== 0) throw new Error(`systemd does not answer: ${lastLine(output)}`);
  const value = (name: string): string => new RegExp(`^${name}=(.*)$`, "m").exec(output)?.[1] ?? "";
  return {
    load: value("LoadState"),
    active: value("ActiveState"),
    sub: value("SubState"),
    result: value("Result") || "no result",
  };
}

function isDead({ active }: UnitState): boolean {
  return active === "inactive" || active === "failed";
}

function loadProblem(unit: string, load: string): string {
  switch (load) {
    case "not-found":
      return `there is no unit ${unit} here: is its package installed?`;
    case "masked":
      return `${unit} is masked: systemctl unmask ${unit}`;
    default:
      return `${unit} cannot be loaded (${load}): systemctl status ${unit}`;
  }
}

/** True when it was not there as it should be. */
function writeDropIn({ folder }: Systemd, unit: string): boolean {
  const path = join(folder, `${unit}.d`, dropInName);
  const wanted = dropInOf(unit);
  if (existsSync(path) && readFileSync(path, "utf8") === wanted) return false;
  makeFolder(join(folder, `${unit}.d`), 0o755);
  writeFileSync(path, wanted);
  return true;
}

function removeDropIn({ folder }: Systemd, unit: string): boolean {
  const path = join(folder, `${unit}.d`, dropInName);
  if (!existsSync(path)) return false;
  rmSync(path);
  try {
    rmdirSync(join(folder, `${unit}.d`));
  } catch {
    // Somebody else has drop-ins there.
  }
  return true;
}

async function reload({ systemctl }: Systemd, work: StepWork): Promise<void> {
  const { code, output } = await work.run([systemctl, "daemon-reload"]);
  if (code !== 0) throw new Error(`systemctl daemon-reload failed (exit code ${code}): ${lastLine(output)}`);
}
