import type { ArbiterContent, ArbiterHeader } from "../model/arbiter-disk.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import type { NodeFacts } from "./node-facts.ts";
import type { HaleClient } from "../client/hale-client.ts";
import type { MetadataAnswer } from "../model/agent-metadata.ts";
import type { FenceCall, FenceOutcome } from "../model/operation.ts";
import type { WallMs } from "../model/units.ts";
import type { WitnessStatus } from "../model/witness-status.ts";
import type { WallText } from "./text/look.ts";

/** Where text goes. */
export interface TextOutput {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Width of the terminal; undefined when there is none. */
  readonly columns: () => number | undefined;
  readonly rows: () => number | undefined;
}

/** How far a simulation has come, both from the beginning of its story. */
export type SimulationProgress = (doneMs: number, untilMs: number) => void;

/** What `hale simulate` prints. */
export interface SimulatedRun {
  readonly ok: boolean;
  /** The document of `--json`. */
  readonly document: unknown;
  /** Timeline and drawing. */
  readonly text: string;
}

/** What came of `hale init`. */
export interface Founding {
  readonly cluster: string;
  readonly node: string;
  /** The other nodes of the configuration. */
  readonly others: readonly string[];
  readonly stateFolder: string;
  /** The key file that was written because there was none; null when there was one. */
  readonly newKeys: string | null;
}

/** The fence agents of this machine. */
export interface FenceAgents {
  /** Names of what is installed, sorted. */
  list(): Promise<readonly string[]>;
  /** @param agent its name, or an absolute path */
  metadata(agent: string, signal: AbortSignal): Promise<MetadataAnswer>;
  /** Never rejects. */
  run(call: FenceCall, signal: AbortSignal): Promise<FenceOutcome>;
}

/** The OCF resource agents of this machine. */
export interface ResourceAgents {
  /** `provider:type` of what is installed, sorted. */
  list(): Promise<readonly string[]>;
  /** @param agent `provider:type` */
  metadata(agent: string, signal: AbortSignal): Promise<MetadataAnswer>;
}

/** Everything that the command takes from outside. `src/main/hale.ts` makes the real one, tests make their own. */
export interface CliContext {
  readonly version: string;
  readonly client: HaleClient;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** False under NO_COLOR and where the output is no terminal, unless FORCE_COLOR says otherwise. */
  readonly useColour: boolean;
  readonly now: () => WallMs;
  readonly wallText: WallText;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Where cluster.yaml is when nobody names another file. */
  readonly configPath: string;
  /** @throws ClusterError CONFIG_UNREADABLE */
  readonly readConfigText: (path: string) => Promise<string>;
  /** Writes the founding record. @throws ClusterError when there is state already */
  readonly found: () => Promise<Founding>;
  /**
   * Computes without a pause: no signal of `signal` comes meanwhile, Ctrl-C ends the process.
   *
   * @param onProgress now and then called with the time that was simulated and the time that is to be
   * @throws ClusterError SCENARIO_INVALID
   */
  readonly runScenario: (path: string, onProgress: SimulationProgress) => Promise<SimulatedRun>;
  /** Looks at this machine. @param config null: it cannot be used */
  readonly inspectNode: (config: ClusterConfig | null, hasDaemon: boolean) => Promise<NodeFacts>;
  /** Opened when they are first needed. */
  readonly fenceAgents: () => Promise<FenceAgents>;
  /** Opened when they are first needed. */
  readonly resourceAgents: () => Promise<ResourceAgents>;
  /** Serves until `signal` is aborted. @throws ClusterError when it cannot begin, or not go on */
  readonly runWitness: (listen: string) => Promise<void>;
  /** Of the witness that runs on this machine. @throws ClusterError NOT_REACHED */
  readonly witnessStatus: (signal: AbortSignal) => Promise<WitnessStatus>;
  /** Writes a new arbiter disk for the cluster of `configPath`. @throws ClusterError DISK_UNUSABLE */
  readonly makeArbiterDisk: (path: string, isForced: boolean) => Promise<ArbiterHeader>;
  /** @throws ClusterError DISK_UNUSABLE */
  readonly readArbiterDisk: (path: string) => Promise<ArbiterContent>;
  /** Asks yes or no; null when nobody is there to ask. */
  readonly confirm: (question: string) => Promise<boolean> | null;
  /** Calls back when somebody presses q; the returned function stops listening. */
  readonly onQuitKey: (callback: () => void) => () => void;
}
