import { describe, expect, test } from "vitest";
import { type NodeId, witnessId } from "../../model/ids.ts";
import { type ElectorateSituation, mayBecome, nextVoteChange, withoutLeaver } from "./electorate-change.ts";
import { isMajority, isQuorate, votesOf } from "./votes.ts";

const nodes = (text: string) => text.split("") as NodeId[];
const situation = (voters: string, members: string, more: Partial<ElectorateSituation> = {}): ElectorateSituation => ({
  electorates: [{ index: 0, voters: nodes(voters) }],
  committed: 0,
  members: nodes(members),
  hasBlankVoter: false,
  witness: null,
  ...more,
});
const text = (voters: readonly NodeId[] | null) => voters?.join("") ?? null;

describe("[GRP-32] the electorate", () => {
  test.each([
    ["abc", "ab", "abc", true],
    ["abc", "a", "abc", false],
    ["ab", "abcd", "abcd", false],
    ["abc", "ab", "ac", false],
    ["ab", "abc", "ab", true],
    ["abc", "", "abc", false],
    ["abc", "aabc", "ab", true],
    ["abc", "aaabc", "bc", false],
    ["aaabc", "abc", "a", false],
    ["aaabc", "bc", "abc", true],
    ["abc", "aabbc", "abc", false],
  ])("[GRP-32] of %s may become %s in a view of %s: %s", (voters, next, members, allowed) => {
    expect(mayBecome(nodes(next), situation(voters, members))).toBe(allowed);
  });

  test("[GRP-32] does not change with a change in flight or a blank voter in the view", () => {
    const pending = [...situation("ab", "ab").electorates, { index: 5, voters: nodes("a") }];
    expect(mayBecome(nodes("ab"), situation("ab", "ab", { electorates: pending, committed: 4 }))).toBe(false);
    expect(mayBecome(nodes("ab"), situation("ab", "ab", { electorates: pending, committed: 5 }))).toBe(true);
    expect(mayBecome(nodes("abc"), situation("ab", "abc", { hasBlankVoter: true }))).toBe(false);
  });

  test("[GRP-39] gives members without a vote theirs, one at a time", () => {
    const next = (voters: string, members: string) => nextVoteChange(() => 1, situation(voters, members));
    expect(next("a", "abc")?.voters).toEqual(["a", "b"]);
    expect(next("ab", "abc")?.voters).toEqual(["a", "b", "c"]);
    expect(next("abc", "ab")).toBeNull();
  });

  test.each([
    ["abc", "abc", { a: 3 }, "aaabc"],
    ["abc", "bc", { a: 3 }, null],
    ["aaabc", "abc", {}, "abc"],
    ["aabc", "bc", {}, null],
    ["aabcd", "bcd", {}, "abcd"],
    ["abc", "abc", { c: 0 }, "ab"],
    ["abc", "abcd", { d: 0 }, null],
    ["a", "a", { a: 0 }, null],
    ["a", "ab", { a: 0, b: 2 }, "abb"],
    ["abb", "ab", { a: 0, b: 2 }, "bb"],
    ["abc", "ab", { a: 0, b: 2 }, "abbc"],
  ])("[GRP-43] of %s in a view of %s with the votes %o becomes %s", (voters, members, votes, next) => {
    const wanted: Readonly<Record<string, number>> = votes;
    expect(text(nextVoteChange((node) => wanted[node] ?? 1, situation(voters, members))?.voters ?? null)).toBe(next);
  });

  test("[GRP-70] is without a leaver, but never empty and never beyond the view's majority", () => {
    expect(text(withoutLeaver("c" as NodeId, situation("abc", "abc")))).toBe("ab");
    expect(text(withoutLeaver("a" as NodeId, situation("a", "ab")))).toBe("a");
    expect(text(withoutLeaver("c" as NodeId, situation("ab", "abc")))).toBe("ab");
    expect(text(withoutLeaver("c" as NodeId, situation("abc", "ac")))).toBe("abc");
    expect(text(withoutLeaver("a" as NodeId, situation("aaabc", "abc")))).toBe("bc");
    expect(text(withoutLeaver("a" as NodeId, situation("aaabc", "ab")))).toBe("aaabc");
  });
});

