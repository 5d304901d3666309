import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installedFenceAgents } from "../adapters/fence-agent/installed-agents.ts";
import { readFenceMetadata } from "../adapters/fence-agent/metadata.ts";
import { ProgramRunner } from "../adapters/process/program-runner.ts";
import { sbdMetadata } from "../adapters/sbd/metadata.ts";
import { sbdProgram } from "../adapters/sbd/sbd-device.ts";
import type { FenceAgents } from "../cli/cli-context.ts";
import { sbdAgent } from "../model/sbd.ts";
import { createFenceDevices } from "./fence-devices.ts";

/** The fence agents of this machine, for a command. What they print goes into a folder of its own, gone with the process. */
export function openFenceAgents(): FenceAgents {
  const outputFolder = mkdtempSync(join(tmpdir(), "hale-"));
  process.once("exit", () => rmSync(outputFolder, { recursive: true, force: true }));
  const runner = new ProgramRunner({ outputFolder });
  const device = createFenceDevices({ runner });
  return {
    run: (call, signal) => device.run(call, signal),
    list: async () => [...(await installedFenceAgents()), ...(existsSync(sbdProgram) ? [sbdAgent] : [])],
    metadata: async (agent, signal) => {
      if (agent !== sbdAgent) return readFenceMetadata(agent, { runner }, signal);
      if (existsSync(sbdProgram)) return { ok: true, metadata: sbdMetadata };
      return { ok: false, reason: `no ${sbdProgram}: apt install sbd`, isMissing: true };
    },
  };
}
