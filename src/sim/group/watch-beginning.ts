import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { GroupHost } from "./group-host.ts";
import type { GroupWorld } from "./group-world.ts";

/**
 * [GRP-44] Whoever proposes the first view of its life has lived while each of the others did. That it heard all of them at one moment
 * cannot be told from outside: a node counts as heard for a deadtime after its end, for longer by packets that were held back. Watches
 * every step from here on.
 */
export function watchBeginning(world: GroupWorld): void {
  /** When each host last made a step, on the world's time. */
  const steppedAt = new Map<NodeId, number>();
  /** Lives that have been in a view. */
  const begun = new Set<Incarnation>();
  const watch = (host: GroupHost): void => {
    steppedAt.set(host.node, world.now);
    const { state, incarnation } = host;
    if (state === null || incarnation === null || begun.has(incarnation)) return;
    const { phase, setup, isInstalledHere } = state;
    const hasProposed = phase.kind === "proposing" || (phase.kind === "active" && phase.lead !== null);
    const startedAt = host.toWorldTime(setup.startedAt);
    for (const { node } of hasProposed ? world.hosts : [])
      if ((steppedAt.get(node) ?? Number.NEGATIVE_INFINITY) < startedAt)
        world.checkers.report("begin", world.now, `${host.node} proposes, and ${node} was not there in its life`);
    if (isInstalledHere) begun.add(incarnation);
  };
  world.onStep = watch;
}
