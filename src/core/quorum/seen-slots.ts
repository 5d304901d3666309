import type { ArbiterContent, SlotVote } from "../../model/arbiter-disk.ts";
import type { NodeId } from "../../model/ids.ts";
import type { Incarnation } from "../../model/incarnation.ts";
import type { InstantMs } from "../../model/units.ts";
import { isNewerVote, type SlotTable } from "./slot-table.ts";

/** What was seen on the disk `disk` at the last look: what changes tells who lives, and what goes back tells that something is wrong. */
export interface Seen {
  readonly disk: NodeId;
  /** By slot, the newest vote. */
  readonly votes: readonly SlotVote[];
  /** By slot, the last sign of life; empty when it could not be read. */
  readonly beats: readonly string[];
  /** This life has written a sign of life here. */
  readonly hasBeaten: boolean;
  /** When something in the own slot was last seen to be another's; null: never. */
  readonly foreignAt: InstantMs | null;
}

/** A look at the disk. */
export interface Look {
  readonly table: SlotTable;
  readonly content: ArbiterContent;
  readonly now: InstantMs;
  readonly incarnation: Incarnation;
}

/** What a look has shown. */
export interface Found {
  readonly seen: Seen;
  /** Who has written a sign of life since the last look. */
  readonly heard: readonly NodeId[];
  /** Whose slot was newer before; null: nobody's. */
  readonly wentBack: NodeId | null;
}

/** Compares with the last look; a disk that was made anew is seen for the first time. */
export function lookAround(before: Seen | null, { table, content, now, incarnation }: Look): Found {
  const { disk, own, ownVote, votes } = table;
  const { nodes } = content.header;
  const known = before?.disk === disk ? before : null;
  const heard: NodeId[] = [];
  let wentBack: NodeId | null = null;
  const beats = content.slots.map(({ beat }, place): string => {
    const old = known?.beats[place] ?? "";
    if (beat === null || beat.disk !== disk) return old;
    const text = `${beat.incarnation}/${beat.count}`;
    const node = nodes[place];
    // What was there at the first look may be years old.
    if (old !== "" && old !== text && node !== undefined) heard.push(node);
    return text;
  });
  const newest = votes.map((vote, place): SlotVote => {
    const old = known?.votes[place];
    if (old === undefined || !isNewerVote(old, vote)) return vote;
    wentBack = vote.node;
    return old;
  });
  const ownBeat = content.slots[own]?.beat ?? null;
  const isVoteForeign =
    known !== null && ownVote.sequence > (known.votes[own]?.sequence ?? 0) && ownVote.incarnation !== incarnation;
  // One that stays is a write of an earlier life that came late: nobody else would write over it.
  const isBeatNew = known?.beats[own] !== beats[own];
  const isBeatForeign =
    known?.hasBeaten === true && isBeatNew && ownBeat?.disk === disk && ownBeat.incarnation !== incarnation;
  const foreignAt = isVoteForeign || isBeatForeign ? now : (known?.foreignAt ?? null);
  return { seen: { disk, votes: newest, beats, hasBeaten: known?.hasBeaten ?? false, foreignAt }, heard, wentBack };
}
