import type { OcfResource } from "../../model/cluster-config.ts";
import type { NodeId, ResourceId } from "../../model/ids.ts";
import type { Notice, NoticePlace } from "../../model/notice.ts";
import type { OperationAction } from "../../model/operation.ts";

/** What is not in the resource itself. */
export interface OcfCall {
  readonly action: OperationAction | "notify";
  readonly timeoutMs: number;
  /** 0 for start, stop and a probe: agents ask for less on a probe, and Debian's apache waits 5 s for a pid file otherwise. */
  readonly intervalMs: number;
  /** How deep a monitor is to look. */
  readonly level: number;
  readonly node: NodeId;
  /** `/usr/lib/ocf`. */
  readonly root: string;
}

/** The one parameter that is not the agent's but the operation's: depth of every monitor. */
export const checkLevelName = "OCF_CHECK_LEVEL";

/**
 * Name of a resource that may be part of a file name, as agents use it for their state. `web/Dummy:1` becomes `web__Dummy_1`. All instances of a
 * clone have one name: `web@n1/Dummy` is `web__Dummy`, which is what agents expect of clones that are not globally unique.
 */
export function instanceName(id: ResourceId): string {
  const [instance = "", ...rest] = id.split("/");
  const [service = ""] = instance.split("@");
  return [service, rest.join("_")].map((part) => part.replaceAll(/[^A-Za-z0-9._-]/g, "_")).join("__");
}

/** The environment of one call of an agent (OCF 1.1 and what Pacemaker adds). */
export function ocfEnvironment(resource: OcfResource, call: OcfCall): Readonly<Record<string, string>> {
  const parameters = Object.entries(resource.parameters).filter(([name]) => name !== checkLevelName);
  return {
    OCF_ROOT: call.root,
    OCF_RA_VERSION_MAJOR: "1",
    OCF_RA_VERSION_MINOR: "1",
    OCF_RESOURCE_INSTANCE: instanceName(resource.id),
    OCF_RESOURCE_TYPE: resource.type,
    OCF_RESOURCE_PROVIDER: resource.provider,
    OCF_EXIT_REASON_PREFIX: exitReasonPrefix,
    OCF_CHECK_LEVEL: String(call.level),
    OCF_RESKEY_crm_feature_set: "3.17.4",
    OCF_RESKEY_CRM_meta_name: call.action,
    OCF_RESKEY_CRM_meta_timeout: String(call.timeoutMs),
    OCF_RESKEY_CRM_meta_interval: String(call.intervalMs),
    OCF_RESKEY_CRM_meta_on_node: call.node,
    OCF_RESKEY_CRM_meta_on_node_uuid: call.node,
    ...cloneEnvironment(resource),
    ...Object.fromEntries(parameters.map(([name, value]) => [`OCF_RESKEY_${name}`, value])),
  };
}

/** [CLN-8] What an agent is told of the clone that it is part of. */
function cloneEnvironment({ clone }: OcfResource): Readonly<Record<string, string>> {
  if (clone === undefined) return {};
  return {
    OCF_RESKEY_CRM_meta_clone: String(clone.number),
    OCF_RESKEY_CRM_meta_clone_max: String(clone.max),
    OCF_RESKEY_CRM_meta_clone_node_max: "1",
    OCF_RESKEY_CRM_meta_globally_unique: "false",
    OCF_RESKEY_CRM_meta_notify: String(clone.notifyTimeoutMs !== undefined),
    ...(clone.isPromotable === true ? promotableEnvironment : {}),
  };
}

/** [PRO-7] What an agent is told of an operation on its clone: by the words of OCF 1.1 and by the older ones. */
export function noticeEnvironment({ id }: OcfResource, notice: Notice): Readonly<Record<string, string>> {
  const name = instanceName(id);
  const { when, operation, on, active, inactive, promoted, unpromoted } = notice;
  const operations = { start: [], stop: [], promote: [], demote: [], [operation]: on };
  const lists: Readonly<Record<string, readonly NoticePlace[]>> = {
    ...operations,
    active,
    inactive,
    promoted,
    master: promoted,
    unpromoted,
    slave: unpromoted,
  };
  const said = Object.entries(lists).flatMap(([list, places]) => [
    [`${noticePrefix}${list}_resource`, places.map(({ number }) => `${name}:${number}`).join(" ")] as const,
    [`${noticePrefix}${list}_uname`, places.map(({ node }) => node).join(" ")] as const,
  ]);
  return {
    ...Object.fromEntries(said),
    [`${noticePrefix}type`]: when,
    [`${noticePrefix}operation`]: operation,
  };
}

const noticePrefix = "OCF_RESKEY_CRM_meta_notify_";

const promotableEnvironment = {
  OCF_RESKEY_CRM_meta_promotable: "true",
  OCF_RESKEY_CRM_meta_promoted_max: "1",
  OCF_RESKEY_CRM_meta_promoted_node_max: "1",
  OCF_RESKEY_CRM_meta_master_max: "1",
  OCF_RESKEY_CRM_meta_master_node_max: "1",
};

/** What a line on standard error begins with that tells the reason of a failure. */
export const exitReasonPrefix = "ocf-exit-reason:";

/** The last reason that the agent gave, as one line; null when it gave none. */
export function exitReason(output: string): string | null {
  const lines = output.split("\n").filter((line) => line.startsWith(exitReasonPrefix));
  const reason = lines.at(-1)?.slice(exitReasonPrefix.length).trim();
  return reason === undefined || reason === "" ? null : reason;
}
