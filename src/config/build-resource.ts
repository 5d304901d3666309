import type { ResourceConfig } from "../model/cluster-config.ts";
import type { ResourcePlace } from "./kinds/kind.ts";
import { resourceKinds } from "./kinds/resource-kinds.ts";
import type { ResourceDocument } from "./schema.ts";

/** @throws TypeError when the resource has no kind; the checks have seen that it has one */
export function buildResource(document: ResourceDocument, place: ResourcePlace): ResourceConfig {
  const kind = resourceKinds.find(({ key }) => document[key] !== undefined);
  if (kind === undefined) throw new TypeError(`Cannot build a resource at ${place.path.join(".")}: it has no kind`);
  return kind.build(document[kind.key], place);
}
