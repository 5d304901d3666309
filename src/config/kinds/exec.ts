import { z } from "zod";
import type { ExecResource } from "../../model/cluster-config.ts";
import { operations, placement } from "../schema-parts.ts";
import { defineKind, type ResourcePlace } from "./kind.ts";
import { buildBase, type TimedMonitor, writePlace, writeTimes } from "./operations.ts";

const argumentsWanted = 'a list of arguments such as ["/usr/bin/worker", "--start"]';
/** No program can be given an argument with a zero byte. */
const argument = z.union([z.string().regex(/^[^\0]*$/), z.number(), z.boolean()], {
  error: "a text, a number, true or false",
});
const commandLine = z.array(argument, { error: argumentsWanted }).min(1, { error: argumentsWanted });
const command = <Times extends z.ZodRawShape>(times: Times) =>
  z.union([commandLine, z.strictObject({ command: commandLine, ...times })], { error: argumentsWanted });

const schema = z.strictObject({
  name: operations.name,
  ...placement,
  start: command(operations.start.unwrap().shape),
  stop: command(operations.stop.unwrap().shape),
  monitor: command(operations.monitor.unwrap().shape),
});

/** Three commands of the administrator. */
export const exec = defineKind({
  key: "exec",
  schema,
  nameOf: () => "exec",
  build(body, place): ExecResource {
    const times = { ...body, start: timed(body.start), stop: timed(body.stop), monitor: timed(body.monitor) };
    return {
      ...buildBase("exec", times, place),
      kind: "exec",
      start: argumentsOf(body, "start", place),
      stop: argumentsOf(body, "stop", place),
      monitor: argumentsOf(body, "monitor", place),
    };
  },
  isOf: (resource) => resource.kind === "exec",
  write(resource) {
    const { start, stop, monitor } = writeTimes(resource);
    return {
      name: resource.name,
      ...writePlace(resource),
      start: { command: resource.start, ...start },
      stop: { command: resource.stop, ...stop },
      monitor: { command: resource.monitor, ...monitor },
    };
  },
});

type ExecBody = z.infer<typeof schema>;

/** An operation with its times. */
interface TimedCommand extends TimedMonitor {
  readonly command: readonly unknown[];
}

/** It may be written as the command alone. */
function timed(written: ExecBody["start" | "monitor"]): TimedCommand {
  return Array.isArray(written) ? { command: written } : written;
}

/** Numbers and the like as they are written in the file. */
function argumentsOf(
  body: ExecBody,
  action: "start" | "stop" | "monitor",
  { path, sourceOf }: ResourcePlace,
): readonly string[] {
  const at = [...path, "exec", action, ...(Array.isArray(body[action]) ? [] : ["command"])];
  return timed(body[action]).command.map((one, index) => sourceOf([...at, index]) ?? String(one));
}
