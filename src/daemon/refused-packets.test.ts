import { expect, test } from "vitest";
import { instantMs } from "../model/units.ts";
import { RefusedPackets } from "./refused-packets.ts";

const neighbour = "10.0.0.9:6940";

test("what should not have come is told in one line, by its meaning, with where it came from", () => {
  const refused = new RefusedPackets();
  expect(refused.warning(instantMs(0))).toBeNull();
  for (const reason of ["mac", "version", "mac", "magic", "short"]) refused.add(reason, neighbour, instantMs(1_000));
  expect(refused.warning(instantMs(2_000))).toBe(
    "packets refused in the last minute: another version 1, not hale's 2, wrong key or altered 2; the last came from 10.0.0.9:6940",
  );
});

test("it is forgotten after a minute", () => {
  const refused = new RefusedPackets();
  for (const at of [0, 30_000, 59_999]) refused.add("cluster", neighbour, instantMs(at));
  expect(refused.warning(instantMs(59_999))).toContain("another cluster 3;");
  expect(refused.warning(instantMs(75_000))).toContain("another cluster 2;");
  expect(refused.warning(instantMs(119_999))).toBeNull();
});

test("second copies, reflections and late packets of an earlier life alarm nobody", () => {
  const refused = new RefusedPackets();
  for (const reason of ["replay", "self", "old-incarnation"]) refused.add(reason, neighbour, instantMs(0));
  expect(refused.warning(instantMs(0))).toBeNull();
});
