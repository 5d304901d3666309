import type { EntryBody } from "../model/entry.ts";
import type { NodeId } from "../model/ids.ts";
import type { Packet } from "../model/message.ts";
import type { InstantMs } from "../model/units.ts";
import type { GroupRoster } from "./replication/follow-roster.ts";

/** Everything the group is ever told. */
export type GroupInput =
  /** Time has passed: at the instant asked for, and at least every half keepalive. */
  | { readonly kind: "tick" }
  /** `arrivedAt`: when the socket had it, at most now. */
  | { readonly kind: "packet"; readonly packet: Packet; readonly arrivedAt: InstantMs }
  /** All writes up to this number are on disk. */
  | { readonly kind: "persisted"; readonly write: number }
  /** From this node's manager: gets an id and is sent until it is delivered. Bodies `view` and `electorate` are the group's own. */
  | { readonly kind: "submit"; readonly body: EntryBody }
  /** The answer to `GroupFacts.arbiterFence`. */
  | { readonly kind: "fence-verdict"; readonly target: NodeId; readonly attempt: number; readonly confirmed: boolean }
  /** The answer to `count-reach`. */
  | { readonly kind: "reach-counted"; readonly call: number; readonly reached: number }
  | { readonly kind: "port-state"; readonly node: NodeId; readonly state: "open" | "closed" | "silent" }
  /** Other nodes from now on, or another arbiter. */
  | ({ readonly kind: "roster" } & GroupRoster)
  /** Leave cleanly: the services are stopped. */
  | { readonly kind: "leave" };
