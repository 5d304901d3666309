import { describeValue, formatPath, type Path, type Problem } from "./config-error.ts";
import { ipKey, parseIp, parseIpWithPrefix } from "./ip.ts";
import { kindOfKey } from "./kinds/resource-kinds.ts";
import { checkTree } from "./check-tree.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";
import { unknownReference } from "./references.ts";

/** Services: their domains, the values of their resources, names and addresses used once. */
export function checkServices(root: Mapping): Problem[] {
  const nodes = Object.keys(asMapping(root["nodes"]));
  const services = Object.entries(asMapping(root["services"]));
  return [
    ...services.flatMap(([id, service]) => [
      ...checkDomain(["services", id, "domain"], asMapping(asMapping(service)["domain"]), nodes),
      ...checkResources(["services", id, "resources"], asList(asMapping(service)["resources"])),
      ...checkListeners(["services", id, "resources"], asList(asMapping(service)["resources"])),
      ...checkTree(["services", id, "resources"], asList(asMapping(service)["resources"])),
    ]),
    ...checkDoubleAddresses(root, services),
  ];
}

function checkDomain(path: Path, domain: Mapping, nodes: readonly string[]): Problem[] {
  const problems: Problem[] = [];
  const list = asList(domain["nodes"]);
  for (const [index, value] of list.entries()) {
    const node = asText(value);
    if (node === undefined) continue;
    if (!nodes.includes(node)) problems.push(unknownReference([...path, "nodes", index], node, "node", nodes));
    else if (list.indexOf(node) < index) {
      problems.push({
        path: [...path, "nodes", index],
        found: `${JSON.stringify(node)} again`,
        wanted: "each node once",
      });
    }
  }
  problems.push(...checkPriority(path, domain, list.length === 0 ? nodes : list.flatMap((node) => asText(node) ?? [])));
  if (domain["restricted"] === true && list.length === 0) {
    problems.push({
      path: [...path, "restricted"],
      found: "a restricted domain without nodes",
      wanted: "nodes, or no restriction",
    });
  }
  return problems;
}

/** Each node of the domain has one, and no other node. */
function checkPriority(path: Path, domain: Mapping, nodes: readonly string[]): Problem[] {
  if (domain["priority"] === undefined) return [];
  const given = Object.keys(asMapping(domain["priority"]));
  const problems = given
    .filter((node) => !nodes.includes(node))
    .map((node) => unknownReference([...path, "priority", node], node, "node of the domain", nodes));
  const missing = nodes.find((node) => !given.includes(node));
  if (missing !== undefined)
    problems.push({
      path: [...path, "priority"],
      found: `no priority of ${missing}`,
      wanted: "one for each node of the domain",
    });
  if (domain["ordered"] !== undefined)
    problems.push({ path: [...path, "ordered"], found: "ordered beside priority", wanted: "one of them" });
  return problems;
}

function checkResources(path: Path, resources: readonly unknown[]): Problem[] {
  const names = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [index, resource] of resources.entries()) {
    const kinds = Object.keys(asMapping(resource));
    const at = [...path, index];
    if (kinds.length !== 1) {
      if (typeof resource === "object") problems.push(wrongKindCount(at, kinds));
      continue;
    }
    const kind = kinds[0] ?? "";
    if (asMapping(resource)[kind] === undefined) {
      problems.push({ path: [...at, kind], found: "nothing", wanted: `what the ${kind} needs: { … }` });
      continue;
    }
    const body = asMapping(asMapping(resource)[kind]);
    problems.push(...(kindOfKey(kind)?.check([...at, kind], body) ?? []));
    const name = asText(body["name"]) ?? kindOfKey(kind)?.nameOf(body);
    if (name === undefined) continue;
    const first = names.get(name);
    if (first === undefined) names.set(name, index);
    else {
      const wanted = `another name (key name): ${formatPath([...path, first])} has it`;
      problems.push({ path: at, found: `a second resource named ${JSON.stringify(name)}`, wanted });
    }
  }
  return problems;
}

/** A file server on all addresses would be in the way of any other. */
function checkListeners(path: Path, resources: readonly unknown[]): Problem[] {
  const hasAddress = resources.some((resource) => asMapping(resource)["address"] !== undefined);
  return resources.flatMap((resource, index): Problem[] => {
    const { samba } = asMapping(resource);
    if (samba === undefined || hasAddress || asMapping(samba)["addresses"] !== undefined) return [];
    const wanted = "an address resource in the service, or addresses: [ADDRESS, …]";
    return [{ path: [...path, index, "samba"], atKey: true, found: "no address to listen on", wanted }];
  });
}

function wrongKindCount(path: Path, kinds: readonly string[]): Problem {
  const found = kinds.length === 0 ? "an empty resource" : `${kinds.length} kinds in one resource: ${kinds.join(", ")}`;
  return { path, found, wanted: 'one kind; begin each resource with "- "' };
}

function checkDoubleAddresses(root: Mapping, services: readonly (readonly [string, unknown])[]): Problem[] {
  const seen = new Map<string, string>();
  for (const [id, node] of Object.entries(asMapping(root["nodes"]))) {
    for (const [index, address] of asList(asMapping(node)["addresses"]).entries()) {
      const bytes = parseIp(asText(address) ?? "");
      if (bytes !== undefined) seen.set(ipKey(bytes), formatPath(["nodes", id, "addresses", index]));
    }
  }
  const problems: Problem[] = [];
  for (const [id, service] of services) {
    for (const [index, resource] of asList(asMapping(service)["resources"]).entries()) {
      const ip = asText(asMapping(asMapping(resource)["address"])["ip"]);
      const parsed = parseIpWithPrefix(ip ?? "");
      if (parsed === undefined) continue;
      const path: Path = ["services", id, "resources", index, "address", "ip"];
      const first = seen.get(ipKey(parsed.bytes));
      if (first === undefined) seen.set(ipKey(parsed.bytes), formatPath(path));
      else problems.push({ path, found: `${describeValue(ip)}, which is also at ${first}`, wanted: "another address" });
    }
  }
  return problems;
}
