import { configAdvice } from "../config/advise.ts";
import { parseConfig } from "../config/parse-config.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import { sbdAgent } from "../model/sbd.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { askAgents } from "./ask-agents.ts";
import { lookOf, writeJson } from "./cli-command.ts";
import type { CliContext } from "./cli-context.ts";
import { errorCodeOf, type ExitCode, exitCodes } from "./exit-codes.ts";
import { type Finding, judgeCluster, judgeNode } from "./judge-node.ts";
import { inTurns } from "./in-turns.ts";
import { checkText } from "./text/check-text.ts";

/** `hale check`: what stands between this node and safety, with or without a daemon, each with what to do. */
export async function checkNode(context: CliContext, json: boolean): Promise<ExitCode> {
  const { config, findings } = await readConfig(context);
  const snapshot = await askDaemon(context);
  const facts = await context.inspectNode(config, snapshot !== null);
  const found = [
    ...findings,
    ...judgeNode(facts, config, snapshot !== null),
    ...(config === null ? [] : await judgeFenceAgents(context, config)),
    ...(config === null ? [] : await judgeGuards(context, config, facts.name)),
    ...(snapshot === null ? [noDaemon] : judgeCluster(snapshot)),
  ];
  const worst =
    (["problem", "warning"] as const).find((level) => found.some((finding) => finding.level === level)) ?? "ok";
  if (json)
    writeJson(context, { ok: worst === "ok", worst, node: facts.name, hasDaemon: snapshot !== null, findings: found });
  else context.stdout.write(checkText(found, lookOf(context)));
  return { ok: exitCodes.done, warning: exitCodes.warnings, problem: exitCodes.failed }[worst];
}

const noDaemon: Finding = {
  topic: "daemon",
  level: "warning",
  text: "haled does not run here, or was not reached: links, quorum and the witness were not looked at",
  todo: "start it: systemctl enable --now haled",
};

async function readConfig(
  context: CliContext,
): Promise<{ readonly config: ClusterConfig | null; readonly findings: readonly Finding[] }> {
  const path = context.configPath;
  const topic = "configuration";
  let text: string;
  try {
    text = await context.readConfigText(path);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return {
      config: null,
      findings: [{ topic, level: "problem", text: reason, todo: "write it, the same on every node" }],
    };
  }
  const parsed = parseConfig(text, path);
  if (!parsed.ok) {
    const count = parsed.errors.length === 1 ? "an error" : `${parsed.errors.length} errors`;
    return {
      config: null,
      findings: [{ topic, level: "problem", text: `${path} has ${count}`, todo: "see each: hale config check" }],
    };
  }
  const { config, digest } = parsed;
  const advice = configAdvice(config).map((line): Finding => ({ topic, level: "warning", text: line }));
  return { config, findings: [{ topic, level: "ok", text: `${path}, digest ${digest}` }, ...advice] };
}

async function askDaemon(context: CliContext): Promise<Snapshot | null> {
  try {
    return await context.client.status(context.signal);
  } catch (error) {
    if (errorCodeOf(error) === "NOT_REACHED") return null;
    throw error;
  }
}

async function judgeFenceAgents(context: CliContext, { fencing }: ClusterConfig): Promise<readonly Finding[]> {
  const topic = "fence agents";
  if (fencing.kind !== "devices") return [];
  const names = [...new Set(fencing.devices.map(({ agent }) => agent))].toSorted();
  const asked = await askAgents(context, "fence", names);
  return asked.map(({ agent, answer }): Finding => {
    if (answer.ok) return { topic, level: "ok", text: `${agent} is installed` };
    if (!answer.isMissing)
      return { topic, level: "warning", text: `${agent} does not describe itself: ${answer.reason}` };
    const todo = "install it: the package fence-agents has most";
    return { topic, level: "problem", text: `${agent}: ${answer.reason}; this node cannot fence with it`, todo };
  });
}

/** [FEN-21] Whether messages on shared disks reach this node, asked as it is asked before anything runs here. */
async function judgeGuards(
  context: CliContext,
  { nodes, fencing }: ClusterConfig,
  self: string | null,
): Promise<readonly Finding[]> {
  const steps = nodes.find(({ id }) => id === self)?.fence.flat() ?? [];
  const devices = fencing.kind === "devices" ? fencing.devices.filter(({ agent }) => agent === sbdAgent) : [];
  return inTurns(
    devices.flatMap((device, index) =>
      steps.flatMap(({ device: id, plug }) =>
        id === device.id && plug !== undefined ? [{ device, plug, index }] : [],
      ),
    ),
    async ({ device: { id, agent, parameters, timeoutMs }, plug, index }): Promise<Finding> => {
      const agents = await context.fenceAgents();
      const call = { id: index + 1, agent, parameters, action: "on" as const, timeoutMs, plug };
      const { confirmed, reason } = await agents.run(call, context.signal);
      const topic = "fencing";
      if (confirmed) return { topic, level: "ok", text: `device ${id}: sbd guards this node` };
      const todo = "nothing starts here until it is mended: cluster.yaml(5), FENCING THROUGH SHARED DISKS";
      return { topic, level: "problem", text: `device ${id}: ${reason}`, todo };
    },
  );
}
