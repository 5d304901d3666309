import type { EntryBody } from "../../model/entry.ts";
import type { NodeId } from "../../model/ids.ts";
import type { GroupRules } from "../group/group-rules.ts";
import { instantMs } from "../../model/units.ts";
import { enabledActions } from "./actions.ts";
import { isSettled, runFairly } from "./fair-run.ts";
import { noHistory } from "./history.ts";
import { direct, perform } from "./perform.ts";
import { clockOf, type FaultKind, type Scope, type Seat, type SmallWorld } from "./small-world.ts";

/** What may go wrong in a walk, and what it may reorder. */
export interface Latitude {
  readonly rules: GroupRules;
  /** How many of these may happen, at any moment. */
  readonly faults: number;
  readonly kinds: readonly FaultKind[];
  readonly hasFreeBeats: boolean;
  readonly hasFreeClocks: boolean;
  readonly hasFreeStarts: boolean;
  readonly beatsMax: number;
}

/** A situation to walk from. */
export interface Start {
  readonly name: string;
  readonly what: string;
  make(scope: Scope): SmallWorld;
}

/** The world of a start, with its faults. */
export function begin(start: Start, latitude: Latitude): SmallWorld {
  const { faults, kinds, ...rest } = latitude;
  const votes = new Map<NodeId, number>();
  const scope: Scope = { ...rest, quorum: { kind: "majority" }, nodes: nodesOf("abc"), votes, faults: new Set(kinds) };
  return { ...start.make(scope), faultsLeft: faults };
}

const [a, b, c] = [0, 1, 2];

/** The situations, the cheap ones first. */
export const starts: readonly Start[] = [
  { name: "member-dies", what: "a, b and c in a view; c loses power for good", make: (scope) => off(formed(scope), c) },
  {
    name: "coordinator-dies",
    what: "a, b and c in a view; a, its coordinator, loses power for good",
    make: (scope) => off(formed(scope), a),
  },
  {
    name: "coordinator-returns",
    what: "a, b and c in a view; a loses power and may be started again at any time",
    make: (scope) => direct.crash(formed(scope), a, true),
  },
  { name: "fresh", what: "three founders are switched on at once", make: (scope) => on(empty(scope, "abc"), a, b, c) },
  {
    name: "rejoin",
    what: "a and b in a view, with an entry that c has not; c comes back with its disk",
    make: (scope) => direct.start(settled(direct.submit(settled(off(formed(scope), c)), a, entryBody)), c),
  },
  {
    name: "blank-joins",
    what: "a and b, who founded the cluster, in a view; c comes with an empty disk",
    make: (scope) => direct.start(settled(on(empty(scope, "ab"), a, b)), c),
  },
  {
    name: "entry-in-flight",
    what: "a, b and c in a view; c has submitted an entry",
    make: (scope) => direct.submit(formed(scope), c, entryBody),
  },
  {
    name: "two-entries",
    what: "a, b and c in a view; b and c have submitted an entry each",
    make: (scope) => direct.submit(direct.submit(formed(scope), b, entryBody), c, entryBody),
  },
  {
    name: "entry-while-joining",
    what: "a and b in a view; c is back and about to be taken in; a orders an entry",
    make: (scope) => direct.submit(joining(direct.start(settled(off(formed(scope), c)), c)), a, entryBody),
  },
  {
    name: "disk-lost",
    what: "b and c have delivered an entry that a has not, and all lose power; a is back, and c with an empty disk; b may follow",
    make: (scope) => diskLost(formed(scope)),
  },
  {
    name: "tail-at-home",
    what: "a has two entries on its disk that nobody else got, and loses power; it may be started again",
    make: (scope) => direct.crash(ordered(ordered(formed(scope), "a"), "a"), a, true),
  },
  {
    name: "tail-on-one",
    what: "a has ordered an entry that only c got, and loses power; it may be started again",
    make: (scope) => direct.crash(ordered(formed(scope), "c"), a, true),
  },
  {
    name: "tail-on-both",
    what: "a has ordered an entry that b and c have on disk, and loses power before it hears so; it may be started again",
    make: (scope) => direct.crash(ordered(formed(scope), "bc"), a, true),
  },
  {
    name: "votes-gained",
    what: "a and b in a view, c is off and may come back; a is to have three votes of five, and so to need nobody",
    make: (scope) => withVotes(returning(settled(off(formed(scope), c)), c), "aaabc"),
  },
  {
    name: "votes-lost",
    what: "a, with three votes of five, and b in a view, c is off and may come back; a is to have one vote",
    make: (scope) => withVotes(returning(settled(off(withVotesNow(scope, "aaabc"), c)), c), "abc"),
  },
  {
    name: "rivals",
    what: "a dies for good, and c takes b for slow: both propose at once",
    // With prompt heartbeats the second would know of the first.
    make: (scope) => off(doubting(formed({ ...scope, beatsMax: Math.max(1, scope.beatsMax) })), a),
  },
];

