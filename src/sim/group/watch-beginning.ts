import type { Incarnation } from "../../model/incarnation.ts";
import type { GroupHost } from "./group-host.ts";
import type { GroupWorld } from "./group-world.ts";

/** GRP-44: whoever proposes the first view of its life has lived at a moment at which all others did. Watches every step from here on. */
export function watchBeginning(world: GroupWorld): void {
  /** When all hosts last ran at once, on the world's time. */
  let allRanAt = Number.NEGATIVE_INFINITY;
  /** Lives that have been in a view. */
  const begun = new Set<Incarnation>();
  const watch = (host: GroupHost): void => {
    if (world.hosts.every(({ state }) => state !== null)) allRanAt = world.now;
    const { state, incarnation } = host;
    if (state === null || incarnation === null || begun.has(incarnation)) return;
    const { phase, setup, isInstalledHere } = state;
    const hasProposed = phase.kind === "proposing" || (phase.kind === "active" && phase.lead !== null);
    if (hasProposed && allRanAt < host.toWorldTime(setup.startedAt))
      world.checkers.report("begin", world.now, `${host.node} proposes before all were there`);
    if (isInstalledHere) begun.add(incarnation);
  };
  world.onStep = watch;
}
