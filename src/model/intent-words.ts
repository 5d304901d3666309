import type { Schedulable } from "./intent.ts";

/** The words after `hale` by which one would ask for it: `service relocate web --to n2`. */
export function intentWords(intent: Schedulable): string {
  if (intent.kind === "begin-maintenance") return "maintenance on";
  if (intent.kind === "end-maintenance") return "maintenance off";
  if (intent.kind === "stop-cluster") return "cluster stop";
  if ("service" in intent) {
    const to = intent.kind === "relocate-service" && intent.to !== undefined ? ` --to ${intent.to}` : "";
    return `service ${intent.kind.replace("-service", "")} ${intent.service}${to}`;
  }
  const services = intent.kind === "shutdown-node" ? ` --services ${intent.services}` : "";
  return `node ${intent.kind.replace("-node", "")} ${intent.node}${services}`;
}
