/**
 * What an agent says of itself: the XML that OCF resource agents and fence agents print for `meta-data` and `metadata`.
 *
 * Both have the root `resource-agent`. Read leniently where agents in the wild differ (types beyond the specification, `1` or `true`),
 * strictly where XML does: an agent that prints half a document has failed.
 */
export interface AgentMetadata {
  readonly name: string;
  /** Of the standard that it keeps to: 1.0 or 1.1. Empty where it names none, as fence agents do. */
  readonly apiVersion: string;
  readonly shortDescription: string;
  readonly longDescription: string;
  readonly parameters: readonly AgentParameter[];
  /** In the agent's order; monitor may occur several times with different depths. */
  readonly actions: readonly AgentAction[];
}

/** One parameter of an agent. */
export interface AgentParameter {
  readonly name: string;
  readonly isRequired: boolean;
  /** Accepted, but another name is wanted by now. */
  readonly isDeprecated: boolean;
  /** The name that is wanted instead of this one; empty when none. */
  readonly replacedBy: string;
  /** An older name of this one, which is accepted too (`obsoletes` of fence agents); empty when none. */
  readonly replaces: string;
  /** As the agent says: string, boolean, integer, select, second, ... */
  readonly type: string;
  readonly default: string | null;
  readonly description: string;
  /** Of a select; empty otherwise. */
  readonly options: readonly string[];
}

/** One action of an agent. */
export interface AgentAction {
  readonly name: string;
  /** null: the agent names none. */
  readonly timeoutMs: number | null;
  readonly intervalMs: number | null;
  /** Check level of a monitor; 0 when not given. */
  readonly depth: number;
  /** A monitor of this role alone: Promoted, Unpromoted, or the older Master, Slave. Empty: of any. */
  readonly role: string;
  /** `on` of a fence agent: to be done whenever a node comes, before anything runs on it. */
  readonly isAutomatic: boolean;
  /** `on` of a fence agent: to be done on the node that is meant. */
  readonly isOnTarget: boolean;
}

/** What an agent says of itself, or why it could not be asked. `isMissing`: it is not installed here. */
export type MetadataAnswer =
  | { readonly ok: true; readonly metadata: AgentMetadata }
  | { readonly ok: false; readonly reason: string; readonly isMissing: boolean };
