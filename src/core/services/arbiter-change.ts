import type { ClusterConfig, QuorumConfig } from "../../model/cluster-config.ts";
import { isLive } from "../fencing/node-record.ts";
import { type ClusterState, notAllowed, type Refusal } from "./cluster-state.ts";
import { isRemoved } from "./removed-nodes.ts";

/**
 * [NOD-7] A witness or an arbiter disk is given up only with all nodes here: without those that are away the others may need its vote,
 * which they could not take away, and a daemon that is started with the new file has no way to it any more.
 */
export function refuseArbiterChange(
  state: Pick<ClusterState, "config" | "nodes" | "removed">,
  { quorum }: ClusterConfig,
): Refusal | null {
  const before = state.config?.config;
  if (before === undefined || placeOf(before.quorum) === null || placeOf(before.quorum) === placeOf(quorum))
    return null;
  const away = before.nodes.map(({ id }) => id).filter((id) => !isRemoved(state, id) && !isLive(state.nodes[id]));
  if (away.length === 0) return null;
  const what = `Cannot apply the configuration: it takes ${nameOf(before.quorum)} away, whose vote may be needed`;
  const advice = "start what is away, or: hale node remove NODE";
  return notAllowed(`${what} while not all nodes are members; missing: ${away.join(", ")}; ${advice}`);
}

/** Where the third vote is; null where the arbiter has none. */
function placeOf(quorum: QuorumConfig): string | null {
  if (quorum.kind === "witness") return `${quorum.ip} ${quorum.port}`;
  return quorum.kind === "disk" ? quorum.path : null;
}

function nameOf({ kind }: QuorumConfig): string {
  return kind === "disk" ? "the arbiter disk" : "the witness";
}
