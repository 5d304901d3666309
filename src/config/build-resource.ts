import type { MonitorLevel, ResourceConfig } from "../model/cluster-config.ts";
import { resourceId, type ServiceId } from "../model/ids.ts";
import { advisedTimeouts, timeoutDefaults } from "./advised-timeouts.ts";
import type { Path } from "./config-error.ts";
import { resourceNameDefault } from "./defaults.ts";
import { parseIpWithPrefix } from "./ip.ts";
import type { ResourceDocument } from "./schema.ts";
import { type SourceOf, spanOr, writtenParameters } from "./written.ts";

/** Where a resource stands. */
interface ResourcePlace {
  readonly service: ServiceId;
  readonly path: Path;
  readonly sourceOf: SourceOf;
}

/** @throws TypeError when the resource has no kind; the checks have seen that it has one */
export function buildResource(document: ResourceDocument, place: ResourcePlace): ResourceConfig {
  const { address, ocf, lsb, exec } = document;
  if (address !== undefined) {
    const { ip, prefix } = parseIpWithPrefix(address.ip) ?? { ip: address.ip, prefix: 32 };
    const device = address.interface === undefined ? {} : { interface: address.interface };
    return { ...buildBase("address", address, place), kind: "address", ip, prefix, ...device };
  }
  if (ocf !== undefined) {
    const { agent, name: _name, start: _start, stop: _stop, monitor: _monitor, ...rest } = ocf;
    const [provider = "", type = ""] = agent.split(":");
    const parameters = writtenParameters(Object.keys(rest), [...place.path, "ocf"], place.sourceOf);
    const base = buildBase("ocf", ocf, place, advisedTimeouts(agent));
    return { ...base, kind: "ocf", provider, type, parameters, ...levelsOf(ocf.monitor?.levels) };
  }
  if (lsb !== undefined) return { ...buildBase("lsb", lsb, place), kind: "lsb", script: lsb.script };
  if (exec !== undefined) {
    const [start, stop, monitor] = [timed(exec.start), timed(exec.stop), timed(exec.monitor)];
    const argumentsOf = (action: "start" | "stop" | "monitor"): readonly string[] => {
      const at = [...place.path, "exec", action, ...(Array.isArray(exec[action]) ? [] : ["command"])];
      return timed(exec[action]).command.map((argument, index) => place.sourceOf([...at, index]) ?? String(argument));
    };
    const commands = { start: argumentsOf("start"), stop: argumentsOf("stop"), monitor: argumentsOf("monitor") };
    return { ...buildBase("exec", { name: exec.name, start, stop, monitor }, place), kind: "exec", ...commands };
  }
  throw new TypeError(`Cannot build a resource at ${place.path.join(".")}: it has no kind`);
}

/** What every kind of resource may say of its operations. */
interface Operations {
  readonly name?: string | undefined;
  readonly start?: { readonly timeout?: string | undefined } | undefined;
  readonly stop?: { readonly timeout?: string | undefined } | undefined;
  readonly monitor?: TimedMonitor | undefined;
}

/** What a monitor is told beside its depth. */
interface TimedMonitor {
  readonly interval?: string | 0 | undefined;
  readonly timeout?: string | undefined;
  readonly "failures-to-act"?: number | undefined;
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

function buildBase(kind: string, body: Operations, { service }: ResourcePlace, defaults = timeoutDefaults) {
  const { "failures-to-act": failuresToAct = 1 } = body.monitor ?? {};
  const name = body.name ?? resourceNameDefault(kind, { ...body }) ?? kind;
  return {
    id: resourceId(service, name),
    name,
    startTimeoutMs: spanOr(body.start?.timeout, defaults.start),
    stopTimeoutMs: spanOr(body.stop?.timeout, defaults.stop),
    monitorTimeoutMs: spanOr(body.monitor?.timeout, defaults.monitor),
    monitorIntervalMs: spanOr(body.monitor?.interval, 10_000),
    // Absent where it is 1: older daemons of the cluster read the same configuration.
    ...(failuresToAct > 1 ? { failuresToAct } : {}),
  };
}

type ExecOperation = NonNullable<ResourceDocument["exec"]>["start" | "monitor"];

/** An operation of `exec` with its times. */
interface TimedCommand extends TimedMonitor {
  readonly command: readonly unknown[];
}

/** It may be written as the command alone. */
function timed(written: ExecOperation): TimedCommand {
  return Array.isArray(written) ? { command: written } : written;
}
