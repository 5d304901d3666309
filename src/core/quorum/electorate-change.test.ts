import { describe, expect, test } from "vitest";
import type { NodeId } from "../../model/ids.ts";
import { type ElectorateSituation, mayBecome, withNextMember, withoutLeaver } from "./electorate-change.ts";

const nodes = (text: string) => text.split("") as NodeId[];
const situation = (voters: string, members: string, more: Partial<ElectorateSituation> = {}): ElectorateSituation => ({
  electorates: [{ index: 0, voters: nodes(voters) }],
  committed: 0,
  members: nodes(members),
  hasBlankVoter: false,
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
    expect(text(withNextMember(situation("a", "abc")))).toBe("ab");
    expect(text(withNextMember(situation("ab", "abc")))).toBe("abc");
    expect(text(withNextMember(situation("abc", "ab")))).toBeNull();
  });

  test("[GRP-70] is without a leaver, but never empty and never beyond the view's majority", () => {
    expect(text(withoutLeaver("c" as NodeId, situation("abc", "abc")))).toBe("ab");
    expect(text(withoutLeaver("a" as NodeId, situation("a", "ab")))).toBe("a");
    expect(text(withoutLeaver("c" as NodeId, situation("ab", "abc")))).toBe("ab");
    expect(text(withoutLeaver("c" as NodeId, situation("abc", "ac")))).toBe("abc");
  });
});
