import type { ResourceId, ServiceId } from "../model/ids.ts";
import type { Operation, OperationOutcome } from "../model/operation.ts";
import type { PastRun } from "../model/snapshot.ts";
import type { WallMs } from "../model/units.ts";
import { daemonLimits } from "./limits.ts";

/** What agents were asked on this node and said, the last times of each resource. Good monitors that say the same, one after another, are one. */
export class RunMemory {
  readonly #runs = new Map<ResourceId, readonly PastRun[]>();

  add(
    { resource: { id }, action }: Pick<Operation, "resource" | "action">,
    outcome: OperationOutcome,
    at: WallMs,
  ): void {
    const before = this.#runs.get(id) ?? [];
    const run = {
      resource: id,
      action,
      at,
      times: 1,
      outcome: { ...outcome, output: outcome.output.slice(-daemonLimits.runOutputMax) },
    };
    const last = before.at(-1);
    const runs =
      last !== undefined && isAlike(last, run)
        ? [...before.slice(0, -1), { ...run, times: last.times + 1 }]
        : [...before, run].slice(-daemonLimits.runsMax);
    // Behind all others: the resource that was asked longest ago is forgotten first.
    this.#runs.delete(id);
    this.#runs.set(id, runs);
    const [oldest] = this.#runs.keys();
    if (this.#runs.size > daemonLimits.runResourcesMax && oldest !== undefined) this.#runs.delete(oldest);
  }

  /** Newest first. */
  of(service: ServiceId): readonly PastRun[] {
    // A clone's are those of its instance here.
    const isIts = (id: ResourceId): boolean => id.startsWith(`${service}/`) || id.startsWith(`${service}@`);
    const own = [...this.#runs].flatMap(([id, runs]) => (isIts(id) ? [runs] : []));
    return own.flat().toSorted((a, b) => b.at - a.at);
  }
}

function isAlike(a: PastRun, b: PastRun): boolean {
  return (
    a.action === "monitor" &&
    b.action === "monitor" &&
    a.outcome.status === b.outcome.status &&
    a.outcome.reason === b.outcome.reason &&
    a.outcome.output === b.outcome.output
  );
}
