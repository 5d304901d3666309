import { after } from "../model/units.ts";
import { submit, wake, type Work } from "./manager-work.ts";
import { nodesInOrder } from "./services/cluster-state.ts";

/** [PLC-6] Ends quarantines whose time is over. Their end is a stamp of entries, so it is the wall clock that tells. */
export function endQuarantines(work: Work): void {
  const { cluster, self } = work.state;
  if (work.facts.view?.coordinator !== self) return;
  for (const { node, quarantine } of nodesInOrder(cluster)) {
    if (!quarantine) continue;
    const { until } = quarantine;
    const leftMs = until - work.moment.wall;
    if (leftMs > 0) wake(work, after(work.moment.now, leftMs));
    else submit(work, `quarantine:${node}:${until}`, { kind: "quarantine-over", node, until });
  }
}
