import { describe, expect, test } from "vitest";
import type { NodeId } from "../../model/ids.ts";
import { noView } from "../../model/view.ts";
import { hasVotes, isMajority, isQuorate, votersText } from "./votes.ts";

const nodes = (text: string) => text.split("") as NodeId[];
const at = (index: number, voters: string) => ({ index, voters: nodes(voters) });
const votes = (present: string, grant?: string) => ({
  present: nodes(present),
  self: (present[0] ?? "a") as NodeId,
  grant: grant === undefined ? null : { peer: grant as NodeId, logView: noView },
});

describe("votes", () => {
  test("[GRP-30] any two majorities of up to seven voters meet", () => {
    const all = nodes("abcdefg");
    for (let size = 1; size <= 7; size += 1) {
      const voters = all.slice(0, size);
      const subsets = Array.from({ length: 2 ** size }, (_, bits) => voters.filter((__, bit) => (bits >> bit) & 1));
      const majorities = subsets.filter((present) => isMajority(voters, present));
      for (const one of majorities)
        expect(majorities.every((other) => other.some((node) => one.includes(node)))).toBe(true);
    }
  });

  test("[GRP-30] a node counts as often as it is named", () => {
    expect(isMajority(nodes("aabc"), nodes("ab"))).toBe(true);
    expect(isMajority(nodes("aabc"), nodes("a"))).toBe(false);
    expect(isMajority(nodes("aabc"), nodes("bc"))).toBe(false);
    expect(isMajority(nodes("aaabc"), nodes("a"))).toBe(true);
    expect(isMajority(nodes("aaabc"), nodes("bcdef"))).toBe(false);
    expect(votersText(nodes("aabc"))).toBe("a (2 votes), b, c");
  });

  test("[GRP-30] voters count, nodes heard do not; no electorate decides nothing", () => {
    expect(isQuorate([at(0, "abc")], 0, votes("axyz"))).toBe(false);
    expect(isQuorate([at(0, "abc")], 0, votes("ab"))).toBe(true);
    expect(isQuorate([], 0, votes("ab"))).toBe(false);
  });

  test("[GRP-31] a change in flight must have both majorities, a committed one only its own", () => {
    const electorates = [at(0, "ab"), at(9, "a")];
    expect(isQuorate(electorates, 8, votes("a"))).toBe(false);
    expect(isQuorate(electorates, 8, votes("ab"))).toBe(true);
    expect(isQuorate(electorates, 9, votes("a"))).toBe(true);
  });

  test("[GRP-33] a grant is the fellow voter's vote, in an electorate of these two only", () => {
    expect(hasVotes(nodes("ab"), votes("a", "b"))).toBe(true);
    expect(hasVotes(nodes("ab"), votes("a", "c"))).toBe(false);
    expect(hasVotes(nodes("abc"), votes("a", "b"))).toBe(false);
    expect(hasVotes(nodes("b"), votes("a", "b"))).toBe(false);
    expect(hasVotes(nodes("aabb"), votes("a", "b"))).toBe(true);
    expect(hasVotes(nodes("abb"), votes("a", "b"))).toBe(false);
  });

  test("[GRP-33] a vote that is being withdrawn from the asker is not replaced by a grant", () => {
    expect(isQuorate([at(0, "ab"), at(5, "a")], 4, votes("b", "a"))).toBe(false);
    expect(isQuorate([at(0, "ab"), at(5, "a")], 4, votes("a", "b"))).toBe(true);
  });
});
