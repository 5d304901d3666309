import { z } from "zod";
import type { RhcsResource } from "../../model/cluster-config.ts";
import { checkParameter } from "../check-parameter.ts";
import { describeValue, type Path, type Problem } from "../config-error.ts";
import { asText, type Mapping } from "../raw.ts";
import { operations, ownKeys, parameter, text } from "../schema-parts.ts";
import { writtenParameters } from "../written.ts";
import { defineKind } from "./kind.ts";
import { buildBase, mainText, writeBase } from "./operations.ts";

const agentWanted = "the name of an agent in /usr/share/cluster such as fs, or its absolute path";

/** An agent in the call style of Red Hat's cluster manager. */
export const rhcs = defineKind({
  key: "rhcs",
  schema: z
    .object({ agent: text(agentWanted, "An agent in /usr/share/cluster, or its absolute path."), ...operations })
    .catchall(parameter)
    .meta({ description: "An agent of Red Hat's cluster manager; every other key is a parameter of the agent." }),
  nameOf: (body) => typeOf(mainText(body, "agent")),
  check,
  build(body, place): RhcsResource {
    const { agent } = body;
    const given = Object.keys(body).filter((key) => !ownKeys.includes(key));
    const parameters = writtenParameters(given, [...place.path, "rhcs"], place.sourceOf);
    return { ...buildBase(typeOf(agent) ?? "rhcs", body, place), kind: "rhcs", agent, parameters };
  },
  isOf: (resource) => resource.kind === "rhcs",
  write: (resource) => ({ agent: resource.agent, ...resource.parameters, ...writeBase(resource) }),
});

function typeOf(agent: string | undefined): string | undefined {
  return agent?.split("/").at(-1)?.replace(/\.sh$/, "");
}

function check(path: Path, body: Mapping): Problem[] {
  const agent = asText(body["agent"]);
  const isWrong = agent !== undefined && agent !== "" && !/^(\/.*[^/]|[A-Za-z0-9][\w.-]*)$/.test(agent);
  return [
    ...(isWrong ? [{ path: [...path, "agent"], found: describeValue(agent), wanted: agentWanted }] : []),
    ...Object.entries(body)
      .filter(([key]) => !ownKeys.includes(key))
      .flatMap(([key, value]) => checkParameter([...path, key], key, value)),
  ];
}
