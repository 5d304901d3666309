import type { ServiceId } from "../model/ids.ts";
import type { Decision, NodeVerdict, PastDecision } from "../model/snapshot.ts";
import { daemonLimits } from "./limits.ts";

/** Each node's case in the last decisions, for who asks why something moved hours ago. Of this daemon's life: the cases are not replicated, only what came of them is. */
export class DecisionMemory {
  readonly #nodes = new Map<string, readonly NodeVerdict[]>();

  add(decisions: readonly Decision[]): void {
    for (const { service, entry, nodes } of decisions) this.#nodes.set(`${entry} ${service}`, nodes);
    for (const key of this.#nodes.keys()) {
      if (this.#nodes.size <= daemonLimits.decisionsMax) return;
      this.#nodes.delete(key);
    }
  }

  /** The same decisions, with what is known of the cases. */
  recall(service: ServiceId, history: readonly PastDecision[]): readonly PastDecision[] {
    return history.map((decision) => {
      const nodes = this.#nodes.get(`${decision.entry} ${service}`);
      return nodes === undefined ? decision : { ...decision, nodes };
    });
  }
}
