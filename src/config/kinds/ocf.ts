import { z } from "zod";
import type { MonitorLevel, OcfResource } from "../../model/cluster-config.ts";
import { advisedTimeouts } from "../advised-timeouts.ts";
import { checkParameter } from "../check-parameter.ts";
import { describeValue, type Path, type Problem } from "../config-error.ts";
import { formatDuration } from "../duration.ts";
import { asText, type Mapping } from "../raw.ts";
import { duration, operations, ownKeys, parameter, text } from "../schema-parts.ts";
import { spanOr, writtenParameters } from "../written.ts";
import { defineKind } from "./kind.ts";
import { buildBase, mainText, writePlace, writeTimes } from "./operations.ts";

const levelWanted = "levels above 0 with the time between two such monitors: { 10: 1m, 20: 10m }";

/** An OCF resource agent. */
export const ocf = defineKind({
  key: "ocf",
  schema: z
    .object({
      agent: text("provider:type such as heartbeat:nginx", "An OCF resource agent, provider:type."),
      ...operations,
      monitor: operations.monitor
        .unwrap()
        .extend({
          levels: z
            .record(
              z.string().regex(/^[1-9][0-9]{0,2}$/, { error: levelWanted }),
              duration("Time between two.", "none"),
              { error: levelWanted },
            )
            .meta({ description: "Deeper monitors: OCF_CHECK_LEVEL and how often one takes the place of a plain one." })
            .optional(),
        })
        .optional(),
    })
    .catchall(parameter)
    .meta({ description: "An OCF resource agent; every other key is a parameter of the agent." }),
  nameOf: (body) => mainText(body, "agent")?.split(":")[1],
  check,
  build(body, place): OcfResource {
    const { agent } = body;
    const given = Object.keys(body).filter((key) => !ownKeys.includes(key));
    const [provider = "", type = ""] = agent.split(":");
    const parameters = writtenParameters(given, [...place.path, "ocf"], place.sourceOf);
    const base = buildBase(type, body, place, advisedTimeouts(agent));
    return { ...base, kind: "ocf", provider, type, parameters, ...levelsOf(body.monitor?.levels) };
  },
  isOf: (resource): resource is OcfResource => resource.kind === "ocf" && resource.front === undefined,
  write(resource) {
    const { start, stop, monitor } = writeTimes(resource);
    const levels = (resource.levels ?? []).map(({ level, intervalMs }) => [level, formatDuration(intervalMs)]);
    return {
      agent: `${resource.provider}:${resource.type}`,
      ...resource.parameters,
      name: resource.name,
      ...writePlace(resource),
      start,
      stop,
      monitor: { ...monitor, ...(levels.length === 0 ? {} : { levels: Object.fromEntries(levels) as object }) },
    };
  },
});

function check(path: Path, body: Mapping): Problem[] {
  const agent = asText(body["agent"]);
  const problems: Problem[] = [];
  // A leading dot would be hidden, and a slash would leave the agents' folder.
  if (agent !== undefined && agent !== "" && !/^[A-Za-z0-9][\w.-]*:[A-Za-z0-9][\w.-]*$/.test(agent)) {
    const wanted = "provider:type such as heartbeat:nginx";
    problems.push({ path: [...path, "agent"], found: describeValue(agent), wanted });
  }
  for (const [key, value] of Object.entries(body)) {
    if (!ownKeys.includes(key)) problems.push(...checkParameter([...path, key], key, value));
  }
  return problems;
}

/** By level, so that the order in the file makes no difference. */
function levelsOf(written: Readonly<Record<string, string>> | undefined): {
  readonly levels?: readonly MonitorLevel[];
} {
  const levels = Object.entries(written ?? {}).map(([level, span]) => ({
    level: Number(level),
    intervalMs: spanOr(span, 0),
  }));
  return levels.length === 0 ? {} : { levels: levels.toSorted((a, b) => a.level - b.level) };
}
