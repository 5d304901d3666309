import type { AddressResource } from "../model/cluster-config.ts";
import type { ServiceId } from "../model/ids.ts";
import { isLive } from "./fencing/node-record.ts";
import { patch, say, type Work } from "./manager-work.ts";
import { definitionOf, servicesInOrder } from "./services/cluster-state.ts";
import { frozenText } from "./services/frozen.ts";
import { isShared } from "./services/leftovers.ts";
import { reportsDue } from "./services/plan.ts";
import { isActive, isBusy, isKnown, type Runtime } from "./services/runtime.ts";
import { whereItMayRunNext } from "./services/service-record.ts";

/**
 * [SVC-34] Says which addresses of services must not be set on this node: those of services in the configuration in force that, by all that is known, do not run
 * here, are not bound for here, and are not being seen to. Whoever has an address set here then has set it for nobody.
 *
 * Only while the lease runs: without it nobody knows who is to have what. The last effect of a step, so that it follows the operations of that step.
 */
export function keepAddressesAway(work: Work): void {
  const { cluster, runner, keptAway } = work.state;
  const isActing = mayAct(work);
  if (keptAway.cluster === cluster && keptAway.runner === runner && keptAway.isActing === isActing) return;
  const addresses = isActing ? unwantedAddresses(work) : [];
  patch(work, { keptAway: { cluster, runner, isActing, addresses } });
  if (addresses.length === keptAway.addresses.length && addresses.every((one, i) => one === keptAway.addresses[i]))
    return;
  work.effects.push({ kind: "keep-away", addresses });
}

/** One was found here all the same, and removed. */
export function onForeignAddress(work: Work, resource: AddressResource["id"], what: string): void {
  const [service = ""] = resource.split("/", 1);
  say(work, "warning", `${resource}, which does not run here, ${what}`, service as ServiceId);
}

function mayAct({ state, facts }: Work): boolean {
  const { cluster, self, incarnation } = state;
  const here = cluster.nodes[self];
  const isIn = facts.view !== null && facts.isLeased && !state.isStopping && state.shutdown === null;
  const isMine = here?.incarnation === incarnation && isLive(here) && reportsDue(cluster, self).length === 0;
  return isIn && isMine && cluster.config !== null && !cluster.maintenance && !here.frozen && !here.isLeaving;
}

function unwantedAddresses({ state }: Work): readonly AddressResource[] {
  const { cluster, runner, self } = state;
  const runtimes = Object.values(runner.runtimes);
  return servicesInOrder(cluster).flatMap((record) => {
    const runtime = runner.runtimes[record.service];
    if (record.isRemoved || runtime === undefined || isSeenTo(runtime) || frozenText(cluster, record) !== null)
      return [];
    if (whereItMayRunNext(record).includes(self)) return [];
    return definitionOf(cluster, record).resources.filter(
      (resource): resource is AddressResource =>
        resource.kind === "address" &&
        !runtimes.some((other) => isSeenTo(other) && isShared(resource, other.definition.resources)),
    );
  });
}

/** Something of it runs here, may, or is about to. */
function isSeenTo(runtime: Runtime): boolean {
  return !isKnown(runtime) || isActive(runtime) || isBusy(runtime) || runtime.mustReport;
}
