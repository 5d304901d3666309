import { describeValue, type Path, type Problem } from "./config-error.ts";
import { kindOfKey } from "./kinds/resource-kinds.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";
import { suggest } from "./suggest.ts";

/** One resource as it is written, with its place. */
interface Written {
  readonly name: string | undefined;
  readonly body: Mapping;
  readonly path: Path;
}

/** [TREE-8] What each resource of a service stands on is above it, and something of the service is critical. */
export function checkTree(path: Path, resources: readonly unknown[]): Problem[] {
  const written = resources.map((resource, index): Written => {
    const [kind = "", value] = Object.entries(asMapping(resource))[0] ?? [];
    const body = asMapping(value);
    return { name: asText(body["name"]) ?? kindOfKey(kind)?.nameOf(body), body, path: [...path, index, kind] };
  });
  const problems = written.flatMap(({ body, path: at }, index) =>
    checkAfter([...at, "after"], asList(body["after"]), written, index),
  );
  if (problems.length > 0) return problems;
  return checkCritical(written);
}

function checkAfter(path: Path, after: readonly unknown[], written: readonly Written[], index: number): Problem[] {
  const names = (some: readonly Written[]): readonly string[] => some.flatMap(({ name }) => name ?? []);
  const above = names(written.slice(0, index));
  return after.flatMap((value, place): Problem[] => {
    const name = asText(value);
    if (name === undefined) return [];
    const at = [...path, place];
    if (after.indexOf(value) < place) return [{ path: at, found: `${describeValue(name)} again`, wanted: "each once" }];
    if (above.includes(name)) return [];
    const wanted =
      above.length === 0 ? "[]: nothing is above it" : `the name of a resource above it: ${above.join(", ")}`;
    if (written[index]?.name === name) return [{ path: at, found: "the resource itself", wanted }];
    const isBelow = names(written.slice(index)).includes(name);
    const hint = suggest(name, above);
    const found = isBelow ? `${describeValue(name)}, which stands below it` : describeValue(name);
    return [{ path: at, found, wanted, ...(hint === undefined || isBelow ? {} : { hint }) }];
  });
}

function checkCritical(written: readonly Written[]): Problem[] {
  const optional: boolean[] = [];
  for (const [index, { name, body }] of written.entries()) {
    const above = body["after"] === undefined ? [index - 1] : indexesOf(asList(body["after"]));
    optional.push(body["critical"] === false || above.some((one) => optional[one] === true));
    if (name === undefined) return [];
  }
  const first = written.find(({ body }) => body["critical"] === false);
  if (first === undefined || optional.includes(false)) return [];
  const found = "false, and so all of the service is optional";
  return [
    { path: [...first.path, "critical"], found, wanted: "at least one resource that the service cannot do without" },
  ];

  function indexesOf(names: readonly unknown[]): readonly number[] {
    return names.map((one) => written.findIndex(({ name }) => name === one));
  }
}
