import type { QuorumConfig } from "../../model/cluster-config.ts";
import type { NodeId } from "../../model/ids.ts";
import type { WitnessGrant } from "../../model/message.ts";
import { type InstantMs, instantMs, never } from "../../model/units.ts";
import { compareViewIds, noView, type ViewId } from "../../model/view.ts";
import { longAgo } from "../membership/peer.ts";

/**
 * What a node knows of the witness, by its answers.
 *
 * Invariant: everything but `askAt` is of the disk `id`; another disk starts afresh.
 */
export interface KnownWitness {
  /** The name of its disk; null before its first answer. */
  readonly id: NodeId | null;
  /** First answer of this disk. */
  readonly knownSince: InstantMs;
  /** Last proof of life. */
  readonly heardAt: InstantMs;
  /** Own newest send time that it has answered. 0 when none. */
  readonly echo: InstantMs;
  /** With that answer. */
  readonly promised: ViewId;
  readonly logView: ViewId;
  /** When it is asked next. */
  readonly askAt: InstantMs;
}

/** There is a witness to ask: a machine, or a disk, which answers as one. */
export function hasWitness({ kind }: QuorumConfig): boolean {
  return kind === "witness" || kind === "disk";
}

/** What people call it. */
export function witnessName({ kind }: QuorumConfig): "the witness" | "the arbiter disk" {
  return kind === "disk" ? "the arbiter disk" : "the witness";
}

/** Nothing is known yet. */
export function unknownWitness(now: InstantMs): KnownWitness {
  return {
    id: null,
    knownSince: never,
    heardAt: longAgo,
    echo: instantMs(0),
    promised: noView,
    logView: noView,
    askAt: now,
  };
}

/** After an answer to this very life. An older answer than the newest one, or the same again, says nothing new. */
export function hearWitness(
  known: KnownWitness,
  id: NodeId,
  grant: Pick<WitnessGrant, "sentAt" | "promised" | "logView">,
  arrivedAt: InstantMs,
): KnownWitness {
  const { sentAt, promised, logView } = grant;
  if (sentAt <= known.echo) return known;
  const knownSince = known.id === id ? known.knownSince : arrivedAt;
  return { ...known, id, knownSince, heardAt: arrivedAt, echo: sentAt, promised, logView };
}

/** It has answered within the deadtime. */
export function isWitnessHeard(known: KnownWitness, now: InstantMs, deadtimeMs: number): boolean {
  return known.id !== null && known.heardAt + deadtimeMs > now;
}

/**
 * [GRP-85] Own newest send time at which the witness had surely promised nothing above `view`, or 0.
 *
 * Whoever goes on without this node needs its vote, and gets it after that.
 */
export function witnessEcho(known: KnownWitness, view: ViewId): InstantMs {
  return compareViewIds(known.promised, view) <= 0 ? known.echo : instantMs(0);
}
