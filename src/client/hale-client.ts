import type { ConfigInForce, Health, SubmitLine } from "../model/api-format.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { Answer, Intent } from "../model/intent.ts";
import type { Preview } from "../model/preview.ts";
import type { FenceReport, Snapshot, Why } from "../model/snapshot.ts";

/**
 * What a daemon can be asked. Every call rejects with a ClusterError: NOT_REACHED, or the code the daemon gave.
 * Aborting gives up waiting, not what was asked.
 */
export interface HaleClient {
  health(signal: AbortSignal): Promise<Health>;
  status(signal: AbortSignal): Promise<Snapshot>;
  why(service: string, signal: AbortSignal): Promise<Why>;
  config(signal: AbortSignal): Promise<ConfigInForce>;
  /** What was done to make nodes known to be off, newest first. */
  fences(signal: AbortSignal): Promise<readonly FenceReport[]>;
  /** Kept events with a sequence above `after`, oldest first. */
  events(after: number, signal: AbortSignal): Promise<readonly ClusterEvent[]>;
  /** The same, then each new one as it happens. Ends on abort; throws NOT_REACHED when the connection is lost. */
  followEvents(after: number, signal: AbortSignal): AsyncIterable<ClusterEvent>;
  /** Progress, then the answer, last. With `wait: false` one item: progress (accepted) or the answer. */
  submit(intent: Intent, options: { readonly wait: boolean }, signal: AbortSignal): AsyncIterable<SubmitLine>;
  reload(signal: AbortSignal): Promise<Answer>;
  /** Puts a configuration in force; then it is the file of the daemon's node, too. */
  apply(text: string, signal: AbortSignal): Promise<Answer>;
  /** What would follow; nothing is done. */
  preview(intent: Intent, signal: AbortSignal): Promise<Preview>;
  previewReload(signal: AbortSignal): Promise<Preview>;
  previewApply(text: string, signal: AbortSignal): Promise<Preview>;
}
