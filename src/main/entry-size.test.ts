import { expect, test } from "vitest";
import { configBytesMax, parseConfig } from "../config/parse-config.ts";
import { boundOutcome } from "../daemon/bound-outcome.ts";
import type { EntryBody, Observation } from "../model/entry.ts";
import { makeIncarnation } from "../model/incarnation.ts";
import { wallMs } from "../model/units.ts";
import { encodeEntryBody } from "../wire/entry-body.ts";
import { entryBytesMax } from "../wire/packet-format.ts";

// What keeps an entry from being too long for the wire, which would throw: the rooms that promise it do not know each other.

test("the largest configuration is an entry, and so is a report on every one of its services", () => {
  expect(configBytesMax + 1024).toBeLessThan(entryBytesMax);
  const services = Array.from({ length: 600 }, (_, i) => `  s${i}: { resources: [{ lsb: { script: /a, name: r } }] }`);
  const text = `cluster: c\nfencing: none\nnodes: { a: { addresses: [10.0.0.1] } }\nservices:\n${services.join("\n")}\n`;
  const parsed = parseConfig(text, "f");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors[0]));
  const { config, digest } = parsed;
  const [node] = config.nodes;
  if (node === undefined) throw new Error("no node");
  const { reason } = boundOutcome({ reason: "x".repeat(1000), output: "" });
  const observations = config.services.map(({ id, resources }): Observation => {
    return { service: id, running: [], unclear: [], attempt: 1_000_000, unable: `${resources[0]?.id}: ${reason}` };
  });
  const incarnation = makeIncarnation({ boot: 1, startedAt: wallMs(1), random: 1 });
  const observed: EntryBody = {
    kind: "observed",
    node: node.id,
    incarnation,
    since: 1_000_000,
    services: observations,
  };
  const sent = encodeEntryBody({ kind: "config", config, digest, author: "x".repeat(64) });
  expect(encodeEntryBody(observed).length).toBeLessThan(sent.length);
});
