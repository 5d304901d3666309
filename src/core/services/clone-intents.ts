import type { Intent } from "../../model/intent.ts";
import type { ServiceId } from "../../model/ids.ts";
import { instancesOf } from "./clones.ts";
import { type ClusterState, definitionOf, notAllowed, type Refusal } from "./cluster-state.ts";

type View = Pick<ClusterState, "config" | "services">;

/** [CLN-7] What an intent comes to: about a clone, one for each of its instances; else itself. */
export function eachOf(state: View, intent: Intent): readonly Intent[] {
  if (!("service" in intent)) return [intent];
  const own = state.services[intent.service];
  const isRole = own !== undefined && definitionOf(state, own).promotes !== undefined;
  // [PRO-5] Where it is promoted is asked of the role alone; whatever else is wanted is meant of all of it.
  if (own !== undefined && (!isRole || intent.kind === "relocate-service")) return [intent];
  const instances = instancesOf(state, intent.service).map(({ service }) => ({ ...intent, service }));
  if (isRole) return [intent, ...instances];
  return instances.length === 0 ? [intent] : instances;
}

/** Whether an intent about a clone is followed where it can be, and counts as done with that. */
export function isForWhoCan({ kind }: Intent): boolean {
  return kind === "start-service" || kind === "stop-service" || kind === "restart-service" || kind === "enable-service";
}

/** [CLN-7] Why an intent about a clone would be refused, by what its instances say to it; null: it would not. */
export function refusalOfAll(intent: Intent, refusals: readonly (Refusal | null)[]): Refusal | null {
  const first = refusals.find((refusal) => refusal !== null) ?? null;
  return isForWhoCan(intent) && refusals.includes(null) ? null : first;
}

/** [CLN-7] An instance belongs to its node. */
export function refuseToMove(state: View, service: ServiceId): Refusal | null {
  const record = state.services[service];
  const instance = record === undefined ? undefined : definitionOf(state, record).instance;
  if (instance === undefined) return null;
  const { of, node } = instance;
  const advice = `to have none there: hale service disable ${service}, or hale node standby ${node}`;
  return notAllowed(
    `Cannot relocate service "${service}": it is the instance of ${of} on ${node}, and stays there; ${advice}`,
  );
}
