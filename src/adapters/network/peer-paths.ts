import type { NodeConfig } from "../../model/cluster-config.ts";
import type { LinkId, NodeId } from "../../model/ids.ts";
import type { InstantMs } from "../../model/units.ts";
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
  readonly #byNode = new Map<NodeId, readonly PeerPath[]>();
  readonly #byAddress = new Map<string, PeerPath>();
  readonly #silentAfterMs: number;

  /**
   * @param peers the other nodes; their addresses are IP addresses
   * @param silentAfterMs a path not heard for this long is silent
   */
  constructor(peers: readonly NodeConfig[], port: number, silentAfterMs: number) {
    this.#silentAfterMs = silentAfterMs;
    const start = 0 as InstantMs;
    for (const { id, addresses } of peers) {
      const paths = addresses.map((address, link): PeerPath => {
        const target = makeTarget(address, port);
        const origin = `${id} on link ${link}`;
        return { link: link as LinkId, target, origin, heardAt: start, resumedAt: start, failedAt: start };
      });
      this.#byNode.set(id, paths);
      for (const path of paths) this.#byAddress.set(path.target.address, path);
    }
  }

  get peers(): readonly NodeId[] {
    return [...this.#byNode.keys()];
  }

  of(peer: NodeId): readonly PeerPath[] {
    return this.#byNode.get(peer) ?? [];
  }

  /** The peers' addresses on `link`. */
  addressesOn(link: LinkId): readonly string[] {
    return [...this.#byAddress.values()].filter((path) => path.link === link).map((path) => path.target.address);
  }

  /** True for an address that some peer has. */
  isPeer(address: string): boolean {
    return this.#byAddress.has(address);
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
