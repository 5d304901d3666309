import type { HostProcess } from "./host-process.ts";
import type { LabHost } from "./host.ts";
import { runTypeScript } from "./run-type-script.ts";

const readyMs = 10_000;

/**
 * Start a UDP and TCP echo on `host` that answers with the host's name, also on `addresses` that it may get later.
 * Resolved when it listens.
 */
export async function startEcho(host: LabHost, port: number, addresses: readonly string[]): Promise<HostProcess> {
  const process = await host.spawn(runTypeScript("echo-main.ts", `${port}`, ...addresses), { name: "echo" });
  await process.waitForOutput(/^ready$/m, readyMs);
  return process;
}
