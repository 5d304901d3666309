import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SambaResource } from "../../model/cluster-config.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import { findProgram } from "../process/find-program.ts";
import { lastLine } from "../process/limit-line.ts";
import { makeFolder } from "../process/make-folder.ts";
import type { Verdict } from "../process/run-operation.ts";
import {
  createDaemonAgent,
  done,
  failed,
  notRunning,
  type StepAgentOptions,
  type Steps,
  type StepWork,
} from "../process/step-agent.ts";
import { instanceText } from "./instance-text.ts";
import { processesUsing, processLine } from "./processes-using.ts";

/** What it is made of. */
export interface SambaAgentOptions extends StepAgentOptions {
  /** Where each instance has what a boot may forget; on tmpfs. */
  readonly folder: string;
  /** Where the programs are looked for. Default: where Debian has them. */
  readonly path?: readonly string[];
}

const pathDefault = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const lookPeriodMs = 100;
/** Of what is left of a stop, before those that have not ended are ended. */
const patienceShare = 1 / 3;

/**
 * File servers, one for each service: a configuration of its own that includes the administrator's, folders of its own, and the service's addresses alone, so that several run
 * on one node without a word to each other.
 *
 * What belongs to an instance is told by its folder, which its processes have on their command line or hold open, whatever they call themselves.
 */
export function createSambaAgent({ folder, path = pathDefault, ...options }: SambaAgentOptions): ResourceAgent {
  const instanceOf = (resource: SambaResource): Instance => {
    const run = join(folder, encodeURIComponent(resource.id));
    return { resource, run, file: join(run, "smb.conf"), programOf: (name) => findProgram(name, path) };
  };
  const steps: Steps<SambaResource> = {
    start: async (resource, work) => start(instanceOf(resource), work),
    stop: async (resource, work) => stop(instanceOf(resource), work),
    monitor: async (resource, work) => monitor(instanceOf(resource), work),
  };
  return createDaemonAgent("samba", steps, options);
}

/** One file server on this node. */
interface Instance {
  readonly resource: SambaResource;
  /** Its folder of what a boot forgets. */
  readonly run: string;
  /** Its configuration. */
  readonly file: string;
  /** null: it is not installed. */
  readonly programOf: (name: string) => string | null;
}

async function start(instance: Instance, work: StepWork): Promise<Verdict> {
  const { resource, run, file, programOf } = instance;
  const cannot = `Cannot start samba ${resource.name}: `;
  const needed = ["smbd", "smbcontrol", ...(resource.nmbd === true ? ["nmbd"] : [])];
  const missing = needed.find((name) => programOf(name) === null);
  if (missing !== undefined) return failed(`${cannot}${missing} is not installed`, "hard");
  if (processesUsing(instance.run).length > 0) {
    const found = await monitor(instance, work);
    return found.status === "ok"
      ? done(`${found.reason} already`)
      : failed(`${cannot}parts of it run: ${found.reason}`);
  }
  // The disk below may hang, so a program looks.
  const config = await work.run(["test", "-r", resource.config]);
  if (config.code !== 0) return failed(`${cannot}${resource.config} cannot be read`, "hard");
  const kept = ["state", "private", "log"].map((name) => join(resource.folder, name));
  const made = await work.run(["mkdir", "--parents", "--mode=0700", ...kept]);
  if (made.code !== 0) return failed(`${cannot}${lastLine(made.output)}`);
  for (const name of ["pid", "lock", "cache", "ncalrpc"]) makeFolder(join(run, name), 0o755);
  writeFileSync(file, instanceText(resource, run), { mode: 0o600 });
  for (const program of resource.nmbd === true ? ["smbd", "nmbd"] : ["smbd"]) {
    const { code, output } = await work.run([programOf(program) ?? program, "--daemon", ...optionsOf(instance)]);
    if (code !== 0) return failed(`${cannot}${program} said: ${lastLine(output)} (exit code ${code})`);
  }
  return untilItAnswers(instance, work, cannot);
}

async function untilItAnswers(instance: Instance, work: StepWork, cannot: string): Promise<Verdict> {
  for (let looks = 0; ; looks += 1) {
    await work.pause(lookPeriodMs);
    const found = await monitor(instance, work);
    if (found.status === "ok") return done(found.reason);
    // A server that could not have its address ends within a moment.
    if (looks > 10 && processesUsing(instance.run).length === 0)
      return failed(`${cannot}it has ended at once: ${await lastWords(instance, work)}`);
  }
}

async function lastWords({ resource }: Instance, work: StepWork): Promise<string> {
  const log = join(resource.folder, "log", "log.smbd");
  const { output } = await work.run(["tail", "--lines=3", log]);
  return `${lastLine(output)} (${log})`;
}

async function stop(instance: Instance, work: StepWork): Promise<Verdict> {
  const { resource, run } = instance;
  const first = processesUsing(instance.run);
  if (first.length === 0) {
    rmSync(run, { recursive: true, force: true });
    return done("was not running");
  }
  const killAtMs = work.timeLeftMs() * (1 - patienceShare);
  let isKilled = false;
  for (let left = first, signal: NodeJS.Signals = "SIGTERM"; left.length > 0; ) {
    if (!isKilled && work.timeLeftMs() < killAtMs) {
      work.say(`ended: ${left.map(({ pid, name }) => `${name} (process ${pid})`).join(", ")}`);
      isKilled = true;
      signal = "SIGKILL";
    }
    // Again each time: a server that was just being started may have started others.
    for (const { pid } of left) end(pid, signal);
    await work.pause(lookPeriodMs);
    left = processesUsing(instance.run);
  }
  rmSync(run, { recursive: true, force: true });
  return done(isKilled ? `stopped ${resource.name}, and what of it did not end was ended` : "stopped");
}

async function monitor(instance: Instance, work: StepWork): Promise<Verdict> {
  const { resource, programOf } = instance;
  const wanted = resource.nmbd === true ? ["smbd", "nmbd"] : ["smbd"];
  const dead = wanted.find((program) => !isMain(mainProcess(instance, program), instance, program));
  if (dead !== undefined) {
    // Only now: it takes a look at every process of the machine.
    if (processesUsing(instance.run).length > 0) return failed(`its ${dead} has ended, others of it run`);
    if (programOf("smbd") === null) return { ...notRunning("smbd is not installed"), severity: "hard" };
    return notRunning("not running");
  }
  work.foundSomething();
  const control = programOf("smbcontrol");
  if (control === null) return failed("smbcontrol is not installed", "hard");
  for (const program of wanted) {
    const { output } = await work.run([control, `--configfile=${instance.file}`, "--timeout=5", program, "ping"]);
    if (!output.includes("PONG")) return failed(`${program} does not answer: ${lastLine(output)}`);
  }
  return done(`runs on ${resource.addresses.join(", ")}`);
}

function optionsOf({ resource, file }: Instance): readonly string[] {
  return [`--configfile=${file}`, `--log-basename=${join(resource.folder, "log")}`];
}

function mainProcess({ run }: Instance, program: string): number | null {
  try {
    return Number.parseInt(readFileSync(join(run, "pid", `${program}.pid`), "latin1"), 10) || null;
  } catch {
    // It has not written it yet, or has removed it at its end.
    return null;
  }
}

/** A pid that was given to another program since is another program, and a zombie is none. */
function isMain(pid: number | null, { file }: Instance, program: string): boolean {
  return pid !== null && processLine(pid).startsWith(`${program} `) && processLine(pid).includes(file);
}

function end(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended meanwhile, which is what is wanted.
  }
}
