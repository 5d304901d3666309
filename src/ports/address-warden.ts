import type { AddressResource } from "../model/cluster-config.ts";
import type { ResourceId } from "../model/ids.ts";

/** An address that was found where it has no business, and removed. */
export interface RemovedAddress {
  readonly resource: ResourceId;
  /** For people: where it was, and what came of it. */
  readonly what: string;
}

/** Keeps addresses of services away from this node while the services do not run here. */
export interface AddressWarden {
  /** These, in the place of those before, are removed where they are found. A start of one ends that for it, before anything is set. */
  keepAway(addresses: readonly AddressResource[]): void;
  /** From now on `tell` hears of each one that was found; the listener before hears no more. */
  onRemoved(tell: (removed: RemovedAddress) => void): void;
}
