import type { ClusterConfig } from "../model/cluster-config.ts";
import type { DiskRecord, DiskState } from "../model/disk.ts";
import type { ErrorCode } from "../model/errors.ts";
import type { ServiceId, NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { Input, Moment } from "../model/input.ts";
import type { CoreBoot, CoreState, CoreStep } from "../core/step.ts";
import type { Preview, Wish } from "../model/preview.ts";
import type { CoreSnapshot, Decision, FenceReport, Why } from "../model/snapshot.ts";
import type { Roster } from "../model/roster.ts";
import type { ArbiterDisk } from "../ports/arbiter-disk.ts";
import type { AddressWarden } from "../ports/address-warden.ts";
import type { Announcer } from "../ports/announcer.ts";
import type { Beater } from "../ports/beater.ts";
import type { Clock } from "../ports/clock.ts";
import type { FenceDevice } from "../ports/fence-device.ts";
import type { Journal } from "../ports/journal.ts";
import type { Log } from "../ports/log.ts";
import type { Reach } from "../ports/reach.ts";
import type { ResourceAgent } from "../ports/resource-agent.ts";
import type { Transport } from "../ports/transport.ts";
import type { Watchdog } from "../ports/watchdog.ts";
import type { WitnessLink } from "../ports/witness-link.ts";
import type { PacketOpener, PacketSealer } from "./codec.ts";

/** Everything outside that a daemon uses. The daemon opens and closes what has a life, in order. */
export interface DaemonPorts {
  readonly clock: Clock;
  readonly journal: Journal;
  readonly transport: Transport;
  /** Absent without a witness in the configuration. */
  readonly witness?: WitnessLink;
  /** Absent without an arbiter disk in the configuration. */
  readonly arbiterDisk?: ArbiterDisk;
  /** One per kind of resource. An operation on a kind without an agent fails "hard": not on this node. */
  readonly agents: readonly ResourceAgent[];
  readonly fence: FenceDevice;
  readonly watchdog: Watchdog;
  readonly announcer: Announcer;
  readonly warden: AddressWarden;
  readonly reach: Reach;
  readonly log: Log;
  /**
   * Ends operations that an earlier life of this daemon began and did not live to see the end of; returns a line for each. Called once,
   * when the state folder is ours and before anything is probed: a start that finishes after its probe would run unknown to everybody.
   * Default: there are none.
   */
  readonly endLeftovers?: () => Promise<readonly string[]>;
  /** The beat thread of one incarnation. Called once per incarnation, before anything is sent. */
  makeBeater(incarnation: Incarnation): Beater;
}

/** What reading the configuration file gave. */
export type ReadConfig =
  | {
      readonly ok: true;
      readonly config: ClusterConfig;
      readonly digest: string;
      /** What else was read with it and is in use from now on, such as keys; a line for people. */
      readonly note?: string;
    }
  | {
      readonly ok: false;
      readonly errors: readonly string[];
      /** Of docs/errors.md. Default CONFIG_INVALID. */
      readonly code?: ErrorCode;
    };

/** The rules the daemon obeys: `src/core/step.ts`. A parameter, so that a test can plant a mistake in them. */
export interface Rules {
  replayDisk(records: readonly DiskRecord[]): DiskState;
  startCore(boot: CoreBoot, moment: Moment): CoreStep;
  stepCore(core: CoreState, input: Input, moment: Moment): CoreStep;
  /** The core's part of the snapshot; links, counters and the file's digest are the daemon's. */
  snapshotOf(core: CoreState, moment: Moment): CoreSnapshot;
  whyOf(core: CoreState, service: ServiceId, moment: Moment): Why | null;
  /** What was decided about services between two steps. Called after every one. */
  decisionsOf(before: CoreState, after: CoreState): readonly Decision[];
  fencesOf(core: CoreState): readonly FenceReport[];
  /** What would follow from a wish. */
  previewOf(core: CoreState, wish: Wish, author: string, moment: Moment): Preview;
  configOf(core: CoreState): ClusterConfig;
  /** Whom this node has to do with; the same value as long as it stays so. */
  rosterOf(core: CoreState): Roster;
  /** A boot counter that this node must get above before it may go on; null when all is well. */
  bootAboveOf(core: CoreState): number | null;
  /** What the disk holds once everything asked for is written. */
  diskOf(core: CoreState): DiskState;
}

/**
 * How a daemon ended. `left`: a clean stop. `failed`: it could not go on; the supervisor decides what next. `removed`: its node has no
 * place in the cluster; a person decides what next.
 */
export interface DaemonEnd {
  readonly kind: "left" | "failed" | "removed";
  readonly reason: string;
}

/** What a daemon is made of. */
export interface DaemonSetup {
  readonly self: NodeId;
  /** From the file; what the group has agreed on replaces it once known. */
  readonly config: ClusterConfig;
  readonly configDigest: string;
  readonly version: string;
  readonly ports: DaemonPorts;
  /** One for the whole life of the process: its replay windows must survive a restart in place. */
  readonly opener: PacketOpener;
  /** Datagrams and stream frames are numbered apart. */
  makeSealer(incarnation: Incarnation, channel: "control" | "stream" | "witness"): PacketSealer;
  /** For the answers of the witness; absent without one. Lives as long as `opener`. */
  readonly witnessOpener?: PacketOpener;
  /** Reads the configuration file again, for `reload`. */
  readConfig(): Promise<ReadConfig>;
  /** Reads the text of a configuration, for `apply`. */
  parseConfig(text: string): ReadConfig;
  /** Makes this text the configuration file of this node; the one before is kept beside it. */
  keepConfig(text: string): Promise<void>;
  /** 32 random bits, new ones each time: for the incarnation and for jitter. */
  seed(): number;
  /** Called once, after everything was closed. */
  onEnd(end: DaemonEnd): void;
  /** Default: the rules of hale. */
  readonly rules?: Rules;
}
