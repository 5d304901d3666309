import type { ClusterConfig } from "../model/cluster-config.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { LinkId, NodeId } from "../model/ids.ts";
import type { LinkSnapshot } from "../model/snapshot.ts";
import type { InstantMs } from "../model/units.ts";

/** A link that changed its state. */
export interface LinkChange {
  readonly level: ClusterEvent["level"];
  readonly node: NodeId;
  readonly text: string;
}

interface LinkRow {
  readonly node: NodeId;
  readonly link: number;
  readonly address: string;
  heardAt: InstantMs | null;
  state: LinkSnapshot["state"];
}

/**
 * When each node was last heard on each link. For people only: whether a node is alive is the group's business, and it takes
 * any link for an answer. A dead link beside a living one is what an operator must hear of before the second one fails too.
 */
export class LinkTable {
  readonly #self: NodeId;
  #rows: LinkRow[] = [];
  #byNode = new Map<NodeId, LinkRow[]>();

  constructor(self: NodeId) {
    this.#self = self;
  }

  /** Takes over the links of `config`; what is known of links that stay is kept. */
  configure(config: ClusterConfig): void {
    const known = new Map(this.#rows.map((row) => [rowKey(row.node, row.link), row]));
    this.#rows = config.nodes
      .filter((node) => node.id !== this.#self)
      .flatMap((node) =>
        node.addresses.map((address, link): LinkRow => {
          const old = known.get(rowKey(node.id, link));
          return { node: node.id, link, address, heardAt: old?.heardAt ?? null, state: old?.state ?? "never" };
        }),
      );
    this.#byNode = new Map(config.nodes.map((node) => [node.id, this.#rows.filter((row) => row.node === node.id)]));
  }

  /** An authentic packet came in. Streams have no link. */
  heard(node: NodeId, link: LinkId | null, at: InstantMs): void {
    if (link === null) return;
    const row = this.#byNode.get(node)?.[link];
    if (row !== undefined) row.heardAt = at;
  }

  /** Judges all links; the changes since the last time. */
  check(config: ClusterConfig, now: InstantMs): readonly LinkChange[] {
    let changes: LinkChange[] | null = null;
    for (const row of this.#rows) {
      const state = judge(row, config, now);
      if (state === row.state) continue;
      const text = `link ${row.node}/${row.link} (${row.address}): ${row.state} -> ${state}`;
      changes ??= [];
      changes.push({ level: state === "up" ? "info" : "warning", node: row.node, text });
      row.state = state;
    }
    return changes ?? [];
  }

  /** The links from this node to `node`. */
  of(node: NodeId, now: InstantMs): readonly LinkSnapshot[] {
    return (this.#byNode.get(node) ?? []).map((row) => ({
      link: row.link,
      address: row.address,
      state: row.state,
      silentMs: row.heardAt === null ? null : now - row.heardAt,
    }));
  }

  /** Links that are silent while another link to the same node is not. */
  warnings(): readonly string[] {
    const isReached = (node: NodeId): boolean => this.#byNode.get(node)?.some((row) => row.state === "up") ?? false;
    return this.#rows
      .filter((row) => row.state !== "up" && isReached(row.node))
      .map((row) => `link ${row.node}/${row.link} (${row.address}) is ${row.state === "never" ? "silent" : row.state}`);
  }
}

function judge(row: LinkRow, config: ClusterConfig, now: InstantMs): LinkSnapshot["state"] {
  if (row.heardAt === null) return "never";
  const silentMs = now - row.heardAt;
  if (silentMs >= config.heartbeat.deadtimeMs) return "dead";
  return silentMs >= config.heartbeat.warntimeMs ? "late" : "up";
}

function rowKey(node: NodeId, link: number): string {
  return `${node}/${link}`;
}
