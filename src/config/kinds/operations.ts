import type { ResourceBase } from "../../model/cluster-config.ts";
import { resourceId } from "../../model/ids.ts";
import { timeoutDefaults } from "../advised-timeouts.ts";
import { formatDuration } from "../duration.ts";
import { spanOr } from "../written.ts";
import type { ResourcePlace } from "./kind.ts";

/** What every kind of resource may say of its place in the service. */
export interface Place {
  readonly after?: readonly string[] | undefined;
  readonly independent?: boolean | undefined;
  readonly critical?: boolean | undefined;
}

/** What every kind of resource may say of its operations. */
export interface Operations extends Place {
  readonly name?: string | undefined;
  readonly start?: { readonly timeout?: string | undefined } | undefined;
  readonly stop?: { readonly timeout?: string | undefined } | undefined;
  readonly monitor?: TimedMonitor | undefined;
}

/** What a monitor is told beside its depth. */
export interface TimedMonitor {
  readonly interval?: string | 0 | undefined;
  readonly timeout?: string | undefined;
  readonly "failures-to-act"?: number | undefined;
}

/** Its name and its times. @param mainValue what names it unless `name:` does */
export function buildBase(
  mainValue: string,
  body: Operations,
  { service }: ResourcePlace,
  defaults = timeoutDefaults,
): ResourceBase {
  const { "failures-to-act": failuresToAct = 1 } = body.monitor ?? {};
  const name = body.name ?? mainValue;
  return {
    id: resourceId(service, name),
    name,
    startTimeoutMs: spanOr(body.start?.timeout, defaults.start),
    stopTimeoutMs: spanOr(body.stop?.timeout, defaults.stop),
    monitorTimeoutMs: spanOr(body.monitor?.timeout, defaults.monitor),
    monitorIntervalMs: spanOr(body.monitor?.interval, 10_000),
    // Absent where it is 1: older daemons of the cluster read the same configuration.
    ...(failuresToAct > 1 ? { failuresToAct } : {}),
    ...(body.after === undefined ? {} : { after: body.after.map((other) => resourceId(service, other)) }),
    ...(body.independent === true ? { independent: true } : {}),
    ...(body.critical === false ? { critical: false } : {}),
  };
}

/** The times as they are written in the file. */
export interface WrittenTimes {
  readonly start: { readonly timeout: string };
  readonly stop: { readonly timeout: string };
  readonly monitor: { readonly interval: string | 0; readonly timeout: string; readonly "failures-to-act"?: number };
}

/** With every default. */
export function writeTimes(resource: ResourceBase): WrittenTimes {
  const { monitorIntervalMs, failuresToAct } = resource;
  return {
    start: { timeout: formatDuration(resource.startTimeoutMs) },
    stop: { timeout: formatDuration(resource.stopTimeoutMs) },
    monitor: {
      interval: monitorIntervalMs === 0 ? 0 : formatDuration(monitorIntervalMs),
      timeout: formatDuration(resource.monitorTimeoutMs),
      ...(failuresToAct === undefined ? {} : { "failures-to-act": failuresToAct }),
    },
  };
}

/** Its place in the service, as it is written in the file. */
export function writePlace({ id, name, after, independent, critical }: ResourceBase): object {
  const inService = id.length - name.length;
  return {
    ...(after === undefined ? {} : { after: after.map((other) => other.slice(inService)) }),
    ...(independent === true ? { independent } : {}),
    ...(critical === false ? { critical } : {}),
  };
}

const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** Its name, its place and its times, after what is its own. Of a default name that no file may write, nothing: it comes by itself. */
export function writeBase(resource: ResourceBase): object {
  const { name } = resource;
  return { ...(namePattern.test(name) ? { name } : {}), ...writePlace(resource), ...writeTimes(resource) };
}

/** The text of a body's key, when it is one. */
export function mainText(body: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = body[key];
  return typeof value === "string" && value !== "" ? value : undefined;
}
