import type { ClusterConfig, NodeConfig } from "../model/cluster-config.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { LinkId, NodeId } from "../model/ids.ts";
import { Peak } from "./peak.ts";
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
  readonly link: LinkSnapshot["link"];
  readonly address: string;
  heardAt: InstantMs | null;
  state: LinkSnapshot["state"];
  /** The state that was last told: a link that is late again and again is told of once a minute. */
  told: LinkSnapshot["state"];
  lateToldAt: InstantMs | null;
  /** Times that it was late and not told. */
  untold: number;
  /** The longest wait for a packet that came late, since the last look; 0 when none. */
  lateMs: number;
  readonly minute: Peak;
  readonly hour: Peak;
}

const minuteMs = 60_000;
const hourMs = 3_600_000;

/**
 * When each node was last heard on each link, and on the arbiter disk. For people only: whether a node is alive is the group's business,
 * and it takes any link for an answer. A dead link beside a living one is what an operator must hear of before the second one fails too.
 *
 * [GRP-95] The disk is no link: it tells that a node runs, and carries nothing. Who is heard there alone is not reached, and not off.
 */
export class LinkTable {
  readonly #self: NodeId;
  #rows: LinkRow[] = [];
  #deadtimeMs = 0;
  #byNode = new Map<NodeId, LinkRow[]>();

  constructor(self: NodeId) {
    this.#self = self;
  }

  /** Takes over the links of `config`; what is known of links that stay is kept. */
  configure(config: ClusterConfig): void {
    this.#deadtimeMs = config.heartbeat.deadtimeMs;
    const known = new Map(this.#rows.map((row) => [rowKey(row.node, row.link), row]));
    this.#rows = config.nodes
      .filter((node) => node.id !== this.#self)
      .flatMap((node) =>
        pathsOf(node, config).map(({ link, address }): LinkRow => {
          const old = known.get(rowKey(node.id, link));
          return { ...(old ?? newRow()), node: node.id, link, address };
        }),
      );
    this.#byNode = new Map(config.nodes.map((node) => [node.id, this.#rows.filter((row) => row.node === node.id)]));
  }

  /** An authentic packet came in, or a sign of life on the disk. Streams have no link. */
  heard(node: NodeId, link: LinkId | "disk" | null, at: InstantMs): void {
    if (link === null) return;
    const rows = this.#byNode.get(node);
    const row = link === "disk" ? rows?.find((one) => one.link === "disk") : rows?.[link];
    if (row === undefined) return;
    const waitedMs = row.heardAt === null ? 0 : Math.max(0, at - row.heardAt);
    row.heardAt = at;
    // What was dead is no late heartbeat: it was told, or this daemon was away itself.
    if (row.state === "never" || row.state === "dead" || waitedMs >= this.#deadtimeMs) return;
    row.minute.add(waitedMs, at);
    row.hour.add(waitedMs, at);
    row.lateMs = Math.max(row.lateMs, waitedMs);
  }

  /** Judges all links; what there is to tell since the last time. */
  check(config: ClusterConfig, now: InstantMs): readonly LinkChange[] {
    let changes: LinkChange[] | null = null;
    for (const row of this.#rows) {
      const before = row.state;
      row.state = judge(row, config, now);
      const news = newsOf(row, before, config.heartbeat.warntimeMs, now);
      row.lateMs = 0;
      if (news === null) continue;
      changes ??= [];
      const text = `link ${row.node}/${row.link} (${row.address}): ${news.text}`;
      changes.push({ level: news.level, node: row.node, text });
    }
    return changes ?? [];
  }

  /** The node writes to the disk: whatever else is known of it, it runs. */
  isOnDisk(node: NodeId, config: ClusterConfig, now: InstantMs): boolean {
    const row = this.#byNode.get(node)?.find(({ link }) => link === "disk");
    return row !== undefined && judge(row, config, now) === "up";
  }

  /** The links from this node to `node`. */
  of(node: NodeId, now: InstantMs): readonly LinkSnapshot[] {
    return (this.#byNode.get(node) ?? []).map((row) => ({
      link: row.link,
      address: row.address,
      state: row.state,
      silentMs: row.heardAt === null ? null : now - row.heardAt,
      longestMs: { minute: row.minute.max(now), hour: row.hour.max(now) },
    }));
  }

  /** Links that are silent while another link to the same node is not, and nodes that are heard on the disk alone. */
  warnings(): readonly string[] {
    return [...this.#byNode].flatMap(([node, rows]) => {
      const isReached = rows.some(({ link, state }) => link !== "disk" && state === "up");
      const disk = rows.find(({ link, state }) => link === "disk" && state === "up");
      if (!isReached && disk === undefined) return [];
      if (!isReached)
        return [`${node} is heard on no link, but writes to ${disk?.address}: it runs, and is not reached`];
      return rows
        .filter(({ state }) => state !== "up")
        .map(
          ({ link, address, state }) => `link ${node}/${link} (${address}) is ${state === "never" ? "silent" : state}`,
        );
    });
  }
}

function newRow(): Omit<LinkRow, "node" | "link" | "address"> {
  return {
    heardAt: null,
    state: "never",
    told: "never",
    lateToldAt: null,
    untold: 0,
    lateMs: 0,
    minute: new Peak(minuteMs, 12),
    hour: new Peak(hourMs, 60),
  };
}

type News = Pick<LinkChange, "level" | "text">;

/** What is new of a link; null: nothing, or nothing that must be told again so soon. */
function newsOf(row: LinkRow, before: LinkSnapshot["state"], warntimeMs: number, now: InstantMs): News | null {
  const isNewlyLate = row.state === "late" && before !== "late";
  // It was here again before anybody looked.
  const hasBeenLate = row.state === "up" && before === "up" && row.lateMs >= warntimeMs;
  if (isNewlyLate || hasBeenLate) return newsOfLateness(row, now);
  if (row.state === row.told || row.state === "late") return null;
  const after = row.told === "late" && row.state === "up" ? `, after ${row.lateMs} ms` : "";
  const text = `${row.told} -> ${row.state}${after}`;
  row.told = row.state;
  return { level: row.state === "up" ? "info" : "warning", text };
}

/** At most once a minute: who must know of it knows it by then, and may read the rest in the status. */
function newsOfLateness(row: LinkRow, now: InstantMs): News | null {
  if (row.lateToldAt !== null && now - row.lateToldAt < minuteMs) {
    row.untold += 1;
    return null;
  }
  const again = row.untold === 0 ? "" : `, ${row.untold} times more since that was told`;
  Object.assign(row, { lateToldAt: now, untold: 0 });
  if (row.state === "up") return { level: "warning", text: `heard late, after ${row.lateMs} ms${again}` };
  const text = `${row.told} -> late${again}`;
  row.told = row.state;
  return { level: "warning", text };
}

function judge(row: LinkRow, config: ClusterConfig, now: InstantMs): LinkSnapshot["state"] {
  if (row.heardAt === null) return "never";
  const silentMs = now - row.heardAt;
  if (silentMs >= config.heartbeat.deadtimeMs) return "dead";
  return silentMs >= config.heartbeat.warntimeMs ? "late" : "up";
}

function pathsOf({ addresses }: NodeConfig, { quorum }: ClusterConfig): readonly Pick<LinkRow, "link" | "address">[] {
  const links = addresses.map((address, link) => ({ link, address }));
  return quorum.kind === "disk" ? [...links, { link: "disk", address: quorum.path }] : links;
}

function rowKey(node: NodeId, link: LinkRow["link"]): string {
  return `${node}/${link}`;
}
