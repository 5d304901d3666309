import { ClusterError } from "../../model/errors.ts";
import type { PastDecision, Why } from "../../model/snapshot.ts";
import { lookOf, writeJson, type CliProgram } from "../cli-command.ts";
import { exitCodes } from "../exit-codes.ts";
import { parsePastTime } from "../parse-time.ts";
import { parseSpan } from "../parse-span.ts";
import { statusText } from "../text/status-text.ts";
import { whyAt } from "../why-at.ts";

/** What only looks: `status`, `watch`, `why`. */
export function addShowCommands({ program, context, finish }: CliProgram): void {
  program
    .command("status")
    .description("members, links, quorum and services, as this node sees them; exit code 3 without quorum")
    .option("-v, --verbose", "with the longest waits for heartbeats")
    .option("--json", "the whole snapshot as one document")
    .action(async (options: { readonly verbose?: boolean; readonly json?: boolean }) => {
      const snapshot = await context.client.status(context.signal);
      if (options.json === true) writeJson(context, snapshot);
      else context.stdout.write(statusText(snapshot, lookOf(context), options.verbose));
      // Between two views the lease still runs, and what is asked is still decided.
      const canDecide = snapshot.group.isQuorate || snapshot.group.leaseMs > 0;
      finish(canDecide ? exitCodes.done : exitCodes.noQuorum);
    });

  program
    .command("watch")
    .description("the status, refreshed in place until q or Ctrl-C")
    .option("-i, --interval <span>", "time between two looks", "2s")
    .action(async (options: { readonly interval: string }) => {
      const intervalMs = Math.max(100, parseSpan(options.interval, "interval"));
      const { watchStatus } = await import("../watch-status.ts");
      finish(await watchStatus(context, intervalMs));
    });

  program
    .command("why")
    .description(
      "why a service is where it is: the rules, every node (or the named one) with its reasons, what led here, what failed",
    )
    .argument("<service>", "name of the service")
    .argument("[node]", "only this node's case")
    .option("--at <time>", "why it was where it was at a time that is over: 03:12, 2026-12-01T03:12")
    .option("--json", "one document")
    .action(async (service: string, node: string | undefined, options: WhyOptions) => {
      const at = options.at === undefined ? null : parsePastTime(options.at, context.now());
      const whole = await context.client.why(service, context.signal);
      const why = onlyNode(at === null ? whole : whyAt(whole, at, options.at ?? ""), node);
      if (options.json === true) writeJson(context, why);
      else {
        const { whyText } = await import("../text/why-text.ts");
        context.stdout.write(whyText(why, lookOf(context)));
      }
      finish(exitCodes.done);
    });
}

interface WhyOptions {
  readonly at?: string;
  readonly json?: boolean;
}

/** The same, with one node's case; of what led here and what failed, only what names it. */
function onlyNode(why: Why, node: string | undefined): Why {
  if (node === undefined) return why;
  const nodes = why.nodes.filter((verdict) => verdict.node === node);
  if (nodes.length === 0) {
    const known = why.nodes.map((verdict) => verdict.node).join(", ");
    throw new ClusterError("NODE_UNKNOWN", `Cannot find node "${node}": service "${why.service}" knows ${known}`);
  }
  const history = why.history.filter(({ text }) => text.split(/[^\w.-]+/).includes(node));
  const onlyIts = (of: PastDecision): PastDecision =>
    of.nodes === undefined ? of : { ...of, nodes: of.nodes.filter((verdict) => verdict.node === node) };
  return {
    ...why,
    nodes,
    history: history.map(onlyIts),
    failures: why.failures.filter((failure) => failure.node === node),
  };
}