describe("[GRP-88] the vote of a witness", () => {
  const [witness, other] = [witnessId("0123456789ab"), witnessId("ba9876543210")];
  const gains = (voters: readonly NodeId[], members: string, heard: NodeId | null) =>
    nextVoteChange(() => 1, { ...situation("", members, { witness: heard }), electorates: [{ index: 0, voters }] })
      ?.voters;

  test("comes and goes with the vote that makes it useful or useless", () => {
    expect(gains(nodes("a"), "ab", witness)).toEqual(["a", "b", witness]);
    expect(gains(nodes("a"), "ab", null)).toEqual(["a", "b"]);
    expect(gains([...nodes("ab"), witness], "abc", witness)).toEqual(["a", "b", "c"]);
    expect(withoutLeaver("c" as NodeId, situation("abc", "abc", { witness }))).toEqual(["a", "b", witness]);
  });

  test("another witness does not take its place in the same change", () => {
    const voters = [...nodes("ab"), witness];
    const heavier = nextVoteChange((node) => (node === "a" ? 3 : 1), {
      ...situation("", "ab", { witness: other }),
      electorates: [{ index: 0, voters }],
    });
    expect(heavier?.voters).toEqual([witness, "a", "a", "a", "b"].toSorted());
  });
});

/*
 * Every electorate of three nodes with up to three votes each, with and without a witness, every change of one node's votes, and every
 * set of nodes: the arithmetic that V2 stands on.
 */
describe("[GRP-32] whatever the votes", () => {
  const witness = witnessId("0123456789ab");
  const all = nodes("abc");
  const subsets = (of: readonly NodeId[]) =>
    Array.from({ length: 2 ** of.length }, (_, bits) => of.filter((__, bit) => (bits >> bit) & 1));
  const views = subsets(all);
  const anyone = subsets([...all, witness]);
  const counts = [0, 1, 2, 3];
  const lists = counts.flatMap((a) =>
    counts.flatMap((b) =>
      counts.flatMap((c) => {
        const list: readonly NodeId[] = nodes("a".repeat(a) + "b".repeat(b) + "c".repeat(c));
        return list.length % 2 === 0 ? [list, [...list, witness]] : [list];
      }),
    ),
  );
  const meet = (some: readonly NodeId[], others: readonly NodeId[]) => some.some((node) => others.includes(node));
  const majorities = (voters: readonly NodeId[]) => anyone.filter((present) => isMajority(voters, present));
  const distance = (some: readonly NodeId[], others: readonly NodeId[]) =>
    [...all, witness].reduce((sum, node) => sum + Math.abs(votesOf(some, node) - votesOf(others, node)), 0);
  const quorums = new Map(lists.map((list) => [list, majorities(list)]));
  const of = (list: readonly NodeId[]) => quorums.get(list) ?? [];
  const pairs = lists.flatMap((before) => lists.map((after) => [before, after] as const));

  test("[GRP-32] majorities of lists that differ by one vote meet, of others they need not", () => {
    const doMeet = ([before, after]: (typeof pairs)[number]) =>
      of(before).every((q) => of(after).every((r) => meet(q, r)));
    expect(pairs.filter((pair) => distance(...pair) <= 1).every(doMeet)).toBe(true);
    expect(pairs.filter((pair) => distance(...pair) === 2).every(doMeet)).toBe(false);
    // {b, c} and {a}: why both lists count until the new one is on the disks of a majority of the old one.
    const [before, after] = ["abc", "aaabc"].map((wanted) => lists.find((list) => list.join("") === wanted) ?? []);
    expect(doMeet([before ?? [], after ?? []])).toBe(false);
  });

  test("[GRP-31, GRP-32] until the change is committed, who goes by both lists meets who goes by the old or the new one", () => {
    for (const [before, after] of pairs) {
      const electorates = [
        { index: 0, voters: before },
        { index: 5, voters: after },
      ];
      const both = anyone.filter((present) =>
        isQuorate(electorates, 4, { present, self: all[0] as NodeId, grant: null }),
      );
      expect(both.every((q) => [...of(before), ...of(after)].every((r) => meet(q, r)))).toBe(true);
    }
  });

  test("[GRP-32] after it, who goes by the old list meets a node of the view, which has the new one on its disk", () => {
    let allowed = 0;
    for (const [before, after] of pairs) {
      for (const members of views) {
        if (!mayBecome(after, { ...situation("", ""), electorates: [{ index: 0, voters: before }], members })) continue;
        allowed += 1;
        expect(of(before).every((q) => meet(q, members))).toBe(true);
        expect(of(after).every((r) => meet(r, members))).toBe(true);
      }
    }
    expect(allowed).toBeGreaterThan(500);
  });
});
