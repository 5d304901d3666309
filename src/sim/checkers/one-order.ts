import type { Checkpoint } from "../../model/checkpoint.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { HeartbeatBody } from "../../model/message.ts";
import { compareViewIds, viewIdText } from "../../model/view.ts";
import { entryText, sameEntry } from "../ground-truth.ts";
import type { Bench, Checker } from "./checker.ts";

/**
 * SAFE-3: no two views order entries, and entries are the same everywhere. Two views that ordered at the same time would have
 * delivered two different entries at one index, or an older view's after a younger one's.
 *
 * SAFE-4: an entry that was delivered anywhere is in the log of every later view.
 */
export function oneOrderChecker(bench: Bench): Checker {
  const { truth } = bench;
  const incarnations = new Map<NodeId, Incarnation>();
  const membersOfView = new Map<string, string>();
  const activeView = new Map<NodeId, string>();

  const checkMembers = (node: NodeId, body: HeartbeatBody): void => {
    const key = `${viewIdText(body.view)}/${body.view.incarnation}`;
    const members = [...body.members].sort().join(" ");
    const known = membersOfView.get(key);
    if (known === undefined) membersOfView.set(key, members);
    else if (known !== members)
      bench.report("SAFE-3", `view ${viewIdText(body.view)} has members ${known}, at ${node} ${members}`);
  };

  const checkHistory = (node: NodeId, body: HeartbeatBody): void => {
    const { log } = truth.of(node);
    for (const entry of truth.entries) {
      if (compareViewIds(entry.view, body.view) >= 0) break;
      const own = log[entry.index - 1];
      if (own !== undefined && sameEntry(own, entry)) continue;
      const found = own === undefined ? "nothing" : entryText(own);
      return bench.report(
        "SAFE-4",
        `${node} is active in view ${viewIdText(body.view)} without ${entryText(entry)}: it has ${found}`,
      );
    }
  };

  const checkpoints = checkpointWatch(bench);

  return {
    onBody(node, incarnation, body): void {
      if (incarnations.get(node) !== incarnation) {
        incarnations.set(node, incarnation);
        truth.of(node).delivered = 0;
        activeView.delete(node);
      }
      if (body.delivered > truth.of(node).delivered) {
        for (const conflict of truth.onDelivered(node, body.delivered)) bench.report("SAFE-3", conflict.text);
      }
      checkpoints.check();
      if (body.status !== "active") {
        activeView.delete(node);
        return;
      }
      const key = viewIdText(body.view);
      if (activeView.get(node) === key) return;
      activeView.set(node, key);
      checkMembers(node, body);
      checkHistory(node, body);
    },
    onQuiet(): void {
      checkpoints.judge();
      const active = [...truth.nodes.values()].filter((node) => node.hasDaemon && !node.isPaused);
      for (const { node, delivered } of active) {
        if (delivered < truth.entries.length) {
          bench.report("LIVE-1", `${node} has delivered ${delivered} of ${truth.entries.length} entries`);
        }
      }
    },
  };
}

/** SAFE-3, SAFE-4: what a checkpoint says is what the entries in its place add up to, for whoever continues from it. */
function checkpointWatch(bench: Bench): { readonly check: () => void; readonly judge: () => void } {
  const { truth } = bench;
  let unchecked: { readonly node: NodeId; readonly checkpoint: Checkpoint }[] = [];
  truth.onCheckpoint = (node, checkpoint) => unchecked.push({ node, checkpoint });

  /** Those of which all entries are known to be delivered. */
  const check = (): void => {
    if (unchecked.length === 0) return;
    for (const { node, checkpoint } of unchecked) {
      const { index, state } = checkpoint;
      const isKnown = index <= truth.entries.length;
      if (isKnown && JSON.stringify(truth.wishes.stateAt(index)) !== JSON.stringify(state))
        bench.report("SAFE-4", `${node} has a checkpoint at ${index} that is not what the entries add up to`);
    }
    unchecked = unchecked.filter(({ checkpoint }) => checkpoint.index > truth.entries.length);
  };

  const judge = (): void => {
    check();
    for (const { node, checkpoint } of unchecked)
      bench.report("SAFE-3", `${node} has a checkpoint at ${checkpoint.index}, which nobody has delivered`);
  };
  return { check, judge };
}
