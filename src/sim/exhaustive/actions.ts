import { type Flight, isOld, type Seat, type SmallWorld } from "./small-world.ts";

/** Something that may happen next. The name is the same in every world in which it is the same thing. */
export type Action = { readonly name: string; readonly seat: number } & (
  | { readonly kind: "deliver" | "twice" | "late" | "lost"; readonly flight: Flight }
  | { readonly kind: "persist" | "slow" | "restart" | "advance" }
  /** So many of the records that waited got to the disk. */
  | { readonly kind: "crash"; readonly kept: number }
);

/**
 * Everything that may happen next, always in the same order.
 *
 * A message is held back or lost, and a disk is slow, only when nothing else is left of the round: until then being late is nothing but
 * another order.
 */
export function enabledActions(world: SmallWorld): readonly Action[] {
  const { flights, seats, faultsLeft, scope } = world;
  const actions: Action[] = [];
  for (const flight of flights) {
    if (flight.isHeld && isOld(world, flight)) continue;
    actions.push({ kind: "deliver", name: flight.key, seat: flight.to, flight });
  }
  for (const [seat, { node, writes, state }] of seats.entries()) {
    if (writes.length > 0 && state !== null) actions.push({ kind: "persist", name: `persist ${node}`, seat });
  }
  addAdvances(world, actions);
  if (scope.hasFreeStarts || (isBetweenRounds(world) && openCount(world) === 0)) addRestarts(seats, actions);
  if (faultsLeft > 0) addFaults(world, actions);
  return actions;
}

/**
 * What an action has to do with, as bits: two actions whose bits do not meet may come in either order and lead to one world.
 *
 * Bit n is seat n; the next one the faults left; then one per pair, from and to, for the heartbeat between them: a newer one takes its
 * place, so to take it is another thing before than after.
 */
export function touched(action: Action, before: SmallWorld, after: SmallWorld): number {
  const { kind, seat } = action;
  const seats = before.seats.length;
  const everything = 2 ** 31 - 1;
  if (kind === "twice" || kind === "late" || kind === "lost" || kind === "slow" || kind === "advance")
    return everything;
  let bits = 2 ** seat;
  if (kind === "crash") bits |= 2 ** seats;
  if (kind === "deliver" && isBeat(action.flight)) bits |= pairBit(action.flight, seats);
  for (const flight of after.flights)
    if (isBeat(flight) && !before.flights.includes(flight)) bits |= pairBit(flight, seats);
  return bits;
}

function isBeat({ packet }: Flight): boolean {
  return packet.message.kind === "heartbeat";
}

function pairBit({ from, to }: Flight, seats: number): number {
  return 2 ** (seats + 1 + from * seats + to);
}

/** Messages and writes that must be over before the next round. */
export function openCount({ flights, seats }: SmallWorld): number {
  let open = 0;
  for (const { isHeld } of flights) if (!isHeld) open += 1;
  for (const seat of seats) if (isWriting(seat)) open += 1;
  return open;
}

/** True when the action begins a new round. */
export function beginsRound(world: SmallWorld, action: Action): boolean {
  return action.kind === "advance" && isBetweenRounds(world);
}

function isBetweenRounds({ seats, round }: SmallWorld): boolean {
  return seats.every(({ state, clock }) => state === null || clock === round);
}

function isWriting({ state, writes, isSlow }: Seat): boolean {
  return state !== null && writes.length > 0 && !isSlow;
}

function addAdvances(world: SmallWorld, actions: Action[]): void {
  const { seats, round, scope } = world;
  const isBetween = seats.some(({ state, clock }) => state !== null && clock > round);
  if (!isBetween && openCount(world) > 0) return;
  for (const [seat, { node, state, clock }] of seats.entries()) {
    if (state === null || clock > round) continue;
    actions.push({ kind: "advance", name: `advance ${node}`, seat });
    if (!scope.hasFreeClocks) return;
  }
}

function addRestarts(seats: readonly Seat[], actions: Action[]): void {
  for (const [seat, { node, state, mayReturn }] of seats.entries())
    if (state === null && mayReturn) actions.push({ kind: "restart", name: `restart ${node}`, seat });
}

function addFaults(world: SmallWorld, actions: Action[]): void {
  const { flights, seats, faultsLeft, scope } = world;
  const { faults } = scope;
  const open = openCount(world);
  const isLast = open <= faultsLeft;
  for (const flight of flights) {
    if (flight.isHeld) continue;
    const of = { seat: flight.to, flight };
    if (faults.has("twice")) actions.push({ kind: "twice", name: `twice ${flight.key}`, ...of });
    if (isLast && faults.has("lost")) actions.push({ kind: "lost", name: `lost ${flight.key}`, ...of });
    if (isLast && faults.has("late")) actions.push({ kind: "late", name: `late ${flight.key}`, ...of });
  }
  for (const [seat, value] of seats.entries()) {
    const { node, state } = value;
    if (state === null) continue;
    if (isLast && faults.has("slow") && isWriting(value)) actions.push({ kind: "slow", name: `slow ${node}`, seat });
    if (faults.has("crash")) addCrashes(value, seat, actions);
  }
}

function addCrashes({ node, writes }: Seat, seat: number, actions: Action[]): void {
  const waiting = writes.reduce((sum, { records }) => sum + records.length, 0);
  for (let kept = 0; kept <= waiting; kept += 1)
    actions.push({ kind: "crash", name: `crash ${node} ${kept}`, seat, kept });
}
