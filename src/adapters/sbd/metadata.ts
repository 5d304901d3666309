import type { AgentAction, AgentMetadata, AgentParameter } from "../../model/agent-metadata.ts";
import { sbdAgent } from "../../model/sbd.ts";

/** What a fence device of this kind wants to be told, in the words in which fence agents describe themselves. */
export const sbdMetadata: AgentMetadata = {
  name: sbdAgent,
  apiVersion: "",
  shortDescription: "Messages on shared disks, by Debian's sbd",
  longDescription:
    "Part of hale. Each node runs the daemon of the package sbd, which resets the node at a message on more than half of the disks, and holds a watchdog. A node runs nothing before its daemon has been seen.",
  parameters: [
    parameter("devices", true, "Paths of one to three shared block devices, made by sbd create, with commas between"),
    parameter("watchdog", false, "The watchdog that sbd holds on every node; default: any /dev/watchdog*"),
    parameter("plug", true, "The node's name on the disks, as sbd -d DISK list shows it: its host name"),
  ],
  actions: ["on", "off", "reboot", "status", "monitor"].map(
    (name): AgentAction => ({
      name,
      timeoutMs: null,
      intervalMs: null,
      depth: 0,
      role: "",
      isAutomatic: name === "on",
      isOnTarget: name === "on",
    }),
  ),
};

function parameter(name: string, isRequired: boolean, description: string): AgentParameter {
  return {
    name,
    isRequired,
    isDeprecated: false,
    replacedBy: "",
    replaces: "",
    type: "string",
    default: null,
    description,
    options: [],
  };
}
