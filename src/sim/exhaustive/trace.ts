import { viewIdText } from "../../model/view.ts";
import type { Message } from "../../model/message.ts";
import { type Action, enabledActions } from "./actions.ts";
import { perform } from "./perform.ts";
import type { Seat, SmallWorld } from "./small-world.ts";

/** A way as one word: at each world the position of the action among all that may happen there. */
export function wayText(start: SmallWorld, way: readonly Action[]): string {
  let world = start;
  const positions: number[] = [];
  for (const action of way) {
    positions.push(enabledActions(world).findIndex(({ name }) => name === action.name));
    world = perform(world, action);
  }
  return positions.join(".");
}

/** The way that a word names. @throws RangeError when it leaves the actions that there are: another version wrote it */
export function readWay(start: SmallWorld, text: string): readonly Action[] {
  let world = start;
  const way: Action[] = [];
  for (const position of text === "" ? [] : text.split(".")) {
    const action = enabledActions(world)[Number(position)];
    if (action === undefined)
      throw new RangeError(`Cannot replay step ${way.length + 1}: there is no action ${position}`);
    way.push(action);
    world = perform(world, action);
  }
  return way;
}

/** A line per action: what happened, and where each node stands after it. */
export function traceLines(start: SmallWorld, way: readonly Action[]): readonly string[] {
  let world = start;
  const lines = [`${" ".repeat(58)}${standings(world)}`];
  for (const action of way) {
    const after = perform(world, action);
    const round = `${after.round - start.round}`.padStart(3);
    lines.push(`${round}  ${describe(world, action).padEnd(52)} ${standings(after)}`);
    world = after;
  }
  return lines;
}

function describe(world: SmallWorld, action: Action): string {
  const seat = world.seats[action.seat];
  const node = seat?.node ?? "?";
  switch (action.kind) {
    case "deliver":
      return `${node} takes ${messageText(action.flight.packet.message)} of ${action.flight.packet.from}`;
    case "twice":
      return `FAULT ${node} takes ${messageText(action.flight.packet.message)} of ${action.flight.packet.from}, will again`;
    case "late":
      return `FAULT ${messageText(action.flight.packet.message)} of ${action.flight.packet.from} to ${node} is late`;
    case "lost":
      return `FAULT ${messageText(action.flight.packet.message)} of ${action.flight.packet.from} to ${node} is lost`;
    case "persist":
      return `${node} has on disk: ${seat?.writes[0]?.records.map(({ kind }) => kind).join(", ") ?? ""}`;
    case "slow":
      return `FAULT the disk of ${node} hangs`;
    case "crash":
      return `FAULT ${node} loses power, ${action.kept} records of what it wrote last are on disk`;
    case "restart":
      return `${node} is switched on`;
    case "advance":
      return `${node}: 100 ms have passed`;
  }
}

function messageText(message: Message): string {
  const { kind } = message;
  if (kind === "heartbeat") return `heartbeat (${message.status} ${viewIdText(message.view)})`;
  if (kind === "entry") return `entry ${message.entry.index}`;
  if (kind === "ack") return `ack ${message.length}`;
  if (kind === "commit") return `commit ${message.committed}`;
  return "view" in message ? `${kind} ${viewIdText(message.view)}` : kind;
}

function standings({ seats }: SmallWorld): string {
  return seats
    .map((seat) => `${seat.node} ${standing(seat)}`.padEnd(24))
    .join(" ")
    .trimEnd();
}

/** `promised 3/b, 4 of 6`: the phase, the view it is about, and how much of the log is delivered. */
function standing({ state }: Seat): string {
  if (state === null) return "off";
  const { phase, promised, delivered, log } = state;
  const view = phase.kind === "active" ? phase.view.id : phase.kind === "electing" ? promised : phase.view;
  return `${phase.kind} ${viewIdText(view)}, ${delivered} of ${log.length}`;
}
