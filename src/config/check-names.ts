import { isName, isWitness } from "../model/ids.ts";
import type { Path, Problem } from "./config-error.ts";
import { asList, asMapping, asText, type Mapping } from "./raw.ts";

const wanted = "a name: 1 to 63 letters, digits, dots, underscores or hyphens, beginning with a letter or digit";

/** Everything that is named: cluster, nodes, devices, services, resources with a `name:`. */
export function checkNames(root: Mapping): Problem[] {
  const problems: Problem[] = [];
  const check = (text: string | undefined, path: Path, atKey: boolean): void => {
    if (text !== undefined && !isName(text)) problems.push({ path, atKey, found: JSON.stringify(text), wanted });
  };
  check(asText(root["cluster"]), ["cluster"], false);
  const groups: readonly (readonly [Path, unknown])[] = [
    [["nodes"], root["nodes"]],
    [["fencing", "devices"], asMapping(root["fencing"])["devices"]],
    [["services"], root["services"]],
  ];
  for (const [path, group] of groups) {
    for (const key of Object.keys(asMapping(group))) check(key, [...path, key], true);
  }
  for (const key of Object.keys(asMapping(root["nodes"]))) {
    const other = "another name: disks of witnesses are called so";
    if (isWitness(key)) problems.push({ path: ["nodes", key], atKey: true, found: JSON.stringify(key), wanted: other });
  }
  for (const [service, value] of Object.entries(asMapping(root["services"]))) {
    for (const [index, resource] of asList(asMapping(value)["resources"]).entries()) {
      for (const [kind, body] of Object.entries(asMapping(resource))) {
        check(asText(asMapping(body)["name"]), ["services", service, "resources", index, kind, "name"], false);
      }
    }
  }
  return problems;
}
