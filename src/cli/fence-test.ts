import { type ClusterConfig, type FenceDeviceConfig } from "../model/cluster-config.ts";
import { ClusterError } from "../model/errors.ts";
import type { DeviceId, NodeId } from "../model/ids.ts";
import type { CliContext } from "./cli-context.ts";
import { errorCodeOf } from "./exit-codes.ts";
import { inTurns } from "./in-turns.ts";

/** One device, asked for the state of one node. */
export interface TestedStep {
  readonly node: NodeId;
  readonly device: DeviceId;
  readonly plug: string | null;
  readonly works: boolean;
  /** null: it did not say. */
  readonly power: "on" | "off" | null;
  readonly reason: string;
  /** What the agent printed, without secrets. */
  readonly output: string;
  readonly durationMs: number;
}

interface Step {
  readonly node: NodeId;
  readonly device: FenceDeviceConfig;
  readonly plug?: string;
}

/**
 * Asks the fence devices for the state of the nodes, from here, as the daemon would have to reach them. Nothing is switched: the only
 * action is `status`. The devices of the configuration in force, or of the file when no daemon answers.
 *
 * @param name of a node or a device; undefined: all
 */
export async function testFences(context: CliContext, name: string | undefined): Promise<readonly TestedStep[]> {
  const { config, members } = await configToTest(context);
  const steps = stepsOf(config, name);
  const agents = await context.fenceAgents();
  const byDevice = [...new Set(steps.map(({ device }) => device))].map((device) =>
    steps.filter((step) => step.device === device),
  );
  let id = 0;
  // One device at a time is asked one question: many have a single session.
  const tested = await inTurns(byDevice, async (own) => {
    const results: TestedStep[] = [];
    for (const { node, device, plug } of own) {
      const { agent, parameters, timeoutMs } = device;
      const base = { id: ++id, agent, parameters, action: "status" as const, timeoutMs };
      const call = plug === undefined ? base : { ...base, plug };
      const { confirmed, reason, output, durationMs } = await agents.run(call, context.signal);
      const power: TestedStep["power"] = confirmed && (reason === "on" || reason === "off") ? reason : null;
      const result = { node, device: device.id, plug: plug ?? null, power, output, durationMs };
      // The most expensive mistake of all: the fence of this node would hit another one.
      const isWrong = power === "off" && members.includes(node);
      const why = `says that ${node} is off, but ${node} is a member: is the plug right?`;
      results.push({ ...result, works: confirmed && !isWrong, reason: isWrong ? why : reason });
    }
    return results;
  });
  const order = config.nodes.map((node) => node.id);
  return tested.flat().toSorted((a, b) => order.indexOf(a.node) - order.indexOf(b.node));
}

function stepsOf({ nodes, fencing }: ClusterConfig, name: string | undefined): readonly Step[] {
  const devices = fencing.kind === "devices" ? fencing.devices : [];
  if (devices.length === 0) throw new ClusterError("FAILED", "Cannot test fencing: no fence device is configured");
  const known = [...nodes, ...devices].map(({ id }): string => id);
  if (name !== undefined && !known.includes(name))
    throw new ClusterError(
      "NODE_UNKNOWN",
      `Cannot test "${name}": no node or fence device; configured are ${known.join(", ")}`,
    );
  const all = nodes.flatMap((node) =>
    node.fence.flat().flatMap(({ device: wanted, plug }): readonly Step[] => {
      const device = devices.find(({ id }) => id === wanted);
      if (device === undefined || (name !== undefined && name !== node.id && name !== wanted)) return [];
      return [plug === undefined ? { node: node.id, device } : { node: node.id, device, plug }];
    }),
  );
  return [...new Map(all.map((step) => [`${step.node} ${step.device.id} ${step.plug ?? ""}`, step])).values()];
}

async function configToTest(context: CliContext) {
  try {
    const { config } = await context.client.config(context.signal);
    const { group } = await context.client.status(context.signal);
    return { config, members: group.members };
  } catch (error) {
    if (errorCodeOf(error) !== "NOT_REACHED") throw error;
  }
  const { parseConfig } = await import("../config/parse-config.ts");
  const parsed = parseConfig(await context.readConfigText(context.configPath), context.configPath);
  if (parsed.ok) return { config: parsed.config, members: [] };
  throw new ClusterError(
    "CONFIG_INVALID",
    `Cannot test fencing: no daemon answers, and ${context.configPath} has errors`,
  );
}
