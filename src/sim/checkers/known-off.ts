import type { Entry } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Operation } from "../../model/operation.ts";
import type { Bench, Checker } from "./checker.ts";

/**
 * SAFE-2: no service of a lost node starts before that node is known not to run it. Whoever starts a service must have an
 * entry for every configured node that is not in its view, later than that node's last membership, which says that it runs
 * nothing: it left, a fence was confirmed, its time ran out, or an operator swore it.
 */
export function knownOffChecker(bench: Bench): Checker {
  const { truth, config } = bench;
  return {
    onOperation(node: NodeId, operation: Operation): void {
      if (operation.action !== "start") return;
      const service = truth.service(operation.service);
      // Later resources of a service that is being started already, and restarts of one of them, move nothing.
      if (service === undefined || truth.isActive(node, service)) return;
      const { body, delivered } = truth.of(node);
      const members: readonly NodeId[] = body?.status === "active" ? body.members : [];
      for (const other of config.nodes) {
        if (other.id === node || members.includes(other.id)) continue;
        const since = truth.lastMembership(other.id, delivered);
        const isKnown = truth.entries.slice(since, delivered).some((entry) => clears(entry, other.id));
        if (!isKnown)
          bench.report("SAFE-2", `${node} starts ${operation.resource.id} while ${other.id} is not known to be off`);
      }
    },
  };
}

function clears({ body }: Entry, node: NodeId): boolean {
  if (body.kind === "left") return body.node === node;
  if (body.kind === "fence-result") return body.target === node && body.confirmed;
  if (body.kind === "assumed-off") return body.target === node;
  return body.kind === "intent" && body.intent.kind === "confirm-off-node" && body.intent.node === node;
}
