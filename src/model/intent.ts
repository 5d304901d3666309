import type { NodeId, ServiceId } from "./ids.ts";
import type { WallMs } from "./units.ts";

/** What becomes of the services of a node that is shut down: they go elsewhere, wait for it, or run on without its daemon. */
export const shutdownPolicies = ["move", "stop", "freeze"] as const;
export type ShutdownPolicy = (typeof shutdownPolicies)[number];

/** An operator's wish. It travels as an entry and is decided like anything else. */
export type Intent =
  | Schedulable
  /** The same later, once, at this time of the coordinator's clock. */
  | { readonly kind: "schedule"; readonly what: Schedulable; readonly at: WallMs }
  /** `id` of `Scheduled`. */
  | { readonly kind: "cancel-scheduled"; readonly id: number }
  | { readonly kind: "fence-node"; readonly node: NodeId }
  /** The operator swears that the node is off. Breaks every promise when it is not true. */
  | { readonly kind: "confirm-off-node"; readonly node: NodeId }
  /** For ever: its vote is withdrawn, it is not heard any more. Only of a node that is known to run nothing. */
  | { readonly kind: "remove-node"; readonly node: NodeId }
  /** It may come again, as a new node. */
  | { readonly kind: "readmit-node"; readonly node: NodeId };

/** A wish that may wait for its time: no word about what somebody sees now, and nothing that is for ever. */
export type Schedulable =
  | { readonly kind: "enable-service"; readonly service: ServiceId }
  | { readonly kind: "disable-service"; readonly service: ServiceId }
  | { readonly kind: "restart-service"; readonly service: ServiceId }
  /** At once, and keep it running; ends `stop-service`. */
  | { readonly kind: "start-service"; readonly service: ServiceId }
  /** At once, until it is started, or a node comes or goes. */
  | { readonly kind: "stop-service"; readonly service: ServiceId }
  /** Nothing is done with it, nor looked at, until it is unfrozen. */
  | { readonly kind: "freeze-service"; readonly service: ServiceId }
  | { readonly kind: "unfreeze-service"; readonly service: ServiceId }
  /** The same for whatever runs there; it is given nothing more. */
  | { readonly kind: "freeze-node"; readonly node: NodeId }
  | { readonly kind: "unfreeze-node"; readonly node: NodeId }
  /** The same for everything: nothing is started, stopped, moved, looked at or fenced. */
  | { readonly kind: "begin-maintenance" }
  | { readonly kind: "end-maintenance" }
  /** Without `to`: to the best other node. */
  | { readonly kind: "relocate-service"; readonly service: ServiceId; readonly to?: NodeId }
  /** Forget its failures: every node may be tried again at once. */
  | { readonly kind: "clear-service"; readonly service: ServiceId }
  /** Keeps its membership and vote, gives up its services. */
  | { readonly kind: "standby-node"; readonly node: NodeId }
  /** Ends standby. */
  | { readonly kind: "online-node"; readonly node: NodeId }
  /** Ends quarantine, and forgets the losses counted so far. */
  | { readonly kind: "release-node"; readonly node: NodeId }
  /** Its daemon ends. */
  | { readonly kind: "shutdown-node"; readonly node: NodeId; readonly services: ShutdownPolicy }
  /** All services stop, then all daemons end. */
  | { readonly kind: "stop-cluster" };

const atOnceOnly: readonly Intent["kind"][] = [
  "schedule",
  "cancel-scheduled",
  "fence-node",
  "confirm-off-node",
  "remove-node",
  "readmit-node",
];

/** True of a wish that may wait for its time. */
export function canWait(intent: Intent): intent is Schedulable {
  return !atOnceOnly.includes(intent.kind);
}

/** What became of an intent. `code` is one of docs/errors.md when not ok. */
export type Answer =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly code: string; readonly text: string };
