import type { Lab } from "../lab/lab.ts";

/** A cluster program on hosts of its own, keeping one address; what the figures are taken of. */
export interface Contender extends AsyncDisposable {
  readonly name: string;
  readonly lab: Lab;
  /** The address it keeps. */
  readonly ip: string;
  /** tcpdump filter: heartbeats of `owner` as they arrive at the other hosts on the first network. */
  heartbeatsOf(owner: string): string;
  /** Wires whole, all hosts on, every daemon running, one owner that all agree on. @returns the owner */
  settle(): Promise<string>;
  /** Move the address in an orderly way, as an operator does. Resolved when the order has been given. */
  switchOver(owner: string, to: string): Promise<void>;
  /** Kill every process of the daemon on a host, and nothing else. */
  killDaemon(host: string): Promise<void>;
  startDaemon(host: string): Promise<void>;
  /** Process ids of the daemon, as the host sees them. */
  daemonPids(host: string): Promise<readonly number[]>;
}

/** Port of the echo that runs on every host and answers, with the host's name, on the address too. */
export const echoPort = 7007;

/** Period of the heartbeats of all contenders. */
export const heartbeatMs = 100;
/** So many heartbeats missed in a row mean that the owner is dead, to all contenders. */
export const lossesTolerated = 3;
