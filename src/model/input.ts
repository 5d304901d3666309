import type { ClusterConfig } from "./cluster-config.ts";
import type { NodeId, ResourceId } from "./ids.ts";
import type { Intent } from "./intent.ts";
import type { Packet } from "./message.ts";
import type { DeathHint, FenceOutcome, OperationOutcome } from "./operation.ts";
import type { InstantMs, WallMs } from "./units.ts";
import type { WatchdogOutcome } from "./watchdog.ts";

/** Everything the core is ever told. */
export type Input =
  /** Time has passed; also given whenever the instant asked for by `wakeAt` is reached. */
  | { readonly kind: "tick" }
  /** `arrivedAt`: when the socket had it, at most `now`. */
  | { readonly kind: "packet"; readonly packet: Packet; readonly arrivedAt: InstantMs }
  /** All `persist` effects up to this write number are on disk. */
  | { readonly kind: "persisted"; readonly write: number }
  /** An operator asks; the answer names the request. `author` is for the record. */
  | { readonly kind: "intent"; readonly request: number; readonly intent: Intent; readonly author: string }
  /** The file was read again and is right: propose it to the group. */
  | {
      readonly kind: "config";
      readonly request: number;
      readonly config: ClusterConfig;
      readonly digest: string;
      readonly author: string;
    }
  | { readonly kind: "operation-result"; readonly operation: number; readonly outcome: OperationOutcome }
  /** Unasked, from who watches the processes of what runs here. */
  | { readonly kind: "death-hint"; readonly hint: DeathHint }
  /** An address that was to be kept away was found here. `what` came of it, for people. */
  | { readonly kind: "foreign-address"; readonly resource: ResourceId; readonly what: string }
  | { readonly kind: "fence-result"; readonly call: number; readonly outcome: FenceOutcome }
  /** Answer to an `arm-watchdog` effect. */
  | { readonly kind: "watchdog-result"; readonly call: number; readonly outcome: WatchdogOutcome }
  /** Answer to a `count-reach` effect. */
  | { readonly kind: "reach-counted"; readonly call: number; readonly reached: number }
  /** Answer to a `probe-port` effect: `closed` proves a living kernel without a daemon. */
  | { readonly kind: "port-state"; readonly node: NodeId; readonly state: "open" | "closed" | "silent" }
  /** Another node has written a sign of life to the arbiter disk since this one last looked. */
  | { readonly kind: "seen-on-disk"; readonly node: NodeId }
  /** Stop in order: services, then the group. The core answers with `exit`. */
  | { readonly kind: "shutdown" };

/** What every step is given beside its input. */
export interface Moment {
  readonly now: InstantMs;
  readonly wall: WallMs;
  /** What the local time of day is ahead of UTC. Default (absent): 0. */
  readonly zoneMs?: number;
}
