import { join } from "node:path";
import { tmpdir } from "node:os";
import { mkdtempSync, rmSync } from "node:fs";
import { installedOcfAgents } from "../adapters/ocf/installed-agents.ts";
import { readOcfMetadata } from "../adapters/ocf/metadata.ts";
import { ProgramRunner } from "../adapters/process/program-runner.ts";
import type { ResourceAgents } from "../cli/cli-context.ts";

/** The OCF agents of this machine, for a command. What they print goes into a folder of its own, gone with the process. */
export function openResourceAgents(env: NodeJS.ProcessEnv): ResourceAgents {
  const root = env["OCF_ROOT"] ?? "/usr/lib/ocf";
  const outputFolder = mkdtempSync(join(tmpdir(), "hale-"));
  process.once("exit", () => rmSync(outputFolder, { recursive: true, force: true }));
  const runner = new ProgramRunner({ outputFolder });
  return {
    list: async () => installedOcfAgents(root),
    metadata: async (agent, signal) => {
      const [provider = "", type = ""] = agent.split(":");
      return readOcfMetadata(provider, type, { runner, root }, signal);
    },
  };
}
