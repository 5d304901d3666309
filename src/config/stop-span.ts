import type { ClusterConfig, ResourceConfig, ServiceConfig } from "../model/cluster-config.ts";
import { treeOf } from "../model/resource-tree.ts";
import { type DurationMs, durationMs } from "../model/units.ts";

/** What a program that has outlived its time-out may take to be ended, and so may one that is in the way of a stop. */
const killMs = 2_500;
/** Clocks of two machines. */
const driftShare = 0.01;

/** How long a node may go on with a service after it was heard for the last time, at most, in whole seconds. */
export interface StopSpan {
  readonly service: ServiceConfig;
  readonly spanMs: DurationMs;
}

/**
 * [FEN-7] The service that may take longest to stop on a node that has lost its quorum: its lease (2 deadtimes), the end of what is
 * under way, and the stop of one resource after the other (of the longest branch, where there are several), each until its time-out and then
 * until it is ended. A stop that fails
 * is tried again, and has no bound.
 *
 * @returns undefined when there is no service
 */
export function longestStop({ services, heartbeat }: ClusterConfig): StopSpan | undefined {
  const spans = services.map((service): StopSpan => {
    const stopsMs = longestChain(service.resources);
    const spanMs = (2 * heartbeat.deadtimeMs + killMs + stopsMs) * (1 + driftShare);
    return { service, spanMs: durationMs(Math.ceil(spanMs / 1_000) * 1_000) };
  });
  return spans.toSorted((a, b) => b.spanMs - a.spanMs)[0];
}

/** What stands on a resource is below it in the list, so its span is known first from the end. */
function longestChain(resources: readonly ResourceConfig[]): number {
  const { upon } = treeOf(resources);
  const spans = resources.map(() => 0);
  for (const [position, { stopTimeoutMs }] of [...resources.entries()].toReversed()) {
    const before = (upon[position] ?? []).map((other) => spans[other] ?? 0);
    spans[position] = stopTimeoutMs + killMs + Math.max(0, ...before);
  }
  return Math.max(0, ...spans);
}
