import { describe, expect, it } from "vitest";
import { transitions } from "./transitions.fixture.ts";

describe("[SVC-48] a service", () => {
  it.each(transitions)("that is %s is %s when %s", (from, to, _, make, then) => {
    const site = make();
    const before = site.texts.length;
    const said = then(site).texts.slice(before);
    const texts = said.filter((text) => text.startsWith("web: ")).map((text) => text.replaceAll(/ on n\d/g, ""));
    expect(texts.map((text) => text.split(": ")[1])).toContain(`${from} -> ${to}`);
  });
});