const entryBody: EntryBody = { kind: "intent", intent: { kind: "online-node", node: "a" as NodeId }, author: "x" };

function nodesOf(names: string): readonly NodeId[] {
  return names.split("") as NodeId[];
}

function empty(scope: Scope, founders: string): SmallWorld {
  const voters = nodesOf(founders);
  const seats = scope.nodes.map(
    (node): Seat => ({
      node,
      state: null,
      incarnation: null,
      boot: 0,
      records: voters.includes(node) ? [{ kind: "founded", voters }] : [],
      writes: [],
      isSlow: false,
      mayReturn: false,
      body: null,
      clock: 0,
    }),
  );
  return { scope, seats, flights: [], faultsLeft: 0, round: 0, steps: 0, history: noHistory, broken: null };
}

/** Switched on; who is on may come back after a crash. */
function on(world: SmallWorld, ...seats: readonly number[]): SmallWorld {
  return seats.reduce((present, seat) => direct.start(returning(present, seat), seat), world);
}

function returning(world: SmallWorld, seat: number): SmallWorld {
  return { ...world, seats: world.seats.map((each, at) => (at === seat ? { ...each, mayReturn: true } : each)) };
}

function off(world: SmallWorld, seat: number): SmallWorld {
  return direct.crash(world, seat, false);
}

function formed(scope: Scope): SmallWorld {
  return settled(on(empty(scope, "abc"), a, b, c));
}

/** @throws Error when it does not come to one view */
function settled(world: SmallWorld): SmallWorld {
  const present = runFairly(world, 60, isSettled);
  if (!isSettled(present)) throw new Error("Cannot begin: not one view");
  return runFairly(present, 5, () => false);
}

/** a orders an entry; these get it and write it down. */
function ordered(world: SmallWorld, receivers: string): SmallWorld {
  let present = direct.submit(world, a, entryBody);
  for (const receiver of receivers) {
    const action = enabledActions(present).find(
      (each) =>
        each.kind === "deliver" && each.flight.packet.message.kind === "entry" && each.name.includes(`>${receiver}`),
    );
    if (action !== undefined) present = perform(present, action);
    const persist = enabledActions(present).find(({ name }) => name === `persist ${receiver}`);
    if (persist !== undefined) present = perform(present, persist);
  }
  return { ...present, flights: [] };
}

/** From now on all files say so; who is on takes it up at once. A name for each vote. */
function withVotes(world: SmallWorld, letters: string): SmallWorld {
  const votes = new Map(world.scope.nodes.map((node) => [node, letters.split(node).length - 1]));
  const seats = world.seats.map((seat) =>
    seat.state === null ? seat : { ...seat, state: { ...seat.state, setup: { ...seat.state.setup, votes } } },
  );
  return { ...world, scope: { ...world.scope, votes }, seats };
}

/** As `formed`, with these votes. */
function withVotesNow(scope: Scope, letters: string): SmallWorld {
  const founded = withVotes(empty(scope, letters), letters);
  return settled(on(founded, a, b, c));
}

function joining(world: SmallWorld): SmallWorld {
  return runFairly(world, 2, () => false);
}

function diskLost(world: SmallWorld): SmallWorld {
  const alone = settled(off(world, a));
  const ordered = settled(direct.submit(alone, b, entryBody));
  const dark = off(direct.crash(ordered, b, true), c);
  // It owes nothing any more of what it had delivered.
  const log = dark.history.log.map((delivered) => ({
    ...delivered,
    members: delivered.members.filter((node) => node !== "c"),
  }));
  const seats = dark.seats.map((seat, at) => (at === c ? { ...seat, records: [] } : seat));
  return on({ ...dark, seats, history: { ...dark.history, log } }, a, c);
}

/** c holds b for slow, so it takes itself for the best candidate when a dies, as b does. */
function doubting(world: SmallWorld): SmallWorld {
  const seats = world.seats.map((seat, at) => {
    if (at !== c || seat.state === null) return seat;
    const slowUntil = instantMs(clockOf(seat) + seat.state.setup.timers.slow);
    const peers = seat.state.peers.map((peer) => (peer.rank === b ? { ...peer, slowUntil } : peer));
    return { ...seat, state: { ...seat.state, peers } };
  });
  return { ...world, seats };
}
