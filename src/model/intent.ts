import type { NodeId, ServiceId } from "./ids.ts";

/** An operator's wish. It travels as an entry and is decided like anything else. */
export type Intent =
  | { readonly kind: "enable-service"; readonly service: ServiceId }
  | { readonly kind: "disable-service"; readonly service: ServiceId }
  | { readonly kind: "restart-service"; readonly service: ServiceId }
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
  | { readonly kind: "fence-node"; readonly node: NodeId }
  /** The operator swears that the node is off. Breaks every promise when it is not true. */
  | { readonly kind: "confirm-off-node"; readonly node: NodeId }
  /** For ever: its vote is withdrawn, it is not heard any more. Only of a node that is known to run nothing. */
  | { readonly kind: "remove-node"; readonly node: NodeId }
  /** It may come again, as a new node. */
  | { readonly kind: "readmit-node"; readonly node: NodeId };

/** What became of an intent. `code` is one of docs/errors.md when not ok. */
export type Answer =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly code: string; readonly text: string };
