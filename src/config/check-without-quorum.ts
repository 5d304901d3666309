import type { Path, Problem } from "./config-error.ts";
import { watchdogLevel } from "./schema.ts";
import { asList, asMapping, type Mapping } from "./raw.ts";
import { restrictedTo } from "./restricted-to.ts";

/**
 * [SVC-24] Who freezes without quorum goes on for as long as it is alone. Only a fence that is confirmed keeps the others from
 * starting the service beside it: time cannot know, and a watchdog would reset the node, which is not what was asked for.
 */
export function checkWithoutQuorum(root: Mapping): Problem[] {
  const fencing = root["fencing"];
  return Object.entries(asMapping(root["services"])).flatMap(([id, service]): Problem[] => {
    const body = asMapping(service);
    if (body["without-quorum"] !== "freeze") return [];
    const path: Path = ["services", id, "without-quorum"];
    const problem = (reason: string): Problem[] => [{ path, found: `"freeze" ${reason}`, wanted: "stop" }];
    if (fencing === "none" || "none" in asMapping(fencing))
      return problem("with fencing: none, which would be two owners after every cut");
    if ("watchdog" in asMapping(fencing) && !("devices" in asMapping(fencing)))
      return problem("with fencing by watchdog, which resets a node that keeps its services without quorum");
    const reset = nodeThatMayRun(root, body, (fence) => fence.includes(watchdogLevel));
    if (reset !== undefined)
      return problem(`though node ${JSON.stringify(reset)}, which may run it, is reset by its watchdog without quorum`);
    const bare = nodeThatMayRun(root, body, (fence) => fence.length === 0);
    return bare === undefined ? [] : problem(`though nothing can fence node ${JSON.stringify(bare)}, which may run it`);
  });
}

/** The first node that may run the service and has such levels. */
function nodeThatMayRun(
  root: Mapping,
  service: Mapping,
  isSuch: (fence: readonly unknown[]) => boolean,
): string | undefined {
  const listed = restrictedTo(service);
  const mayRun = (node: string): boolean => listed?.includes(node) ?? true;
  const nodes = Object.entries(asMapping(root["nodes"]));
  return nodes.find(([id, node]) => mayRun(id) && isSuch(asList(asMapping(node)["fence"])))?.[0];
}
