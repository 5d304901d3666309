import type { AddressResource } from "../model/cluster-config.ts";

/** Tells neighbours who has an address: gratuitous ARP or unsolicited neighbour advertisement, at once and repeated. */
export interface Announcer {
  announce(address: AddressResource): void;
}
