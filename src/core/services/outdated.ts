import type { ResourceConfig } from "../../model/cluster-config.ts";
import type { ServiceId } from "../../model/ids.ts";
import { type ClusterState, definitionOf } from "./cluster-state.ts";
import type { ServiceRecord } from "./service-record.ts";

type View = Pick<ClusterState, "config" | "services">;

/*
 * Every decision asks of every service whether another one has something left over that it is to run, and nearly always none has. So
 * those that may have are found once for a set of records, and followed as the records change: to ask all for each would cost the
 * square of their number.
 */
interface Outdated {
  readonly config: ClusterState["config"];
  readonly services: Set<ServiceId>;
}

const found = new WeakMap<ClusterState["services"], Outdated>();

/** Services whose record has other resources than the configuration in force gives to them. */
export function outdatedServices(state: View): ReadonlySet<ServiceId> {
  const known = foundFor(state);
  if (known !== undefined) return known;
  const outdated = Object.values(state.services).filter((record) => isOutdated(state, record));
  const services = new Set(outdated.map(({ service }) => service));
  found.set(state.services, { config: state.config, services });
  return services;
}

/** To be called when the record of a service was replaced or dropped. */
export function followOutdated(state: View, service: ServiceId): void {
  const known = foundFor(state);
  if (known === undefined) return;
  const record = state.services[service];
  if (record !== undefined && isOutdated(state, record)) known.add(service);
  else known.delete(service);
}

/** What the configuration in force gives to a service. */
export function keptOf(state: Pick<View, "config">, record: ServiceRecord): readonly ResourceConfig[] {
  return record.isRemoved ? nothing : definitionOf(state, record).resources;
}

const nothing: readonly ResourceConfig[] = [];

function foundFor(state: View): Set<ServiceId> | undefined {
  const known = found.get(state.services);
  return known?.config === state.config ? known?.services : undefined;
}

function isOutdated(state: View, record: ServiceRecord): boolean {
  const [kept, had] = [keptOf(state, record), record.definition.resources];
  return kept !== had && textOf(kept) !== textOf(had);
}

const texts = new WeakMap<readonly ResourceConfig[], string>();

/** A configuration that was read anew has the same resources as other objects. */
function textOf(resources: readonly ResourceConfig[]): string {
  const text = texts.get(resources) ?? JSON.stringify(resources);
  texts.set(resources, text);
  return text;
}
