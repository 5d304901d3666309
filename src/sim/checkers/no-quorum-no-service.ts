import { isWitness, type NodeId } from "../../model/ids.ts";
import type { Bench, Checker } from "./checker.ts";

/** Which ways are open. */
export interface OpenWays {
  /** A packet from one node reaches the other. */
  readonly isConnected: (from: NodeId, to: NodeId) => boolean;
  /** The node reaches the witness or the arbiter disk. */
  readonly hasThirdVote: (node: NodeId) => boolean;
}

/**
 * LIVE-3: a member without quorum has stopped its services within its bound. Who can have quorum is judged by cables and
 * power: a majority of the electorate that hears and is heard. Services that freeze may be kept, and with `arbiter: fencing` all.
 *
 * @param ways which ways are open
 */
export function noQuorumNoServiceChecker(bench: Bench, { isConnected, hasThirdVote }: OpenWays): Checker {
  const { truth, config } = bench;
  if (config.quorum.kind === "fencing") return {};
  const { deadtimeMs } = config.heartbeat;
  const stopping = config.services.filter((service) => service.withoutQuorum !== "freeze");
  // The lease, a late notice, and the stops with their own time-outs.
  const stopMs = config.services
    .flatMap((service) => service.resources)
    .reduce((sum, each) => sum + each.stopTimeoutMs, 0);
  const boundMs = (config.quorum.kind === "majority" ? 3 : 4) * deadtimeMs + 2000 + stopMs;
  const aloneSince = new Map<NodeId, number>();
  const canHaveQuorum = (node: NodeId): boolean => {
    const voters = truth.electorate();
    const heard = voters.filter((voter) => {
      if (isWitness(voter)) return hasThirdVote(node);
      const { hasDaemon, isPaused } = truth.of(voter);
      return voter === node || (hasDaemon && !isPaused && isConnected(node, voter) && isConnected(voter, node));
    });
    return heard.length * 2 > voters.length;
  };
  return {
    onSample(): void {
      for (const { node, hasDaemon, isPaused, isImpaired } of truth.nodes.values()) {
        const isIdle = stopping.every((service) => !truth.isActive(node, service));
        if (isIdle || !hasDaemon || isPaused || isImpaired || canHaveQuorum(node)) {
          aloneSince.delete(node);
          continue;
        }
        const since = aloneSince.get(node) ?? bench.now();
        aloneSince.set(node, since);
        if (bench.now() - since < boundMs) continue;
        const kept = stopping.filter((service) => truth.isActive(node, service));
        for (const service of kept)
          bench.report("LIVE-3", `${node} has no quorum for ${bench.now() - since} ms and still runs ${service.id}`);
      }
    },
  };
}
