import type { ResourceConfig } from "../model/cluster-config.ts";
import type { ResourceAgent } from "../ports/resource-agent.ts";
import type { FakeKernel } from "./fake-kernel.ts";
import type { SimProcess } from "./sim-process.ts";
import { VirtualPromise } from "./virtual-promise.ts";

const kinds: readonly ResourceConfig["kind"][] = ["address", "ocf", "lsb", "exec"];

/** One agent per kind of resource, all working on the same simulated kernel. */
export function fakeAgents(kernel: FakeKernel, daemon: SimProcess): readonly ResourceAgent[] {
  return kinds.map((kind) => ({
    kind,
    run: (operation, signal) => kernel.run(operation, signal, daemon),
    close: () => VirtualPromise.resolved(),
  }));
}
