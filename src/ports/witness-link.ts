import type { PacketTags } from "../model/packet-tags.ts";
import type { ReceivedBytes } from "./transport.ts";

/** The origin of everything that a `WitnessLink` receives. */
export const witnessOrigin = "witness";

/** The way to the witness and back: datagrams, that may be lost, doubled or late. */
export interface WitnessLink {
  /** Starts receiving, from the witness's address only. `origin` is `witnessOrigin`. Must not be called twice. */
  open(receive: (received: ReceivedBytes) => void): Promise<void>;
  /** One datagram of at most 1,200 bytes. Never throws; failures are counted. */
  send(bytes: Uint8Array): void;
  /** What the witness's answers bear from now on: in a flood with its address, those with new tags come in. */
  useTags(tags: PacketTags): void;
  /** Counters by name, for status. */
  counters(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}
