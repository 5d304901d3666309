import type { ClusterEvent } from "./cluster-event.ts";
import type { DiskRecord } from "./disk.ts";
import type { NodeId } from "./ids.ts";
import type { Answer } from "./intent.ts";
import type { HeartbeatBody, Message } from "./message.ts";
import type { FenceCall, Operation } from "./operation.ts";
import type { AddressResource } from "./cluster-config.ts";
import type { Notification } from "./notice.ts";
import type { DurationMs, InstantMs } from "./units.ts";

/** Everything the core ever asks for. Effects are executed in list order; only `persist` finishes later, with `persisted`. */
export type Effect =
  /** Writes finish in order; a message that depends on one is sent only after its `persisted` input. */
  | {
      readonly kind: "persist";
      readonly write: number;
      readonly records: readonly DiskRecord[];
      /** The records take the place of everything written before, in one switch. */
      readonly isRewrite?: true;
    }
  /** On every link as a datagram when it fits, else over the pair's stream. May be lost, doubled, reordered. */
  | { readonly kind: "send"; readonly to: NodeId; readonly message: Message }
  /** One question to the witness, a machine or a disk. May be lost, doubled, reordered. */
  | { readonly kind: "ask-witness"; readonly message: Extract<Message, { kind: "ask" }> }
  /** What the beat thread says from now on, every keepalive, until it is told anew or the main loop falls silent. `atOnce`: also right now. */
  | { readonly kind: "beat"; readonly body: HeartbeatBody; readonly atOnce: boolean }
  /** Answered by `operation-result`. */
  | { readonly kind: "run"; readonly operation: Operation }
  /** Answered by `operation-result`. */
  | { readonly kind: "notify"; readonly notification: Notification }
  /** Kill the process group of an operation or notification; its result still comes. */
  | { readonly kind: "cancel"; readonly operation: number }
  /** Answered by `fence-result`. */
  | {
      readonly kind: "fence";
      readonly call: FenceCall;
      /** Not at or after this instant: the lease has run out then. Default: whenever. */
      readonly notAfter?: InstantMs;
    }
  /** Kill the agent of a fence call; its result still comes, and counts for nothing. */
  | { readonly kind: "cancel-fence"; readonly call: number }
  /** How many of these hosts answer an ICMP echo within the time. Answered by `reach-counted`, late ones too. */
  | {
      readonly kind: "count-reach";
      readonly call: number;
      readonly hosts: readonly string[];
      readonly timeoutMs: number;
    }
  /** Answered by `port-state`. */
  | { readonly kind: "probe-port"; readonly node: NodeId }
  /** Make sure that the machine is reset when nobody feeds it any more. Not at or after `notAfter`. Answered by `watchdog-result`. */
  | {
      readonly kind: "arm-watchdog";
      readonly call: number;
      readonly device: string;
      readonly timeoutMs: DurationMs;
      readonly notAfter: InstantMs;
    }
  /** Put the reset off once more. Not at or after `notAfter`: the lease has run out then. */
  | { readonly kind: "feed-watchdog"; readonly notAfter: InstantMs }
  /** This node runs nothing and is about to end, or its watchdog is no longer wanted. */
  | { readonly kind: "disarm-watchdog" }
  /** Tell the neighbours again who has the address (after a view change). */
  | { readonly kind: "announce"; readonly address: AddressResource }
  /** These, in the place of those before, are addresses of services that do not run here: removed where they are found. */
  | { readonly kind: "keep-away"; readonly addresses: readonly AddressResource[] }
  | { readonly kind: "progress"; readonly request: number; readonly text: string }
  | { readonly kind: "answer"; readonly request: number; readonly answer: Answer }
  | { readonly kind: "event"; readonly event: Omit<ClusterEvent, "sequence"> }
  /** The clean stop is complete; or, with `removed`, this node has no place in the cluster any more, and this is what to do. */
  | { readonly kind: "exit"; readonly removed?: string };
