import { describe, expect, test } from "vitest";
import type { NodeId } from "../../model/ids.ts";
import { makeIncarnation } from "../../model/incarnation.ts";
import { noView } from "../../model/view.ts";
import { spareMembers } from "./spare-members.ts";

const ids = (...names: readonly string[]) => names as readonly NodeId[];
const three = ids("n1", "n2", "n3");
const two = ids("n1", "n2");
const n1 = "n1" as NodeId;
const incarnation = makeIncarnation({ boot: 1, startedAt: 0, random: 0 });

describe("[FEN-20] whom a view can spare", () => {
  test.each([
    ["any of three", three, three, [], false, three],
    ["nobody, when one of three is gone", three, ids("n1", "n3"), [], false, []],
    ["who has no vote", two, three, [], false, ids("n3")],
    ["one of two with a witness that is heard", ids("n1", "n2", "witness.1"), two, ids("witness.1"), false, two],
    ["nobody of two with a witness that is silent", ids("n1", "n2", "witness.1"), two, [], false, []],
    ["one of two that fence each other", two, two, [], true, two],
    ["one of two with two votes each that fence each other", ids("n1", "n1", "n2", "n2"), two, [], true, two],
    ["only who has no vote, beside one with two", ids("n1", "n1"), two, [], true, ids("n2")],
    ["nobody of two that cannot", two, two, [], false, []],
  ])("%s", (_, voters, members, others, isFencing, spare) => {
    const [id = null] = others;
    const facts = {
      electorate: { index: 1, voters },
      view: { id: noView, coordinator: n1, members: members.map((node) => ({ node, incarnation })) },
      witness: { name: "the witness" as const, id, isHeard: id !== null, heardAt: null, hasVote: id !== null },
    };
    expect(spareMembers(facts, isFencing ? "fencing" : "majority", [])).toEqual(spare);
  });

  test("who was fenced and lives on is not counted on", () => {
    const voters = ids("n1", "n2", "n3", "n4", "n5");
    const view = { id: noView, coordinator: n1, members: voters.map((node) => ({ node, incarnation })) };
    const facts = { electorate: { index: 1, voters }, view, witness: null };
    expect(spareMembers(facts, "majority", ids("n2"))).toEqual(ids("n1", "n3", "n4", "n5"));
    expect(spareMembers(facts, "majority", ids("n2", "n3"))).toEqual([]);
    const threeLeft = {
      ...facts,
      electorate: { index: 1, voters: three },
      view: { ...view, members: view.members.slice(0, 3) },
    };
    expect(spareMembers(threeLeft, "majority", [n1])).toEqual([]);
  });
});
