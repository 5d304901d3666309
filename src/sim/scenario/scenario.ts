import type { ClusterConfig } from "../../model/cluster-config.ts";
import type { DeviceId, NodeId, ResourceId } from "../../model/ids.ts";
import type { Intent } from "../../model/intent.ts";
import type { OperationAction } from "../../model/operation.ts";
import type { AgentTimes } from "../fake-kernel.ts";
import type { ConfigFile } from "../machine.ts";

/** A story: a cluster, what happens to it and when, and how it must end. */
export interface Scenario {
  readonly name: string;
  readonly config: ClusterConfig;
  readonly digest: string;
  /** What the cluster begins with, where that is not `config`: some of its nodes, who found it. */
  readonly begin: ConfigFile | null;
  readonly seed: number;
  /** Nodes that have power at 0. */
  readonly start: readonly NodeId[];
  /** From power to the daemon's start. */
  readonly bootMs: number;
  readonly agents: ReadonlyMap<ResourceId, AgentTimes>;
  /** In order of time. */
  readonly steps: readonly TimedStep[];
  readonly untilMs: number;
  readonly expect: Expectation | null;
}

/** When a step happens. */
export interface TimedStep {
  readonly atMs: number;
  readonly step: Step;
}

/** One thing that happens. */
export type Step =
  | { readonly kind: "power-off" | "power-on" | "shutdown" | "start-daemon" | "lose-disk"; readonly node: NodeId }
  | {
      readonly kind: "cut";
      /** Nodes of different groups do not hear each other; nodes in no group hear everybody. */
      readonly groups: readonly (readonly NodeId[])[];
      /** On this link only; null: on all. */
      readonly link: number | null;
      /** Only the direction from an earlier group to a later one is cut. */
      readonly isOneWay: boolean;
    }
  | { readonly kind: "heal" }
  | { readonly kind: "lose"; readonly probability: number }
  | { readonly kind: "pause"; readonly node: NodeId; readonly forMs: number; readonly what: "machine" | "daemon" }
  /** `restartMs` null: nobody starts it again. */
  | { readonly kind: "crash-daemon"; readonly node: NodeId; readonly restartMs: number | null }
  /** `node` null: where it runs. `isSeen`: its daemon is told at once; otherwise the next monitor finds it dead. */
  | { readonly kind: "fail"; readonly resource: ResourceId; readonly node: NodeId | null; readonly isSeen: boolean }
  | {
      readonly kind: "refuse";
      readonly resource: ResourceId;
      readonly action: OperationAction | "notify";
      readonly node: NodeId | null;
      readonly times: number;
      readonly how: "fail" | "hang";
    }
  | { readonly kind: "fence-device"; readonly device: DeviceId; readonly works: boolean }
  | { readonly kind: "watchdog"; readonly node: NodeId; readonly works: boolean }
  | { readonly kind: "reach"; readonly node: NodeId; readonly hosts: number }
  /** What an agent says of its data from now on. */
  | { readonly kind: "score"; readonly resource: ResourceId; readonly value: number }
  | { readonly kind: "disk"; readonly node: NodeId; readonly works: boolean; readonly writeMs: number }
  | {
      readonly kind: "run";
      readonly words: string;
      readonly intent: Intent;
      readonly on: NodeId | null;
      /** It is asked for now, to be done so much later; null: at once. */
      readonly inMs: number | null;
    }
  /** The file of every node becomes the one named, and node `on` reloads it. */
  | { readonly kind: "reload"; readonly file: "cluster" | "begin"; readonly on: NodeId | null }
  | { readonly kind: "expect"; readonly expect: Expectation };

/** What must be so. */
export interface Expectation {
  readonly services: readonly {
    readonly service: string;
    /** null: nobody must have it. undefined: not asked. */
    readonly owner?: NodeId | null;
    readonly state?: string;
  }[];
  /** Exactly these, in any order; null: not asked. */
  readonly fenced: readonly NodeId[] | null;
  readonly starts: readonly { readonly service: string; readonly times: number }[];
}
