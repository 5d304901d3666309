import { asList, asMapping, asText, type Mapping } from "./raw.ts";

/** The nodes of a restricted domain, or those of a clone, as they are written; undefined: the service may run anywhere. */
export function restrictedTo(service: Mapping | undefined): readonly string[] | undefined {
  const domain = asMapping(service?.["domain"]);
  const nodes = asList(domain["nodes"]).flatMap((node) => asText(node) ?? []);
  const isRestricted = domain["restricted"] === true || service?.["clones"] !== undefined;
  return isRestricted && nodes.length > 0 ? nodes : undefined;
}
