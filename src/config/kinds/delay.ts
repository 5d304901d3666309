import { z } from "zod";
import type { DelayResource } from "../../model/cluster-config.ts";
import { parseDuration, formatDuration } from "../duration.ts";
import { durationOrZero, operations } from "../schema-parts.ts";
import { spanOr } from "../written.ts";
import type { Path, Problem } from "../config-error.ts";
import { asMapping, type Mapping } from "../raw.ts";
import { timeoutDefaults } from "../advised-timeouts.ts";
import { defineKind } from "./kind.ts";
import { buildBase, writeBase } from "./operations.ts";

/** Waits, and does nothing else. */
export const delay = defineKind({
  key: "delay",
  schema: z.strictObject({
    "wait-start": durationOrZero("How long a start waits.", "0").optional(),
    "wait-stop": durationOrZero("How long a stop waits.", "0").optional(),
    ...operations,
  }),
  nameOf: () => "delay",
  check,
  build: (body, place): DelayResource => ({
    ...buildBase("delay", body, place),
    kind: "delay",
    waitStartMs: spanOr(body["wait-start"], 0),
    waitStopMs: spanOr(body["wait-stop"], 0),
  }),
  isOf: (resource) => resource.kind === "delay",
  write: (resource) => ({
    "wait-start": resource.waitStartMs === 0 ? 0 : formatDuration(resource.waitStartMs),
    "wait-stop": resource.waitStopMs === 0 ? 0 : formatDuration(resource.waitStopMs),
    ...writeBase(resource),
  }),
});

/** A delay that is cut off is a failed stop, and so a fence. */
function check(path: Path, body: Mapping): Problem[] {
  return (["start", "stop"] as const).flatMap((action): Problem[] => {
    const wait = parseDuration(body[`wait-${action}`]) ?? 0;
    const timeout = parseDuration(asMapping(body[action])["timeout"]) ?? timeoutDefaults[action];
    if (wait < timeout) return [];
    const wanted = `less than its time-out of ${formatDuration(timeout)}, or a longer one: ${action}: { timeout: SPAN }`;
    return [{ path: [...path, `wait-${action}`], found: formatDuration(wait), wanted }];
  });
}
