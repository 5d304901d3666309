import type { ResourceConfig } from "../model/cluster-config.ts";
import type { OperationOutcome } from "../model/operation.ts";
import type { Clock } from "../ports/clock.ts";
import type { ResourceAgent } from "../ports/resource-agent.ts";
import type { FakeKernel } from "./fake-kernel.ts";
import type { SimProcess } from "./sim-process.ts";
import { VirtualPromise } from "./virtual-promise.ts";

const kinds: readonly ResourceConfig["kind"][] = [
  "address",
  "ocf",
  "lsb",
  "exec",
  "filesystem",
  "systemd",
  "delay",
  "samba",
  "rhcs",
];

/**
 * One agent per kind of resource, all working on the same simulated kernel.
 *
 * @param clock of the daemon, by which its lease runs out
 */
export function fakeAgents(
  kernel: FakeKernel,
  daemon: SimProcess,
  clock: Pick<Clock, "now">,
): readonly ResourceAgent[] {
  return kinds.map((kind) => ({
    kind,
    run: (operation, signal) => {
      if (operation.resource.kind !== kind)
        return VirtualPromise.of(undone("failed", "fatal", `not of kind "${kind}"`));
      const isTooLate = operation.action === "start" && clock.now() >= operation.notAfter;
      if (isTooLate) return VirtualPromise.of(undone("refused", "none", "the lease had run out"));
      return kernel.run(operation, signal, daemon);
    },
    notify: (notification, signal) => kernel.notify(notification, signal, daemon),
    onDeath: (tell) => kernel.listen(daemon, tell),
    close: () => VirtualPromise.resolved(),
  }));
}

function undone(status: "failed" | "refused", severity: "none" | "fatal", reason: string): OperationOutcome {
  return { status, severity, reason, output: "", durationMs: 0 };
}
