import type { Brand } from "./brand.ts";

/**
 * One life of a daemon: 28 hexadecimal digits, 8 of boot counter, 12 of wall clock at start, 8 random.
 *
 * Fixed width, so that text order is age order: `older < newer`. A node that lost its disk would start at boot counter 1 and
 * look old to peers that remember it; it learns their memory from their heartbeats and takes a boot counter above it.
 */
export type Incarnation = Brand<string, "Incarnation">;

/** The parts an incarnation is made of. */
export interface IncarnationParts {
  /** From the journal, +1 at each start; 1 to 2^32-1. */
  readonly boot: number;
  /** Wall clock at start, ms. */
  readonly startedAt: number;
  /** 32 random bits. */
  readonly random: number;
}

/** Builds the text form. */
export function makeIncarnation(parts: IncarnationParts): Incarnation {
  const hex = (value: number, width: number): string => value.toString(16).padStart(width, "0");
  return `${hex(parts.boot, 8)}${hex(parts.startedAt, 12)}${hex(parts.random >>> 0, 8)}` as Incarnation;
}

/** The boot counter of an incarnation. */
export function bootOf(incarnation: Incarnation): number {
  return Number.parseInt(incarnation.slice(0, 8), 16);
}
