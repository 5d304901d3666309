import type { NodeId } from "../model/ids.ts";
import type { RosterNode } from "../model/roster.ts";

/**
 * Where the other nodes are, as it was first known of each. A node that gets other addresses is still at its old ones until its own daemon
 * is started anew: to follow the configuration at once would be to lose it.
 */
export class AddressBook {
  readonly #self: NodeId;
  #known = new Map<NodeId, RosterNode>();

  constructor(self: NodeId) {
    this.#self = self;
  }

  /** Other nodes from now on. @returns these but for the own one */
  take(nodes: readonly RosterNode[]): readonly RosterNode[] {
    const others = nodes.filter(({ id }) => id !== this.#self);
    this.#known = new Map(others.map((node) => [node.id, this.#known.get(node.id) ?? node]));
    return [...this.#known.values()];
  }

  /** As they are known. */
  of(nodes: readonly RosterNode[]): readonly RosterNode[] {
    return nodes.flatMap(({ id }) => this.#known.get(id) ?? []);
  }
}
