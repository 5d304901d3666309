import type { ClusterConfig } from "./cluster-config.ts";
import type { ClusterEvent } from "./cluster-event.ts";
import type { NodeId } from "./ids.ts";
import type { Answer } from "./intent.ts";
import type { FenceReport } from "./snapshot.ts";

/*
 * What travels between `api/` and `client/`, beside Snapshot, Why and ClusterEvent. All paths begin with `/v1`; a change that an
 * older command cannot read is `/v2`.
 */

/** Body of every refused request. */
export interface ApiError {
  readonly error: {
    /** One of docs/errors.md. */
    readonly code: string;
    readonly message: string;
    /** The field of the request body that is wrong. */
    readonly field?: string;
  };
}

/** `GET /v1/health`: the daemon answers, and where it stands. */
export interface Health {
  readonly node: NodeId;
  readonly cluster: string;
  readonly version: string;
  readonly isQuorate: boolean;
}

/** `GET /v1/config`. */
export interface ConfigInForce {
  readonly digest: string;
  readonly config: ClusterConfig;
}

/** `GET /v1/events`. */
export interface EventList {
  readonly events: readonly ClusterEvent[];
}

/** `GET /v1/fences`. */
export interface FenceList {
  /** Newest first. */
  readonly fences: readonly FenceReport[];
}

/** One line of the answer to `POST /v1/intents`: progress on the way, the answer last. */
export type SubmitLine =
  | { readonly kind: "progress"; readonly text: string }
  /** Says that the daemon still works on it; so that a dead connection shows. */
  | { readonly kind: "waiting" }
  | { readonly kind: "answer"; readonly answer: Answer };

/** Who asks: a user name, for the entry and the events. */
export const authorHeader = "x-hale-author";
