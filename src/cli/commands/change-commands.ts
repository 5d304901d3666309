import { Option } from "commander";
import { isName, isServiceName, parseNodeId, parseServiceId, type NodeId, type ServiceId } from "../../model/ids.ts";
import { ClusterError } from "../../model/errors.ts";
import { type Intent, type ShutdownPolicy, shutdownPolicies } from "../../model/intent.ts";
import type { CliProgram } from "../cli-command.ts";
import { exitCodes } from "../exit-codes.ts";
import { type ChangeOptions, submitIntent } from "../submit-intent.ts";
import { withChangeOptions, withLaterOptions } from "./change-options.ts";

/** What changes something: `service …`, `node …`, `cluster …`, `maintenance …`. */
export function addChangeCommands(cli: CliProgram): void {
  addServiceCommands(cli);
  addNodeCommands(cli);
  addClusterCommands(cli);
  addMaintenanceCommands(cli);
}

function addClusterCommands(cli: CliProgram): void {
  const group = cli.program.command("cluster").description("stop the whole cluster");
  withLaterOptions(
    group
      .command("stop")
      .description("stop all services in their order, then all daemons; any majority can start it again"),
  )
    .option("-y, --yes", "do not ask")
    .action(async (options: SureOptions) => {
      await submitIfSure(cli, { kind: "stop-cluster" }, stopQuestion, options);
    });
}

const stopQuestion = "Stop all services of the whole cluster, and the daemons of all nodes?";

function addMaintenanceCommands({ program, context, finish }: CliProgram): void {
  const group = program
    .command("maintenance")
    .description(
      "leave everything running, and see to nothing: nothing is started, stopped, moved, looked at or fenced",
    );
  const states = { on: ["begin", "begin-maintenance"], off: ["end", "end-maintenance"] } as const;
  for (const [state, [verb, kind]] of Object.entries(states))
    withLaterOptions(group.command(state).description(`${verb} it`)).action(async (options: ChangeOptions) => {
      finish(await submitIntent(context, { kind }, options));
    });
}

const serviceActions = {
  enable: ["let it run, and keep it running", "enable-service"],
  disable: ["stop it, and keep it stopped", "disable-service"],
  start: ["start it now, after a stop or a failure", "start-service"],
  stop: ["stop it now, until it is started or a node comes or goes; see disable", "stop-service"],
  restart: ["stop it and start it again where it is", "restart-service"],
  freeze: ["leave it alone and do not look at it, until it is unfrozen", "freeze-service"],
  unfreeze: ["see to it again", "unfreeze-service"],
  clear: ["forget its failures, so that every node may be tried again at once, and that it ran twice", "clear-service"],
} as const;

function addServiceCommands({ program, context, finish }: CliProgram): void {
  const group = program
    .command("service")
    .description("enable, disable, start, stop, restart, relocate, freeze, unfreeze or clear a service");
  for (const [action, [description, kind]] of Object.entries(serviceActions)) {
    withLaterOptions(group.command(action).description(description))
      .argument("<service>", "name of the service")
      .action(async (service: string, options: ChangeOptions) => {
        finish(await submitIntent(context, { kind, service: serviceNamed(service) }, options));
      });
  }
  withLaterOptions(group.command("relocate").description("move it to another node; without --to, to the best one"))
    .argument("<service>", "name of the service")
    .option("--to <node>", "the node that is to run it")
    .action(async (service: string, options: ChangeOptions & { readonly to?: string }) => {
      const to = options.to === undefined ? {} : { to: nodeNamed(options.to) };
      finish(await submitIntent(context, { kind: "relocate-service", service: serviceNamed(service), ...to }, options));
    });
}

const nodeActions = {
  standby: ["give up its services and take none; it stays a member with its vote", "standby-node", null],
  online: ["end standby: it may run services again", "online-node", null],
  freeze: ["leave alone what runs there, and give it nothing", "freeze-node", null],
  unfreeze: ["see to what runs there again", "unfreeze-node", null],
  release: ["end its quarantine, and forget how often it was lost", "release-node", null],
  fence: [
    "cut it off now by its fence devices; its services go elsewhere",
    "fence-node",
    (node: string) => `Fence node ${node}: it loses its power or its network at once. Go on?`,
  ],
  "confirm-off": [
    "swear that it is off, so that its services may start elsewhere",
    "confirm-off-node",
    (node: string) =>
      `If node ${node} still runs, its services will run twice and their data will be destroyed. Have you seen that it is off?`,
  ],
  remove: [
    "take it out of the cluster for ever: its vote is withdrawn, it is not let in again",
    "remove-node",
    (node: string) => `Remove node ${node} from the cluster for ever?`,
  ],
  readmit: ["let a removed node come again, as a new one", "readmit-node", null],
} as const;

function addNodeCommands(cli: CliProgram): void {
  const { program, context, finish } = cli;
  const group = program
    .command("node")
    .description(
      "standby, online, freeze, unfreeze, release, shutdown, fence, confirm-off, remove or readmit for a node",
    );
  for (const [action, [description, kind, question]] of Object.entries(nodeActions)) {
    const described = group.command(action).description(description);
    const isForLater = question === null && action !== "readmit";
    const command = (isForLater ? withLaterOptions(described) : withChangeOptions(described)).argument(
      "<node>",
      "name of the node",
    );
    if (question !== null) command.option("-y, --yes", "do not ask");
    command.action(async (node: string, options: SureOptions) => {
      await submitIfSure(cli, { kind, node: nodeNamed(node) }, question === null ? null : question(node), options);
    });
  }
  withLaterOptions(
    group.command("shutdown").description("end its daemon in order, and say what becomes of its services"),
  )
    .argument("<node>", "name of the node")
    .addOption(
      new Option(
        "--services <policy>",
        "they go elsewhere (move), wait for it (stop), or run on without its daemon (freeze)",
      )
        .choices(shutdownPolicies)
        .default("move"),
    )
    .action(async (node: string, options: ChangeOptions & { readonly services: ShutdownPolicy }) => {
      const intent: Intent = { kind: "shutdown-node", node: nodeNamed(node), services: options.services };
      finish(await submitIntent(context, intent, options));
    });
}

/** Of what is asked before. */
type SureOptions = ChangeOptions & { readonly yes?: boolean };

/** @param question null: none */
async function submitIfSure(
  { context, finish }: CliProgram,
  intent: Intent,
  question: string | null,
  options: SureOptions,
): Promise<void> {
  // Nobody to ask is a script, and a script has said what it wants.
  const isSure =
    question === null || options.dryRun === true || options.yes === true || ((await context.confirm(question)) ?? true);
  if (!isSure) {
    context.stderr.write("Nothing was done\n");
    finish(exitCodes.failed);
  } else finish(await submitIntent(context, intent, options));
}

function serviceNamed(text: string): ServiceId {
  if (isServiceName(text)) return parseServiceId(text);
  throw new ClusterError(
    "USAGE",
    `Cannot use ${JSON.stringify(text)} as the name of a service: wants 1 to 63 letters, digits, ". _ -"`,
  );
}

function nodeNamed(text: string): NodeId {
  if (isName(text)) return parseNodeId(text);
  throw new ClusterError(
    "USAGE",
    `Cannot use ${JSON.stringify(text)} as the name of a node: wants 1 to 63 letters, digits, ". _ -"`,
  );
}
