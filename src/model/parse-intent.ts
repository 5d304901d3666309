import { isName, isServiceName, type NodeId, type ServiceId } from "./ids.ts";
import { type Intent, shutdownPolicies } from "./intent.ts";

/** An intent out of words, or what is wrong with them. */
export type ParsedIntent =
  | { readonly ok: true; readonly intent: Intent }
  | { readonly ok: false; readonly text: string };

const serviceVerbs = [
  "enable",
  "disable",
  "start",
  "stop",
  "restart",
  "relocate",
  "freeze",
  "unfreeze",
  "clear",
] as const;
const nodeVerbs = [
  "standby",
  "online",
  "freeze",
  "unfreeze",
  "release",
  "shutdown",
  "fence",
  "confirm-off",
  "remove",
  "readmit",
] as const;

/**
 * Reads the words after `hale` of a command that only passes on a wish: `service relocate web --to n2`, `node standby n1`.
 * Whether the names exist is not known here.
 */
export function parseIntent(words: readonly string[]): ParsedIntent {
  const [noun, verb, name, ...rest] = words;
  if (noun === "maintenance") return parseMaintenance(words.slice(1));
  if (noun === "schedule") return parseCancel(words.slice(1));
  if (noun === "cluster") return parseClusterStop(words.slice(1));
  if (noun !== "service" && noun !== "node") return wrong(noun, "service, node, cluster, maintenance or schedule");
  const verbs: readonly string[] = noun === "service" ? serviceVerbs : nodeVerbs;
  if (verb === undefined || !verbs.includes(verb)) return wrong(verb, `${noun} ${verbs.join(", ")}`);
  const isNamed = noun === "service" ? isServiceName : isName;
  if (name === undefined || !isNamed(name)) return wrong(name, `the name of a ${noun}`);
  if (verb === "relocate") return parseRelocate(name, rest);
  if (verb === "shutdown") return parseShutdown(name, rest);
  if (rest.length > 0) return wrong(rest[0], "nothing more");
  return { ok: true, intent: { kind: `${verb}-${noun}`, [noun]: name } as unknown as Intent };
}

function parseMaintenance([state, ...more]: readonly string[]): ParsedIntent {
  if (state !== "on" && state !== "off") return wrong(state, "maintenance on or off");
  if (more.length > 0) return wrong(more[0], "nothing more");
  return { ok: true, intent: { kind: state === "on" ? "begin-maintenance" : "end-maintenance" } };
}

function parseClusterStop([verb, ...more]: readonly string[]): ParsedIntent {
  if (verb !== "stop") return wrong(verb, "cluster stop");
  if (more.length > 0) return wrong(more[0], "nothing more");
  return { ok: true, intent: { kind: "stop-cluster" } };
}

function parseCancel([verb, id, ...more]: readonly string[]): ParsedIntent {
  if (verb !== "cancel") return wrong(verb, "schedule cancel");
  if (id === undefined || !/^\d{1,15}$/.test(id)) return wrong(id, "the number of what is scheduled");
  if (more.length > 0) return wrong(more[0], "nothing more");
  return { ok: true, intent: { kind: "cancel-scheduled", id: Number(id) } };
}

function parseRelocate(name: string, rest: readonly string[]): ParsedIntent {
  const service = name as ServiceId;
  if (rest.length === 0) return { ok: true, intent: { kind: "relocate-service", service } };
  const [option, to, ...more] = rest;
  if (option !== "--to") return wrong(option, "--to NODE");
  if (to === undefined || !isName(to)) return wrong(to, "the name of a node after --to");
  if (more.length > 0) return wrong(more[0], "nothing more");
  return { ok: true, intent: { kind: "relocate-service", service, to: to as NodeId } };
}

function parseShutdown(name: string, rest: readonly string[]): ParsedIntent {
  const [option = "--services", policy = "move", ...more] = rest;
  const services = shutdownPolicies.find((one) => one === policy);
  if (option !== "--services") return wrong(option, "--services");
  if (services === undefined) return wrong(policy, shutdownPolicies.join(", "));
  if (more.length > 0) return wrong(more[0], "nothing more");
  return { ok: true, intent: { kind: "shutdown-node", node: name as NodeId, services } };
}

function wrong(found: string | undefined, wanted: string): ParsedIntent {
  return { ok: false, text: `found ${found === undefined ? "nothing" : JSON.stringify(found)}, wanted ${wanted}` };
}
