import { createFenceAgentDevice } from "../adapters/fence-agent/fence-agent-device.ts";
import type { ProgramRunner } from "../adapters/process/program-runner.ts";
import { createSbdDevice } from "../adapters/sbd/sbd-device.ts";
import { sbdAgent } from "../model/sbd.ts";
import type { FenceDevice } from "../ports/fence-device.ts";

/** All fence devices of this machine: hale's own kind by its name, every other agent as a program. */
export function createFenceDevices({ runner }: { readonly runner: ProgramRunner }): FenceDevice {
  const agents = createFenceAgentDevice({ runner });
  const disks = createSbdDevice({ runner });
  return { run: (call, signal) => (call.agent === sbdAgent ? disks : agents).run(call, signal) };
}
