import { existsSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import type { RhcsResource } from "../../model/cluster-config.ts";
import type { ResourceAgent } from "../../ports/resource-agent.ts";
import { lastLine } from "../process/limit-line.ts";
import type { Verdict } from "../process/run-operation.ts";
import {
  createDaemonAgent,
  done,
  failed,
  notRunning,
  type StepAgentOptions,
  type StepResult,
  type Steps,
  type StepWork,
} from "../process/step-agent.ts";

const defaultFolder = "/usr/share/cluster";

/** The program of an agent: `fs` and `fs.sh` are the same. */
export function rhcsProgram(agent: string, folder = defaultFolder): string {
  if (isAbsolute(agent)) return agent;
  const path = join(folder, agent);
  return agent.includes(".") || existsSync(path) ? path : `${path}.sh`;
}

/** What the agents are made of. */
export interface RhcsAgentOptions extends StepAgentOptions {
  /** Where agents are looked up by name. Default `/usr/share/cluster`. */
  readonly folder?: string;
}

/**
 * Agents in the call style of Red Hat's cluster manager: `start`, `stop`, `status`, with parameters as `OCF_RESKEY_NAME`.
 *
 * Their `status` says 0 for "runs"; what else it says, each agent has its own mind about: many say 1 for what was never started. So where
 * nothing is known yet (a probe), anything but 0 and 7 is made sure by a `stop`, as that cluster manager did with every service when it began.
 */
export function createRhcsAgent({ folder = defaultFolder, ...options }: RhcsAgentOptions): ResourceAgent {
  /** Resources that were seen running. */
  const running = new Set<string>();
  const call = async (resource: RhcsResource, action: string, work: StepWork): Promise<StepResult> =>
    work.run([rhcsProgram(resource.agent, folder), action], environmentOf(resource, action));
  const steps: Steps<RhcsResource> = {
    start: async (resource, work) => {
      const result = await call(resource, "start", work);
      if (result.code !== 0) return failed(said(result), severityOf(result.code));
      running.add(resource.id);
      return done("started");
    },
    stop: async (resource, work) => {
      const result = await call(resource, "stop", work);
      if (result.code !== 0) return failed(said(result), severityOf(result.code));
      running.delete(resource.id);
      return done("stopped");
    },
    monitor: async (resource, work): Promise<Verdict> => {
      const result = await call(resource, "status", work);
      if (result.code === 0) {
        running.add(resource.id);
        return done("runs");
      }
      if (result.code === 7) {
        running.delete(resource.id);
        return notRunning("not running");
      }
      if (running.has(resource.id)) return failed(said(result), severityOf(result.code));
      const stopped = await call(resource, "stop", work);
      if (stopped.code === 0)
        return notRunning("not running: its status said otherwise, and it was stopped to be sure");
      return failed(`${said(result)}; and it cannot be stopped: ${said(stopped)}`, "hard");
    },
  };
  return createDaemonAgent("rhcs", steps, options);
}

function environmentOf(resource: RhcsResource, action: string): Readonly<Record<string, string>> {
  const [service = ""] = resource.id.split("/", 1);
  const parameters = { name: resource.name, service_name: service, ...resource.parameters };
  return {
    OCF_ROOT: "/usr/lib/ocf",
    OCF_RA_VERSION_MAJOR: "1",
    OCF_RA_VERSION_MINOR: "0",
    OCF_RESOURCE_TYPE: typeOf(resource.agent),
    OCF_RESOURCE_INSTANCE: `${typeOf(resource.agent)}:${parameters.name}`,
    ...(action === "status" ? { OCF_CHECK_LEVEL: "0" } : {}),
    ...Object.fromEntries(Object.entries(parameters).map(([name, value]) => [`OCF_RESKEY_${name}`, value])),
  };
}

function typeOf(agent: string): string {
  return (agent.split("/").at(-1) ?? agent).replace(/\.sh$/, "");
}

/** Their exit codes are OCF's, where they keep to them. */
function severityOf(code: number): "soft" | "hard" | "fatal" {
  if (code === 6) return "fatal";
  return code >= 2 && code <= 5 ? "hard" : "soft";
}

function said({ code, output }: StepResult): string {
  const line = lastLine(output);
  return line === "" ? `exit code ${code}` : `${line} (exit code ${code})`;
}
