import { describeValue, formatPath, type Problem } from "./config-error.ts";
import { asMapping, type Mapping } from "./raw.ts";
import { unknownReference } from "./references.ts";
import { type Link, linksOf } from "./relation-links.ts";
import { restrictedTo } from "./restricted-to.ts";
import { checkCloneRelations } from "./check-clones.ts";

/** What services ask of each other: that it names something, and that all of it can be had at once. */
export function checkRelations(root: Mapping): Problem[] {
  const services = Object.entries(asMapping(root["services"])).map(
    ([id, service]) => [id, asMapping(service)] as const,
  );
  const links = services.flatMap(([id, service]) => linksOf(id, service));
  const named = checkNamesOf(
    links,
    services.map(([id]) => id),
  );
  if (named.length > 0) return named;
  const known = new Map(services);
  // Who is with a clone is with one instance of it: that joins nobody else.
  const plain = links.filter((link) => {
    const to = known.get(link.to);
    return to?.["clones"] === undefined || to["promotable"] === true;
  });
  return [
    ...checkCycles(links),
    ...checkCloneRelations(links, known),
    ...checkTogether(plain, known),
    ...checkApart(plain, known),
  ];
}

function checkNamesOf(links: readonly Link[], services: readonly string[]): Problem[] {
  return links.flatMap((link, index): Problem[] => {
    const { path, kind, from, to } = link;
    if (!services.includes(to)) return [unknownReference(path, to, "service", services)];
    if (from === to) return [{ path, found: "the service itself", wanted: "another one" }];
    const isAgain = links
      .slice(0, index)
      .some((other) => other.kind === kind && other.from === from && other.to === to);
    return isAgain ? [{ path, found: `${describeValue(to)} again`, wanted: "each service once" }] : [];
  });
}

/** [REL-7] Of a cycle the relation that closes it is named, with the whole way round. */
function checkCycles(links: readonly Link[]): Problem[] {
  const after = links.filter(({ kind }) => kind === "after");
  const told = new Set<string>();
  return after.flatMap(({ from, to, path }, index): Problem[] => {
    const way = wayBetween(after.slice(0, index + 1), to, from);
    if (way === undefined || told.has(from)) return [];
    for (const service of way) told.add(service);
    return [{ path, found: `a cycle: ${[from, ...way].join(" after ")}`, wanted: "an order that has a beginning" }];
  });
}

/** From one service to another by what each comes after; undefined: there is no way. */
function wayBetween(links: readonly Link[], from: string, to: string): readonly string[] | undefined {
  const seen = new Set([from]);
  const open: (readonly string[])[] = [[from]];
  for (let way = open.shift(); way !== undefined; way = open.shift()) {
    const last = way.at(-1);
    if (last === to) return way;
    for (const link of links) {
      if (link.from !== last || seen.has(link.to)) continue;
      seen.add(link.to);
      open.push([...way, link.to]);
    }
  }
  return undefined;
}

/** Hard `with`: there must be a node where all may run. */
function checkTogether(links: readonly Link[], services: ReadonlyMap<string, Mapping>): Problem[] {
  const problems: Problem[] = [];
  for (const link of links) {
    if (link.kind !== "with") continue;
    const exclusive = [link.from, link.to].find((id) => services.get(id)?.["exclusive"] === true);
    if (exclusive !== undefined) {
      const found = `${describeValue(link.to)}, though ${exclusive} is exclusive`;
      problems.push({ path: link.path, found, wanted: "services that may share a node" });
      continue;
    }
    if (link.isSoft) continue;
    const before = links.slice(0, links.indexOf(link) + 1);
    const group = joined(before, link.from);
    const isNew = joined(before.slice(0, -1), link.from).size < group.size;
    if (!isNew || hasCommonNode([...group], services)) continue;
    const names = [...group].join(", ");
    const found = `${describeValue(link.to)}, but no node is in the restricted domains of all of ${names}`;
    problems.push({ path: link.path, found, wanted: "domains with a node in common" });
  }
  return problems;
}

/** Every service that hard `with` joins to this one, itself included. */
function joined(links: readonly Link[], service: string): ReadonlySet<string> {
  const group = new Set([service]);
  // A set that is walked takes what is added to it meanwhile.
  for (const member of group)
    for (const { kind, isSoft, from, to } of links) {
      if (kind !== "with" || isSoft) continue;
      if (from === member) group.add(to);
      if (to === member) group.add(from);
    }
  return group;
}

function hasCommonNode(group: readonly string[], services: ReadonlyMap<string, Mapping>): boolean {
  const [first, ...others] = group
    .map((id) => restrictedTo(services.get(id)))
    .filter((nodes): nodes is readonly string[] => nodes !== undefined);
  return first === undefined || first.some((node) => others.every((nodes) => nodes.includes(node)));
}

/** `apart`: not of those who are to be together, and not when both have one and the same node only. */
function checkApart(links: readonly Link[], services: ReadonlyMap<string, Mapping>): Problem[] {
  return links.flatMap((link): Problem[] => {
    if (link.kind !== "apart") return [];
    const { from, to, path } = link;
    const near = links.find(
      (other) => other.kind === "with" && [other.from, other.to].every((id) => id === from || id === to),
    );
    if (near !== undefined) {
      const found = `${describeValue(to)}, with which it is to be together (${formatPath(near.path)})`;
      return [{ path, found, wanted: "together or apart" }];
    }
    if (link.isSoft) return [];
    if (joined(links, from).has(to)) {
      const found = `${describeValue(to)}, with which it is kept together by others`;
      return [{ path, found, wanted: "together or apart" }];
    }
    const [own, other] = [from, to].map((id) => restrictedTo(services.get(id)) ?? []);
    if (own?.length !== 1 || other?.length !== 1 || own[0] !== other[0]) return [];
    const found = `${describeValue(to)}, though node ${own[0]} is the only one that both may run on`;
    return [{ path, found, wanted: "a second node for one of them" }];
  });
}
