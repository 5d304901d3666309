import type { ServiceId } from "../../model/ids.ts";
import { isShared } from "./leftovers.ts";
import type { Order } from "./plan.ts";
import { isActive, type Runtime } from "./runtime.ts";

/**
 * [SVC-27] Nothing is asked of a service that is to do nothing here while another one that uses the same is being stopped: what would be
 * found is the other one's, and gone a moment later.
 */
export function isProbeHeld(
  runtime: Runtime,
  runtimes: Readonly<Record<ServiceId, Runtime>>,
  ordered: ReadonlyMap<ServiceId, Order>,
): boolean {
  const { service, task, resources, definition } = runtime;
  const order = ordered.get(service);
  const isIdle = task === null && (order === undefined || (order.action === "wait" && !isActive(runtime)));
  if (!isIdle || resources.some(({ operation }) => operation !== null)) return false;
  return Object.values(runtimes).some(
    (other) =>
      other.service !== service &&
      ordered.get(other.service)?.action === "stop" &&
      isActive(other) &&
      other.resources.some(({ config }) => isShared(config, definition.resources)),
  );
}
