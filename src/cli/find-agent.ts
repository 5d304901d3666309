import { suggest } from "../config/suggest.ts";
import { ClusterError } from "../model/errors.ts";
import type { ResourceAgents } from "./cli-context.ts";

/**
 * The agent that is meant: as `provider:type`, with `ocf:` before it as other tools write it, or by its type alone where one provider has it.
 *
 * @throws ClusterError AGENT_UNKNOWN
 */
export async function findAgent(agents: ResourceAgents, written: string): Promise<string> {
  const name = written.replace(/^ocf:/, "");
  const installed = await agents.list();
  if (installed.includes(name)) return name;
  const ofType = installed.filter((agent) => agent.split(":")[1] === name);
  if (ofType.length === 1 && ofType[0] !== undefined) return ofType[0];
  const cannot = `Cannot show "${written}": `;
  if (ofType.length > 1) throw new ClusterError("AGENT_UNKNOWN", `${cannot}${ofType.join(" or ")}`);
  const meant = name.includes(":")
    ? suggest(name, installed)
    : installed.find(
        (agent) =>
          agent.split(":")[1] ===
          suggest(
            name,
            installed.map((one) => one.split(":")[1] ?? ""),
          ),
      );
  const hint = meant === undefined ? "hale agent list shows what is" : `did you mean ${meant}?`;
  throw new ClusterError("AGENT_UNKNOWN", `${cannot}no such OCF agent is installed here; ${hint}`);
}
