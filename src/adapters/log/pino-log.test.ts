import { expect, it } from "vitest";
import { logLine } from "./pino-log.ts";

it.each([
  { text: "member -> lost", fields: { node: "n2", service: undefined, entry: 14 }, line: "n2 member -> lost entry=14" },
  {
    text: "stopped -> starting on n1",
    fields: { node: "n1", service: "web" },
    line: "n1 service web: stopped -> starting on n1",
  },
  { text: "service web: failed", fields: { node: "n1", service: "web" }, line: "n1 service web: failed" },
  { text: "haled runs", fields: { incarnation: "00ff" }, line: 'haled runs incarnation="00ff"' },
  { text: "first\nsecond", fields: {}, line: "first\\nsecond" },
])("writes who, what, and then the other fields: $line", ({ text, fields, line }) => {
  expect(logLine(text, fields)).toBe(line);
});
