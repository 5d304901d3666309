import type { Link } from "./relation-links.ts";
import { describeValue, type Path, type Problem } from "./config-error.ts";
import { asList, asMapping, type Mapping } from "./raw.ts";
import { restrictedTo } from "./restricted-to.ts";

/** [CLN-2] Clones: what a service that runs on several nodes at once cannot have. */
export function checkClones(root: Mapping): Problem[] {
  const nodes = Object.keys(asMapping(root["nodes"]));
  return Object.entries(asMapping(root["services"])).flatMap(([id, value]): Problem[] => {
    const service = asMapping(value);
    if (service["clones"] === undefined)
      return ["promotable", "notify"].filter((key) => isSet(service[key])).map((key) => withoutClones(id, key));
    return [
      ...checkCount(id, service, nodes),
      ...checkKeys(id, service),
      ...checkAddresses(id, service),
      ...checkPromotable(id, service),
      ...checkNotify(id, service),
    ];
  });
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== false;
}

function withoutClones(id: string, key: string): Problem {
  return { path: ["services", id, key], found: "it in a service without clones", wanted: "clones: all, too" };
}

function checkCount(id: string, service: Mapping, nodes: readonly string[]): Problem[] {
  const { clones } = service;
  const most = (restrictedTo(service) ?? nodes).length;
  if (typeof clones !== "number" || clones <= most || most === 0) return [];
  return [{ path: ["services", id, "clones"], found: String(clones), wanted: `at most ${most}, its nodes, or all` }];
}

/** Keys about where one owner is, or goes: a clone's instances are on their nodes, and go nowhere. */
function checkKeys(id: string, service: Mapping): Problem[] {
  const domain = asMapping(service["domain"]);
  const inDomain = Object.keys(domain).filter((key) => key !== "nodes");
  const relations = ["with", "apart", "exclusive"].filter((key) => service[key] !== undefined);
  const problem = (path: Path, wanted: string): Problem => ({
    path,
    atKey: true,
    found: "it in a service with clones",
    wanted,
  });
  return [
    ...inDomain.map((key) =>
      problem(["services", id, "domain", key], "nodes alone, the preferred first: an instance stays on its node"),
    ),
    ...relations.map((key) => problem(["services", id, key], "after, or the relation in the other service")),
  ];
}

/** [PRO-1] One agent is promoted, and asked again and again how new its data is. */
function checkPromotable(id: string, service: Mapping): Problem[] {
  if (service["promotable"] !== true) return [];
  const path: Path = ["services", id, "resources"];
  const ocf = onlyAgent(service);
  if (ocf === null)
    return [{ path, found: "not one ocf resource, in a service that is promotable", wanted: "that and no other" }];
  const { interval } = asMapping(ocf["monitor"]);
  if (interval !== 0 && interval !== "0") return [];
  const at = [...path, 0, "ocf", "monitor", "interval"];
  return [
    { path: at, found: "0, in a service that is promotable", wanted: "an interval: its score is told by monitors" },
  ];
}

/** [PRO-7] One agent is told what becomes of the others of its kind. */
function checkNotify(id: string, service: Mapping): Problem[] {
  if (!isSet(service["notify"]) || service["promotable"] === true || onlyAgent(service) !== null) return [];
  const path: Path = ["services", id, "resources"];
  return [{ path, found: "not one ocf resource, in a service with notify", wanted: "that and no other" }];
}

/** The OCF agent that is all of a service; null: it is not so. */
function onlyAgent(service: Mapping): Mapping | null {
  const resources = asList(service["resources"]);
  const ocf = asMapping(asMapping(resources[0])["ocf"]);
  return resources.length === 1 && ocf["agent"] !== undefined ? ocf : null;
}

function checkAddresses(id: string, service: Mapping): Problem[] {
  return asList(service["resources"]).flatMap((resource, index): Problem[] => {
    if (asMapping(resource)["address"] === undefined) return [];
    const path: Path = ["services", id, "resources", index, "address"];
    const wanted = `a service of its own with the address, and there with: [${id}]`;
    return [{ path, atKey: true, found: "an address in a service with clones: several nodes would have it", wanted }];
  });
}

/** [CLN-6] What services say of clones. */
export function checkCloneRelations(links: readonly Link[], services: ReadonlyMap<string, Mapping>): Problem[] {
  return links.flatMap(({ kind, from, to, isSoft, path }): Problem[] => {
    const [own, clone] = [services.get(from), services.get(to)];
    if (clone?.["clones"] === undefined) return [];
    // Who is no clone itself means the promoted instance, which is one.
    if (clone["promotable"] === true && own?.["clones"] === undefined) return [];
    const isInstance = own?.["clones"] !== undefined;
    const found = `${describeValue(to)}, which has clones`;
    if (kind === "apart") return [{ path, found, wanted: "services without clones" }];
    if (kind === "after" && !isInstance)
      return [{ path, found, wanted: `with: [${to}], which starts it where an instance runs, and after that` }];
    if (kind === "with" && isSoft) return [{ path, found, wanted: `${to} without soft` }];
    const [nodes, others] = [restrictedTo(own), restrictedTo(clone)];
    if (others === undefined) return [];
    const lacking = isInstance ? nodes?.find((node) => !others.includes(node)) : undefined;
    if (isInstance && (nodes === undefined || lacking !== undefined))
      return [
        { path, found: `${found} on ${others.join(", ")} only`, wanted: "a clone that has all nodes of this one" },
      ];
    if (isInstance || nodes === undefined || nodes.some((node) => others.includes(node))) return [];
    return [{ path, found: `${found} on ${others.join(", ")} only`, wanted: "a domain with one of these nodes" }];
  });
}
