import type { ClusterEvent } from "../../model/cluster-event.ts";
import { lookOf, writeJson, type CliProgram } from "../cli-command.ts";
import type { CliContext } from "../cli-context.ts";
import { type ExitCode, errorCodeOf, exitCodes } from "../exit-codes.ts";
import { parseSpan } from "../parse-span.ts";
import { eventLine } from "../text/event-text.ts";
import { pause } from "../watch-status.ts";

interface EventOptions {
  readonly follow?: boolean;
  readonly since?: string;
  readonly debug?: boolean;
  readonly json?: boolean;
}

/** `hale events [-f] [--since 10m]`. */
export function addEventCommands({ program, context, finish }: CliProgram): void {
  program
    .command("events")
    .description("what happened, one line each, as this node has seen it since its daemon started")
    .option("-f, --follow", "go on with each new event until Ctrl-C")
    .option("--since <span>", "only what happened within the last 10m, 2h, ...")
    .option("--debug", "tracing events too")
    .option("--json", "one document; with --follow one line of JSON per event")
    .action(async (options: EventOptions) => finish(await showEvents(context, options)));
}

async function showEvents(context: CliContext, options: EventOptions): Promise<ExitCode> {
  const from = options.since === undefined ? 0 : context.now() - parseSpan(options.since, "time");
  const isWanted = (event: ClusterEvent): boolean =>
    event.at >= from && (options.debug === true || event.level !== "debug");
  if (options.follow === true) return followEvents(context, options, isWanted);
  const events = (await context.client.events(0, context.signal)).filter(isWanted);
  if (options.json === true) writeJson(context, { events });
  else {
    const width = Math.max(0, ...events.map((event) => event.node.length));
    for (const event of events) context.stdout.write(eventLine(event, width, lookOf(context)));
  }
  return exitCodes.done;
}

const retryMs = 1_000;

/** Goes on through restarts of the daemon: whoever follows the events wants them most when it is restarted. */
async function followEvents(
  context: CliContext,
  options: EventOptions,
  isWanted: (event: ClusterEvent) => boolean,
): Promise<ExitCode> {
  const { signal, stderr } = context;
  const { paint } = lookOf(context);
  const writer = eventWriter(context, options.json === true);
  // A restarted daemon counts from 1, so that its events come after all that it had counted before.
  const seen = { after: 0, isConnected: false, wasConnected: false };
  while (!signal.aborted) {
    try {
      await copyEvents(context, seen, (event) => isWanted(event) && writer(event));
    } catch (error) {
      if (signal.aborted) break;
      if (!seen.wasConnected || errorCodeOf(error) !== "NOT_REACHED") throw error;
      if (seen.isConnected) stderr.write(`${paint("warn", `${(error as Error).message}; trying again`)}\n`);
      seen.isConnected = false;
      await pause(retryMs, signal);
    }
  }
  return exitCodes.done;
}

interface Seen {
  after: number;
  isConnected: boolean;
  wasConnected: boolean;
}

async function copyEvents(
  { client, signal }: CliContext,
  seen: Seen,
  tell: (event: ClusterEvent) => void,
): Promise<void> {
  for await (const event of client.followEvents(seen.after, signal)) {
    seen.after = event.sequence;
    seen.isConnected = true;
    seen.wasConnected = true;
    tell(event);
  }
}

function eventWriter(context: CliContext, json: boolean): (event: ClusterEvent) => void {
  const look = lookOf(context);
  let width = 0;
  return (event) => {
    width = Math.max(width, event.node.length);
    context.stdout.write(json ? `${JSON.stringify(event)}\n` : eventLine(event, width, look));
  };
}
