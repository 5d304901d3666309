import { z } from "zod";
import type { SystemdResource } from "../../model/cluster-config.ts";
import { describeValue, type Path, type Problem } from "../config-error.ts";
import { asText, type Mapping } from "../raw.ts";
import { operations, text } from "../schema-parts.ts";
import { defineKind } from "./kind.ts";
import { buildBase, mainText, writeBase } from "./operations.ts";

const unitWanted = "the name of a unit such as nginx.service";
const suffixes = "service|socket|target|mount|automount|swap|timer|path|slice|scope";

/** A unit of systemd. */
export const systemd = defineKind({
  key: "systemd",
  schema: z.strictObject({ unit: text(unitWanted, "A unit; without a suffix it is a service."), ...operations }),
  nameOf: (body) => mainText(body, "unit")?.replace(/\.service$/, ""),
  check,
  build: (body, place): SystemdResource => ({
    ...buildBase(body.unit.replace(/\.service$/, ""), body, place),
    kind: "systemd",
    unit: new RegExp(`\\.(${suffixes})$`).test(body.unit) ? body.unit : `${body.unit}.service`,
  }),
  isOf: (resource) => resource.kind === "systemd",
  write: (resource) => ({ unit: resource.unit, ...writeBase(resource) }),
});

function check(path: Path, body: Mapping): Problem[] {
  const unit = asText(body["unit"]);
  if (unit === undefined || unit === "" || /^[A-Za-z0-9:_.@\\][A-Za-z0-9:_.@\\-]*$/.test(unit)) return [];
  return [{ path: [...path, "unit"], found: describeValue(unit), wanted: unitWanted }];
}
