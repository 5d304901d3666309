import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { officeText } from "../../src/config/office.fixture.ts";
import { parseConfig } from "../../src/config/parse-config.ts";

// A few hundred whole files are parsed: on a machine that does ten other things, that takes its time.
describe("hostile text", { timeout: 60_000 }, () => {
  it("ends with errors when it is deep, huge or unfolds for ever", () => {
    const bomb = `a: &a [x, x, x, x, x, x, x, x, x, x]\n${"bcdefgh"
      .split("")
      .map((c, i) => `${c}: &${c} [${Array.from({ length: 10 }, () => `*${"abcdefgh"[i]}`).join(", ")}]`)
      .join("\n")}\n`;
    for (const text of [
      "[".repeat(20_000),
      bomb,
      "a".repeat(1_000_001),
      "&a [*a]",
      "a: *b",
      "\0",
      "--- a\n--- b\n",
      "? [a]\n: b\n",
    ]) {
      expect(parseConfig(text, "f").ok).toBe(false);
    }
  });

  it("never throws, whatever the text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        expect(parseConfig(text, "f").ok).toBe(false);
      }),
      { numRuns: 60 },
    );
  });

  it("never throws on a right file with something changed, and places every error inside of it", () => {
    const lines = officeText.split("\n").length;
    const noise = fc.oneof(
      fc.constantFrom(
        "{",
        "}",
        "[",
        "]",
        ":",
        "- ",
        "\n",
        " ",
        "&a ",
        "*a",
        "!x ",
        "null",
        "0",
        "~",
        "'",
        '"',
        "#",
        "__proto__: 1",
      ),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.nat(officeText.length), fc.nat(20), noise, (start, length, insert) => {
        const parsed = parseConfig(officeText.slice(0, start) + insert + officeText.slice(start + length), "f");
        for (const error of parsed.ok ? [] : parsed.errors) {
          expect(error.line).toBeGreaterThan(0);
          expect(error.line).toBeLessThanOrEqual(lines + insert.split("\n").length);
          expect(error.column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("never throws on any YAML value in any place", () => {
    const places = ["cluster", "heartbeat", "nodes", "quorum", "fencing", "services", "engine"];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.json({ maxDepth: 5 }), (place, json) => {
        const text = officeText.replace(new RegExp(`^${place}:[^\n]*\n(?: .*\n)*`, "m"), `${place}: ${json}\n`);
        expect(typeof parseConfig(text, "f").ok).toBe("boolean");
      }),
      { numRuns: 100 },
    );
  });
});
