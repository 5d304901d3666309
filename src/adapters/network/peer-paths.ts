import type { LinkId, NodeId } from "../../model/ids.ts";
import type { PacketTags } from "../../model/packet-tags.ts";
import type { RosterNode } from "../../model/roster.ts";
import type { InstantMs } from "../../model/units.ts";
import type { PeerTags } from "./flood-gate.ts";
import { type Target, makeTarget } from "./datagram-socket.ts";

/** One address of a peer and what is known of the way there. */
export interface PeerPath {
  readonly link: LinkId;
  readonly target: Target;
  /** As in `ReceivedBytes`. */
  readonly origin: string;
  /** A datagram last came from it; 0: never. By its source address, so not to be believed for more than choosing a way. */
  heardAt: InstantMs;
  /** The way went silent for long and came back: what was sent into the silence may wait long for its repetition. */
  resumedAt: InstantMs;
  /** A connection could not be made or broke; 0: never. */
  failedAt: InstantMs;
}

/** A path that failed is tried last for so long. */
const failedForMs = 5_000;

/** The ways to every peer. */
export class PeerPaths {
  readonly #port: number;
  readonly #silentAfterMs: number;
  #byNode = new Map<NodeId, readonly PeerPath[]>();
  #byAddress = new Map<string, PeerPath>();
  readonly #tags = new Map<NodeId, PacketTags>();

  /**
   * @param peers the other nodes; their addresses are IP addresses
   * @param silentAfterMs a path not heard for this long is silent
   */
  constructor(peers: readonly RosterNode[], port: number, silentAfterMs: number) {
    this.#port = port;
    this.#silentAfterMs = silentAfterMs;
    this.use(peers);
  }

  /** Other peers from now on; what is known of the ways that stay is kept. */
  use(peers: readonly RosterNode[]): void {
    const before = this.#byNode;
    const pathsTo = ({ id, addresses }: RosterNode): readonly PeerPath[] => {
      const made = addresses.map((address, link) => newPath(id, makeTarget(address, this.#port), link as LinkId));
      const known = before.get(id) ?? [];
      const isSame = known.length === made.length && known.every((path, link) => isSameWay(path, made[link]));
      return isSame ? known : made;
    };
    this.#byNode = new Map(peers.map((peer) => [peer.id, pathsTo(peer)]));
    for (const peer of this.#tags.keys()) if (!this.#byNode.has(peer)) this.#tags.delete(peer);
    this.#byAddress = new Map([...this.#byNode.values()].flat().map((path) => [path.target.address, path]));
  }

  get peers(): readonly NodeId[] {
    return [...this.#byNode.keys()];
  }

  of(peer: NodeId): readonly PeerPath[] {
    return this.#byNode.get(peer) ?? [];
  }

  /** The peers' addresses on `link`, and what their packets bear. */
  tagsOn(link: LinkId): PeerTags {
    const all = [...this.#byNode].flatMap(([peer, paths]) => {
      const tags = this.#tags.get(peer);
      return paths
        .filter((path) => path.link === link)
        .map((path) => [path.target.address, tags === undefined ? [] : [tags]] as const);
    });
    return new Map(all);
  }

  /** What packets of `peer` bear from now on. */
  useTags(peer: NodeId, tags: PacketTags): void {
    this.#tags.set(peer, tags);
  }

  /** Of all peers. */
  get addresses(): readonly string[] {
    return [...this.#byAddress.keys()];
  }

  /** As in `ReceivedBytes`: a known address on another link than its own is a stranger's. @param link null for streams */
  originOf(address: string, link: LinkId | null): string {
    const path = this.#byAddress.get(address);
    return path === undefined || (link !== null && link !== path.link) ? "strangers" : path.origin;
  }

  /** A datagram came from `address`. */
  heard(address: string, now: InstantMs): void {
    const path = this.#byAddress.get(address);
    if (path === undefined) return;
    if (path.heardAt > 0 && now - path.heardAt > this.#silentAfterMs) path.resumedAt = now;
    path.heardAt = now;
  }

  isSilent(path: PeerPath, now: InstantMs): boolean {
    return path.heardAt === 0 || now - path.heardAt > this.#silentAfterMs;
  }

  /** Best first: lately heard, not lately failed, lower link. */
  inOrder(peer: NodeId, now: InstantMs): readonly PeerPath[] {
    const cost = (path: PeerPath): number => {
      const hasFailed = path.failedAt > 0 && now - path.failedAt < failedForMs;
      return (hasFailed ? 2_000 : 0) + (this.isSilent(path, now) ? 1_000 : 0) + path.link;
    };
    return [...this.of(peer)].sort((a, b) => cost(a) - cost(b));
  }
}

function newPath(node: NodeId, target: Target, link: LinkId): PeerPath {
  const start = 0 as InstantMs;
  return { link, target, origin: `${node} on link ${link}`, heardAt: start, resumedAt: start, failedAt: start };
}

function isSameWay(path: PeerPath, other: PeerPath | undefined): boolean {
  return path.target.address === other?.target.address;
}
