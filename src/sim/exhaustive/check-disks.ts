import { chooseLog, votingMembers, type Answer } from "../../core/replication/choose-log.ts";
import { isQuorate } from "../../core/quorum/votes.ts";
import type { DiskState } from "../../model/disk.ts";
import type { Electorate } from "../../model/message.ts";
import { compareViewIds, viewIdText } from "../../model/view.ts";
import { keyOf } from "./canonical.ts";
import type { Broken } from "./history.ts";
import type { Seat, SmallWorld } from "./small-world.ts";

/** What the disks must hold in every single state: each of these is a look at one world, not at how it came about. */
export function brokenByDisks(world: SmallWorld): Broken | null {
  const disks = world.seats.map((seat) => diskOf(world, seat));
  return missingOnMember(world, disks) ?? overtaken(world) ?? lostByPower(world, disks);
}

const replayed = new WeakMap<Seat["records"], DiskState>();

function diskOf({ scope }: SmallWorld, { records }: Seat): DiskState {
  let disk = replayed.get(records);
  if (disk === undefined) {
    disk = scope.rules.replayDisk(records);
    replayed.set(records, disk);
  }
  return disk;
}

/** V4: what was delivered is on the disk of every member of the view in which it was. No disk is ever replaced here. */
function missingOnMember({ history, seats }: SmallWorld, disks: readonly DiskState[]): Broken | null {
  for (const { key, entry, members } of history.log) {
    for (const [seat, { node }] of seats.entries()) {
      if (!members.includes(node)) continue;
      const onDisk = disks[seat]?.log[entry.index - 1];
      if (onDisk === undefined || keyOf(onDisk) !== key)
        return { rule: "V4", text: `entry ${entry.index} is delivered, but not on the disk of ${node}` };
    }
  }
  return null;
}

/** V2, V3: a view that has begun holds everything that was ever delivered of earlier ones. */
function overtaken({ history }: SmallWorld): Broken | null {
  for (const { entry } of history.log) {
    for (const { id, base } of history.views) {
      if (compareViewIds(entry.view, id) >= 0 || entry.index < base) continue;
      const text = `entry ${entry.index} of view ${viewIdText(entry.view)} is delivered behind the log of view ${viewIdText(id)}`;
      return { rule: "V2", text };
    }
  }
  return null;
}

/** SAFE-4: if all lost power now, every quorum of disks would bring back all that was delivered. */
function lostByPower({ history, seats }: SmallWorld, disks: readonly DiskState[]): Broken | null {
  const answers = seats.map(({ node }, seat): Answer & { disk: DiskState } => {
    const disk = disks[seat] as DiskState;
    const { logView, committed, isBlank, log } = disk;
    return {
      node,
      disk,
      position: { logView, committed, isBlank, length: log.length, electorates: electoratesOf(disk) },
    };
  });
  for (let subset = 1; subset < 2 ** answers.length; subset += 1) {
    const present = answers.filter((_, bit) => (subset >> bit) & 1);
    const chosen = chooseLog(present);
    if (chosen === undefined) continue;
    const committed = Math.max(...present.map(({ position }) => position.committed));
    const votes = { present: votingMembers(present), self: chosen.node, grant: null };
    if (!isQuorate(chosen.position.electorates, committed, votes)) continue;
    for (const { key, entry } of history.log) {
      const kept = chosen.disk.log[entry.index - 1];
      if (kept !== undefined && keyOf(kept) === key) continue;
      const names = present.map(({ node }) => node).join();
      return { rule: "lost", text: `entry ${entry.index} was delivered, and the disks of ${names} decide without it` };
    }
  }
  return null;
}

function electoratesOf({ founding, log }: DiskState): readonly Electorate[] {
  const electorates: Electorate[] = founding === null ? [] : [founding];
  for (const { index, body } of log) {
    if (body.kind === "electorate" || body.kind === "left") electorates.push({ index, voters: body.voters });
  }
  return electorates;
}
