import type { OcfFront, OcfResource, ResourceConfig } from "../../model/cluster-config.ts";
import { advisedTimeouts } from "../advised-timeouts.ts";
import type { ResourcePlace } from "./kind.ts";
import { buildBase, type Operations } from "./operations.ts";

/*
 * Kinds that are an agent of Debian's resource-agents underneath, with fewer words, each of them checked (ADR 0045). To the rest of hale they
 * are OCF resources, so that probes, exit codes, reasons and time-outs are those of the agent.
 */

/** @param type of the agent, of provider heartbeat; `mainValue` names it unless `name:` does */
export function buildFront(
  front: OcfFront,
  type: string,
  mainValue: string,
  { body, place }: { readonly body: Operations; readonly place: ResourcePlace },
  parameters: Readonly<Record<string, string>>,
): OcfResource {
  const base = buildBase(mainValue, body, place, advisedTimeouts(`heartbeat:${type}`));
  return { ...base, kind: "ocf", provider: "heartbeat", type, front, parameters: sorted(parameters) };
}

/** Tells the resources that were written as this front. */
export function isFront(front: OcfFront): (resource: ResourceConfig) => resource is OcfResource {
  return (resource): resource is OcfResource => resource.kind === "ocf" && resource.front === front;
}

function sorted(parameters: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(parameters).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
