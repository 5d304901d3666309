import { expect, test } from "vitest";
import { walkOrders } from "../../src/sim/group/arbiter-disk-orders.ts";
import { rightRules } from "../../src/sim/group/group-rules.ts";

// Goal: in whatever order the readings and writings of two nodes come through, the vote of their disk is given once.

test.each([
  ["twice each, and ask whether they still have it", { crashes: 0, attempts: 2, listens: true }],
  ["once each, and one loses its power or its process", { crashes: 1, attempts: 1, listens: false }],
  [
    "one after the other, and the first loses its power twice",
    { crashes: 2, attempts: 2, listens: false, isInTurn: true },
  ],
] as const)(
  "[GRP-90] [GRP-92] [GRP-96] two nodes want it %s",
  (_, extent) => {
    expect(walkOrders(rightRules, extent)).toMatchObject({ broken: null, isGrantedSomewhere: true });
  },
  240_000,
);
