import { expect, test } from "vitest";
import { parseKeys, type Keys } from "../wire/keys.ts";
import { KeyRing } from "./key-ring.ts";

const [first, second] = ["1 hmac-sha256 0123456789abcdef\n", "2 hmac-sha256 fedcba9876543210\n"];

test("whoever uses the keys follows each change, and only changes", () => {
  const ring = new KeyRing(parseKeys(`auth 1\n${first}`));
  const seen: Keys[] = [];
  ring.follow((keys) => seen.push(keys));
  expect(ring.replace(parseKeys(`auth 1\n# the same\n${first}`))).toBeNull();
  expect(ring.replace(parseKeys(`auth 1\n${second}${first}`))).toBe(
    "keys of this node in use: signs with 1, believes 1, 2",
  );
  expect(ring.replace(parseKeys(`auth 2\n${first}${second}`))).toContain("signs with 2");
  expect(ring.replace(parseKeys(`auth 2\n${first.replace("0", "9")}${second}`)), "another secret").not.toBeNull();
  expect(seen.map((keys) => keys.signWith)).toEqual([1, 2, 2]);
  expect(ring.keys).toBe(seen.at(-1));
});
