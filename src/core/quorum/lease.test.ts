import { expect, test } from "vitest";
import type { NodeId } from "../../model/ids.ts";
import { instantMs } from "../../model/units.ts";
import { leaseEnd } from "./lease.ts";

const at = (voters: string) => ({ index: 0, voters: voters.split("") as NodeId[] });
const echoes = (times: Readonly<Record<string, number>>) => (node: NodeId) => instantMs(times[node] ?? 0);

test.each([
  ["abc", { a: 100, b: 60, c: 20 }, 660],
  ["abc", { a: 100, b: 60 }, 660],
  ["abc", { a: 100 }, 0],
  ["ab", { a: 100, b: 60 }, 660],
  ["abcd", { a: 100, b: 60, c: 20 }, 620],
  ["a", { a: 100 }, 700],
  ["aabc", { a: 100, b: 60 }, 660],
  ["aabc", { a: 100 }, 0],
  ["aabc", { b: 100, c: 60 }, 0],
  ["abbb", { a: 100, b: 60 }, 660],
])("[GRP-40] the lease of %s with echoes %o ends at %d", (voters, times, end) => {
  expect(leaseEnd([at(voters)], echoes(times), 600)).toBe(end);
});

test("[GRP-40] while the electorate changes, the older of both quorums counts", () => {
  expect(leaseEnd([at("ab"), at("a")], echoes({ a: 100, b: 60 }), 600)).toBe(660);
  expect(leaseEnd([], echoes({ a: 100 }), 600)).toBe(0);
});
