import type { ClusterConfig } from "./cluster-config.ts";
import type { NodeId, ResourceId, ServiceId } from "./ids.ts";
import type { Intent } from "./intent.ts";

/** What somebody thinks of doing. */
export type Wish =
  | { readonly kind: "intent"; readonly intent: Intent }
  | { readonly kind: "config"; readonly config: ClusterConfig; readonly digest: string };

/** What would follow from a wish, by the rules and the state of this moment. The document of `--dry-run --json`. */
export type Preview =
  | {
      readonly ok: true;
      /** What the operator would be told in the end. */
      readonly text: string;
      /** In order of time; empty: nothing would start, stop or move. */
      readonly steps: readonly PreviewStep[];
      /** Of each service that would stop, be it for a moment. */
      readonly outages: readonly PreviewOutage[];
      /** What cannot be foretold, one line each. */
      readonly unsure: readonly string[];
    }
  | { readonly ok: false; readonly code: string; readonly text: string };

/** One thing that would happen. */
export interface PreviewStep {
  /** Since the wish, by the operation times that were measured; of others nothing is added. */
  readonly atMs: number;
  readonly action: "stop" | "start" | "fence" | "give-up";
  readonly node: NodeId;
  /** Absent of a fence. */
  readonly service?: ServiceId;
  readonly reason: string;
  /** Of a start or stop whose resources are in branches that go at the same time: each in its turn. Absent: they go one after the other. */
  readonly parts?: readonly PreviewPart[];
}

/** One resource in a start or stop. */
export interface PreviewPart {
  readonly resource: ResourceId;
  /** Since the service's start or stop began; null: something that it waits for was never measured. */
  readonly atMs: number | null;
  /** null: never measured. */
  readonly forMs: number | null;
}

/** How long a service would be down. */
export interface PreviewOutage {
  readonly service: ServiceId;
  readonly from: NodeId;
  /** null: it stays down. */
  readonly to: NodeId | null;
  /** null: it stays down, or an operation on the way was never measured. */
  readonly outageMs: number | null;
}
