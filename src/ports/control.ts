import type { ClusterEvent } from "../model/cluster-event.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import type { ServiceId } from "../model/ids.ts";
import type { Answer, Intent } from "../model/intent.ts";
import type { Preview } from "../model/preview.ts";
import type { FenceReport, Snapshot, Why } from "../model/snapshot.ts";

/** What the API may ask of the daemon it lives in. Implemented by the daemon; everything goes through its inbox. */
export interface Control {
  snapshot(): Snapshot;
  /** The configuration in force. */
  config(): ClusterConfig;
  /** null: no such service. */
  why(service: ServiceId): Why | null;
  /** What was done to make nodes known to be off, newest first. */
  fences(): readonly FenceReport[];
  /** Resolves when the intent's goal is reached or refused; `progress` on the way. Aborting gives up waiting, not the intent. */
  submit(intent: Intent, author: string, progress: (text: string) => void, signal: AbortSignal): Promise<Answer>;
  /** Reads the configuration file again; when right, proposes it to the group. */
  reload(author: string, signal: AbortSignal): Promise<Answer>;
  /** Proposes this configuration to the group, when right; once in force it is this node's file, too. */
  apply(text: string, author: string, signal: AbortSignal): Promise<Answer>;
  /** What would follow from an intent. */
  preview(intent: Intent, author: string): Preview;
  /** Reads the configuration file again; what would follow if it came into force. */
  previewReload(author: string): Promise<Preview>;
  /** What would follow if this configuration came into force. */
  previewApply(text: string, author: string): Preview;
  /** Kept events, oldest first, with a sequence above `after`. */
  events(after: number): readonly ClusterEvent[];
  /** Calls back with each new event until the returned function is called. */
  onEvent(listener: (event: ClusterEvent) => void): () => void;
}
