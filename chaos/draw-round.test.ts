import { expect, test } from "vitest";
import { Random } from "../src/sim/random.ts";
import { Rounds } from "./draw-round.ts";
import { arbiterFaultKinds, type FaultKind, faultKinds, faultText, isArbiterFault } from "./fault.ts";

const site = {
  nodes: ["n1", "n2", "n3"],
  services: ["red"],
  networks: ["front", "back"],
  deadtimeMs: 1_500,
  daemonGraceMs: 6_000,
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

test("how long a daemon is away is what its kind says", () => {
  const drawn = draw(5, 600).flat();
  const takeover = Number.POSITIVE_INFINITY;
  const spans = (kind: FaultKind) =>
    drawn.filter((fault) => fault.kind === kind).map(({ until }) => (until.kind === "ms" ? until.ms : takeover));
  for (const kind of ["kill -9 haled, restarted at once", "kill -STOP haled, shorter than the deadtime"] as const)
    expect(spans(kind).every((ms) => ms <= 750)).toBe(true);
  expect(new Set(spans("kill -9 haled, until it is taken over"))).toEqual(new Set([takeover]));
  const late = spans("kill -9 haled, restarted late");
  expect(late.every((ms) => ms >= 3_000 && ms <= 7_500)).toBe(true);
  expect([late.some((ms) => ms < 6_000), late.some((ms) => ms > 6_000)]).toEqual([true, true]);
  const longer = spans("kill -STOP haled, longer than the deadtime");
  expect(longer.every((ms) => ms >= 1_500)).toBe(true);
  expect([longer.includes(takeover), longer.some((ms) => ms !== takeover)]).toEqual([true, true]);
  expect(drawn.filter(({ kind }) => kind === "kill -9 haled, until it is taken over").map(faultText)[0]).toMatch(
    /^kill -9 haled, until it is taken over on (n\d|the owner of red)$/,
  );
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
