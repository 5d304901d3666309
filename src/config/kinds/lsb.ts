import { z } from "zod";
import type { LsbResource } from "../../model/cluster-config.ts";
import { describeValue, type Path, type Problem } from "../config-error.ts";
import { asText, type Mapping } from "../raw.ts";
import { operations, text } from "../schema-parts.ts";
import { defineKind } from "./kind.ts";
import { buildBase, mainText, writeBase } from "./operations.ts";

const scriptWanted = "the absolute path of an init script";

/** An init script. */
export const lsb = defineKind({
  key: "lsb",
  schema: z.strictObject({ script: text(scriptWanted, "An init script."), ...operations }),
  nameOf: (body) => lastPart(mainText(body, "script")),
  check,
  build: (body, place): LsbResource => ({
    ...buildBase(lastPart(body.script) ?? "lsb", body, place),
    kind: "lsb",
    script: body.script,
  }),
  isOf: (resource) => resource.kind === "lsb",
  write: (resource) => ({ script: resource.script, ...writeBase(resource) }),
});

function lastPart(path: string | undefined): string | undefined {
  return path?.split("/").at(-1);
}

function check(path: Path, body: Mapping): Problem[] {
  const script = asText(body["script"]);
  if (script === undefined || /^\/.*[^/]$/.test(script)) return [];
  return [{ path: [...path, "script"], found: describeValue(script), wanted: scriptWanted }];
}
