import type { ResourceConfig } from "../../model/cluster-config.ts";
import type { StepTimes } from "../../model/entry.ts";
import type { ResourceId } from "../../model/ids.ts";
import type { PreviewPart } from "../../model/preview.ts";
import { treeOf } from "../../model/resource-tree.ts";
import type { Runtime } from "./runtime.ts";
import type { MeasuredRecord } from "./service-record.ts";

/** How long the start or stop of each resource took that has just ended well with its service; nothing where there is one resource: the service tells it all. */
export function spentOn({ resources }: Runtime, action: "start" | "stop"): { readonly parts?: StepTimes } {
  if (resources.length < 2) return {};
  const parts = resources.flatMap(({ config, last }) =>
    last?.action === action && last.outcome.status === "ok" ? [[config.id, last.outcome.durationMs] as const] : [],
  );
  return parts.length === 0 ? {} : { parts: Object.fromEntries(parts) };
}

/** What is known of the parts after another start or stop. Of resources that the service has no more, nothing. */
export function withParts(
  known: MeasuredRecord | undefined,
  resources: readonly ResourceConfig[],
  action: "start" | "stop",
  parts: StepTimes | undefined,
): Pick<MeasuredRecord, "parts"> {
  if (parts === undefined) return known?.parts === undefined ? {} : { parts: known.parts };
  const merged = resources.flatMap(({ id }) => {
    const before = known?.parts?.[id];
    const spentMs = parts[id];
    const now = spentMs === undefined ? before : { ...before, [action === "start" ? "startMs" : "stopMs"]: spentMs };
    return now === undefined ? [] : [[id, now] as const];
  });
  return { parts: Object.fromEntries(merged) };
}

/** How a start or stop of a service would go. */
export interface Course {
  /** null: something of it was never measured. */
  readonly wholeMs: number | null;
  /** Until all runs that it cannot do without. */
  readonly criticalMs: number | null;
  /** In order of time; empty where the resources are one branch, or one. */
  readonly parts: readonly PreviewPart[];
  /** What was never measured; the service itself, where nothing was told of its parts. */
  readonly unmeasured: readonly (ResourceId | "all")[];
}

/**
 * Follows the resources as the runner does: each begins when all that it waits for has ended, and branches go at the same time. So a tree takes as long as its longest
 * branch, also one that the service was never run with.
 */
export function courseOf(
  resources: readonly ResourceConfig[],
  action: "start" | "stop",
  measured: MeasuredRecord | undefined,
): Course {
  const { below, upon, isCritical } = treeOf(resources);
  const whole = action === "start" ? measured?.startMs : measured?.stopMs;
  const times = resources.map(({ id }) => {
    const part = measured?.parts?.[id];
    return action === "start" ? part?.startMs : part?.stopMs;
  });
  const isBranched = below.some(
    (under, position) => position > 0 && !(under.length === 1 && under[0] === position - 1),
  );
  if (resources.length < 2 || (times.every((time) => time === undefined) && whole !== undefined)) {
    const wholeMs = whole ?? null;
    return { wholeMs, criticalMs: wholeMs, parts: [], unmeasured: whole === undefined ? ["all"] : [] };
  }
  const begins: (number | null)[] = [];
  const ends: (number | null)[] = [];
  const order = [...resources.keys()];
  for (const position of action === "start" ? order : order.toReversed()) {
    const waitsFor = (action === "start" ? below : upon)[position] ?? [];
    const begin = latest(waitsFor.map((other) => ends[other] ?? null));
    const time = times[position];
    begins[position] = begin;
    ends[position] = begin === null || time === undefined ? null : begin + time;
  }
  const parts = order.flatMap((position): readonly PreviewPart[] => {
    const resource = resources[position]?.id;
    return resource === undefined ? [] : [{ resource, atMs: begins[position] ?? null, forMs: times[position] ?? null }];
  });
  const inOrder = action === "start" ? parts : parts.toReversed();
  return {
    wholeMs: latest(ends),
    criticalMs: latest(ends.filter((_, position) => isCritical[position] === true)),
    parts: isBranched ? inOrder.toSorted((a, b) => (a.atMs ?? Infinity) - (b.atMs ?? Infinity)) : [],
    unmeasured: resources.flatMap(({ id }, position) => (times[position] === undefined ? [id] : [])),
  };
}

function latest(times: readonly (number | null)[]): number | null {
  return times.reduce((last, time) => (last === null || time === null ? null : Math.max(last, time)), 0);
}
