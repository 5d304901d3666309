import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFenceAgentDevice } from "../adapters/fence-agent/fence-agent-device.ts";
import { installedFenceAgents } from "../adapters/fence-agent/installed-agents.ts";
import { readFenceMetadata } from "../adapters/fence-agent/metadata.ts";
import { ProgramRunner } from "../adapters/process/program-runner.ts";
import type { FenceAgents } from "../cli/cli-context.ts";

/** The fence agents of this machine, for a command. What they print goes into a folder of its own, gone with the process. */
export function openFenceAgents(): FenceAgents {
  const outputFolder = mkdtempSync(join(tmpdir(), "hale-"));
  process.once("exit", () => rmSync(outputFolder, { recursive: true, force: true }));
  const runner = new ProgramRunner({ outputFolder });
  const device = createFenceAgentDevice({ runner });
  return {
    run: (call, signal) => device.run(call, signal),
    list: () => installedFenceAgents(),
    metadata: (agent, signal) => readFenceMetadata(agent, { runner }, signal),
  };
}
