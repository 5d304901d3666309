import { BeatThread } from "../adapters/beat-thread/beat-thread.ts";
import type { ClusterConfig } from "../model/cluster-config.ts";
import type { NodeId } from "../model/ids.ts";
import type { Incarnation } from "../model/incarnation.ts";
import type { HeartbeatBody } from "../model/message.ts";
import type { RosterNode } from "../model/roster.ts";
import type { Clock } from "../ports/clock.ts";
import { encodeHeartbeat } from "../wire/sealer.ts";
import type { HeartbeatSetup } from "./heartbeat-setup.ts";
import type { KeyRing } from "./key-ring.ts";

/** What the heartbeats of one life need. */
export interface HeartbeatOptions {
  readonly config: ClusterConfig;
  readonly keyRing: KeyRing;
  readonly self: NodeId;
  readonly incarnation: Incarnation;
  readonly clock: Clock;
  /** As in `HeartbeatSetup`. */
  readonly isDaemonRaised: boolean;
  readonly onNote: (text: string) => void;
  readonly onGivenUp: (reason: string) => void;
  /** Default: `heartbeat-worker.js` beside the program. */
  readonly script?: URL;
}

/** Starts the heartbeat thread of one life. It falls silent half a deadtime after the main loop did. */
export function startHeartbeat(options: HeartbeatOptions): BeatThread {
  const { config, keyRing, self, incarnation, clock, isDaemonRaised, onNote, onGivenUp } = options;
  let setup: HeartbeatSetup = {
    cluster: config.cluster,
    keys: keyRing.keys,
    self,
    incarnation,
    nodes: config.nodes.map(({ id, addresses }) => ({ id, addresses })),
    port: config.heartbeat.port,
    keepaliveMs: config.heartbeat.keepaliveMs,
    silentAfterMs: Math.floor(config.heartbeat.deadtimeMs / 2),
    isDaemonRaised,
  };
  const script = options.script ?? new URL("./heartbeat-worker.js", import.meta.url);
  const encode = (body: HeartbeatBody): Uint8Array => encodeHeartbeat({ self, incarnation }, body);
  const own = setup.nodes.filter(({ id }) => id === self);
  const setupFor = (peers: readonly RosterNode[]): HeartbeatSetup => {
    setup = { ...setup, nodes: [...own, ...peers] };
    return setup;
  };
  const thread = new BeatThread({ script, setup, setupFor, encode, clock, onNote, onGivenUp });
  keyRing.follow((keys) => {
    setup = { ...setup, keys };
    thread.useSetup(setup);
  });
  return thread;
}
