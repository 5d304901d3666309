import type { HostProcess } from "./host-process.ts";
import type { LabHost } from "./host.ts";
import { runInRealTime } from "./run-type-script.ts";

const readyMs = 10_000;

/**
 * Start a UDP and TCP echo on `host` that answers with the host's name, also on `addresses` that it may get later.
 * Resolved when it listens.
 *
 * It runs in real time, so that what is measured is the address and not the load of the machine.
 */
export async function startEcho(host: LabHost, port: number, addresses: readonly string[]): Promise<HostProcess> {
  const process = await host.spawn(echoCommand(port, addresses), { name: "echo" });
  await process.waitForOutput(/^ready$/m, readyMs);
  return process;
}

/** What `startEcho` runs, for the boot list of a host. */
export function echoCommand(port: number, addresses: readonly string[]): readonly string[] {
  return runInRealTime("echo-main.ts", `${port}`, ...addresses);
}
