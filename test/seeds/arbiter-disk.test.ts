import { expect, test } from "vitest";
import { walkOrders } from "../../src/sim/group/arbiter-disk-orders.ts";
import { rightRules } from "../../src/sim/group/group-rules.ts";

// Goal: in whatever order the readings and writings of two nodes come through, the vote of their disk is given once. With more attempts,
// and with power cuts: test/exploration.

test("[GRP-90] two nodes want it once each, and ask whether they still have it", () => {
  const orders = walkOrders(rightRules, { crashes: 0, attempts: 1, listens: true });
  expect(orders).toMatchObject({ broken: null, isGrantedSomewhere: true });
});
