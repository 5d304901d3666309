import { describe, expect, test } from "vitest";
import type { NodeId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import type { LogPosition } from "../../model/message.ts";
import { instantMs, never, wallMs } from "../../model/units.ts";
import type { ViewId } from "../../model/view.ts";
import { answerProposal, type Answerer } from "./answer-proposal.ts";
import { chooseLog, firstMissing, votingMembers } from "./choose-log.ts";
import { commitIndex } from "./commit-index.ts";
import { asked, type DiskProgress, finished, waitingSince } from "./durability.ts";
import { isMeantFor, type Install } from "./install.ts";
import { appendEntries, emptyLog } from "./log.ts";
import { diskFloor, isBelow } from "./remembered-disk.ts";
import { placeOf, withSubmission } from "./submissions.ts";

const life = (boot: number) => makeIncarnation({ boot, startedAt: 0, random: 0 });
const nodes = (text: string) => text.split("") as NodeId[];
const [a, b, c] = nodes("abc") as [NodeId, NodeId, NodeId];
const view = (counter: number, proposer = a, boot = 1): ViewId => ({ counter, proposer, incarnation: life(boot) });
const position = (counter: number, length: number, more: Partial<LogPosition> = {}): LogPosition => ({
  logView: view(counter),
  length,
  committed: 0,
  electorates: [],
  isBlank: false,
  ...more,
});

describe("answerProposal", () => {
  const free: Answerer = { self: b, promised: view(5), isInstalled: false, fenceOut: null, liveView: null };
  const living: Answerer = { ...free, liveView: { coordinator: a, members: nodes("ab") } };
  const proposal = (id: ViewId, members = "abc") => ({ view: id, members: nodes(members), from: id.proposer });

  test.each([
    ["[GRP-10] higher: promised", proposal(view(6)), free, "promise"],
    ["[GRP-10] same counter, later name: promised", proposal(view(5, c)), free, "promise"],
    ["[GRP-10] lower: refused", proposal(view(4)), free, "refuse"],
    ["[GRP-10] the same again: answered again", proposal(view(5)), free, "repeat"],
    ["[GRP-10] the same again, installed: no more", proposal(view(5)), { ...free, isInstalled: true }, "ignore"],
    ["[GRP-10] the same id of another life: refused", proposal(view(5, a, 2)), free, "refuse"],
    ["[GRP-10] without this node: not its business", proposal(view(6), "ac"), free, "ignore"],
    ["[GRP-11] from the own coordinator: promised", proposal(view(6, a), "ab"), living, "promise"],
    ["[GRP-11] from another, not larger: held", proposal(view(6, c), "bc"), living, "hold"],
    ["[GRP-11] from another, as large: held", proposal(view(6, c), "ab"), living, "hold"],
    ["[GRP-11] from another, with all and more: promised", proposal(view(6, c), "abc"), living, "promise"],
    ["[GRP-36] with a node that is to be shot: ignored", proposal(view(6, c)), { ...free, fenceOut: a }, "ignore"],
  ] as const)("%s", (_, asks, answerer, answer) => {
    expect(answerProposal(asks, answerer)).toBe(answer);
  });
});

describe("chooseLog", () => {
  const answer = (node: NodeId, at: LogPosition) => ({ node, position: at });

  test("[GRP-50] the last installed view decides, then the length", () => {
    const answers = [answer(a, position(2, 90)), answer(b, position(3, 10)), answer(c, position(3, 12))];
    expect(chooseLog(answers)?.node).toBe(c);
  });

  test("[GRP-50] a blank node's log is never chosen and its vote never counted", () => {
    const answers = [answer(a, position(9, 99, { isBlank: true })), answer(b, position(0, 0))];
    expect(chooseLog(answers)?.node).toBe(b);
    expect(votingMembers(answers)).toEqual([b]);
    expect(chooseLog([answer(a, position(0, 0, { isBlank: true }))])).toBeUndefined();
  });

  test("[GRP-53] logs of one view share their beginning; others only what is committed", () => {
    expect(firstMissing(position(3, 10, { committed: 4 }), position(3, 12))).toBe(11);
    expect(firstMissing(position(2, 10, { committed: 4 }), position(3, 12))).toBe(5);
    expect(firstMissing(position(3, 10, { committed: 4, isBlank: true }), position(3, 12))).toBe(5);
  });
});

describe("entries", () => {
  test("[GRP-60] committed is what all have on disk", () => {
    expect(commitIndex([9, 7, 12])).toBe(7);
  });

  test("[GRP-61] a submission is next, old or early by its origin's own count", () => {
    const last = withSubmission(new Map(), { origin: a, incarnation: life(2), sequence: 1 });
    const place = (boot: number, sequence: number, origin = a) =>
      placeOf({ origin, incarnation: life(boot), sequence }, last);
    expect([place(2, 1), place(2, 2), place(2, 3)]).toEqual(["old", "next", "early"]);
    expect([place(1, 2), place(3, 1), place(3, 2), place(1, 1, b)]).toEqual(["old", "next", "early", "next"]);
    expect(withSubmission(last, { origin: a, incarnation: life(9), sequence: 0 })).toBe(last);
  });
});

describe("what is on disk", () => {
  const disk: DiskProgress = {
    durable: { promised: view(1), logView: view(1), length: 3 },
    writes: [],
    next: 1,
    committed: 0,
    grownBytes: 0,
    rewriteAtBytes: 1,
    untrimmedBytes: 0,
  };
  const entry = (index: number) => ({
    index,
    view: view(1),
    id: { origin: a, incarnation: life(1), sequence: index },
    at: wallMs(0),
    body: { kind: "electorate" as const, voters: [], reason: "" },
  });

  test("[GRP-15] a write counts when it is done, and with it all before", () => {
    const one = asked(disk, [{ kind: "append", entries: [entry(4), entry(5)] }], instantMs(10));
    const two = asked(one, [{ kind: "committed", committed: 4 }], instantMs(20));
    const three = asked(two, [{ kind: "promise", promised: view(7) }], instantMs(30));
    expect(three.durable.length).toBe(3);
    expect(finished(three, 2).durable).toEqual({ promised: view(1), logView: view(1), length: 5 });
    expect(waitingSince(finished(three, 2))).toBe(30);
    expect(finished(three, 3).durable.promised).toEqual(view(7));
    expect(waitingSince(finished(three, 3))).toBe(never);
  });

  test("[GRP-62] a write that is queued before an append does not make the append durable", () => {
    const queued = asked(
      asked(disk, [{ kind: "committed", committed: 3 }], instantMs(1)),
      [{ kind: "append", entries: [entry(4)] }],
      instantMs(1),
    );
    expect(finished(queued, 1).durable.length).toBe(3);
  });

  test("[GRP-13] an installation is for the life that promised", () => {
    const install: Install = {
      kind: "install",
      view: view(2),
      members: [{ node: b, incarnation: life(4) }],
      base: 0,
      committed: 0,
      founding: [],
      from: 1,
      entries: [],
    };
    expect(isMeantFor(install, { self: b, incarnation: life(4) })).toBe(true);
    expect(isMeantFor(install, { self: b, incarnation: life(5) })).toBe(false);
    expect(isMeantFor(install, { self: a, incarnation: life(4) })).toBe(false);
  });
});

describe("[GRP-8] a disk that holds less than it did", () => {
  const viewEntry = (index: number, counter: number, members: string) => ({
    index,
    view: view(counter),
    id: { origin: a, incarnation: life(1), sequence: 0 },
    at: wallMs(0),
    body: {
      kind: "view" as const,
      members: nodes(members).map((node) => ({ node, incarnation: life(1) })),
      coordinator: a,
    },
  });
  const plain = (index: number, counter: number) => ({
    ...viewEntry(index, counter, ""),
    body: { kind: "electorate" as const, voters: [], reason: "" },
  });
  const log = appendEntries(emptyLog(null), [
    viewEntry(1, 1, "abc"),
    plain(2, 1),
    viewEntry(3, 2, "ab"),
    plain(4, 2),
    plain(5, 2),
  ]);

  test("[GRP-8] the floor is the last committed view of the node, and what was committed in it", () => {
    expect(diskFloor(log, 4, b)).toEqual({ logView: view(2), length: 4 });
    expect(diskFloor(log, 5, c)).toEqual({ logView: view(1), length: 1 });
    expect(diskFloor(log, 2, b)).toEqual({ logView: view(1), length: 2 });
    expect(diskFloor(log, 5, "d" as NodeId)).toBeNull();
  });

  test("[GRP-8] a view that has ordered nothing may never have begun, and says nothing", () => {
    const never = appendEntries(emptyLog(null), [
      viewEntry(1, 1, "ac"),
      plain(2, 1),
      viewEntry(3, 2, "ac"),
      viewEntry(4, 3, "ab"),
    ]);
    expect(diskFloor(never, 4, c)).toEqual({ logView: view(1), length: 1 });
    expect(diskFloor(never, 4, b)).toBeNull();
  });

  test.each([
    [position(2, 4), false],
    [position(2, 3), true],
    [position(1, 9), true],
    [position(3, 1), false],
    [position(0, 0, { isBlank: true }), false],
  ])("[GRP-8] below the floor: %#", (at, below) => {
    expect(isBelow(at, { logView: view(2), length: 4 })).toBe(below);
  });
});
