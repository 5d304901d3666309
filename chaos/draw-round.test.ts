import { expect, test } from "vitest";
import { Random } from "../src/sim/random.ts";
import { Rounds } from "./draw-round.ts";
import { arbiterFaultKinds, faultKinds, faultText, isArbiterFault } from "./fault.ts";

const site = {
  nodes: ["n1", "n2", "n3"],
  services: ["red"],
  networks: ["front", "back"],
  deadtimeMs: 1_500,
  kinds: faultKinds,
};

function draw(seed: number, count: number) {
  const rounds = new Rounds(new Random(seed), site);
  return Array.from({ length: count }, () => rounds.next());
}

test("the same seed draws the same faults, another one others", () => {
  const texts = (seed: number) => draw(seed, 50).map((faults) => faults.map(faultText).join(" and "));
  expect(texts(7)).toEqual(texts(7));
  expect(texts(7)).not.toEqual(texts(8));
});

test("in as many rounds as there are kinds, each kind comes first once", () => {
  const first = draw(1, faultKinds.length).map(([fault]) => fault?.kind ?? "");
  expect(first.sort()).toEqual([...faultKinds].sort());
});

test("what is done to an arbiter is drawn like the rest, and falls on no node", () => {
  for (const kinds of Object.values(arbiterFaultKinds)) {
    const rounds = new Rounds(new Random(3), { ...site, kinds: [...faultKinds, ...kinds] });
    const faults = Array.from({ length: 60 }, () => rounds.next()).flat();
    const drawn = faults.filter(({ kind }) => isArbiterFault(kind));
    expect(new Set(drawn.map(({ kind }) => kind))).toEqual(new Set(kinds));
    expect(drawn.every((fault) => !("on" in fault))).toBe(true);
    expect(drawn.map(faultText)[0]).toMatch(/^(kill|witness|arbiter).*, for \d+ ms$/);
  }
});
