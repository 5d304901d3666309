/** Every bound of the daemon, in one place. */
export const daemonLimits = {
  /** Undecoded packets kept; more push the oldest out. About ten seconds of a busy seven-node cluster. */
  packetsMax: 4096,
  /** Bytes of these packets together: eight of the longest frames. Datagrams alone never come near it. */
  packetsBytesMax: 64 * 1024 * 1024,
  /** Inputs handled in one turn before sockets and timers get their turn again. */
  inputsPerTurnMax: 256,
  /** Larger messages travel over the pair's stream: a fragmented datagram is lost with any of its fragments. */
  datagramBytesMax: 1200,
  /** Events kept for `hale events` and for resuming a stream. */
  eventsMax: 1000,
  /** Decisions about services of which each node's case is kept. */
  decisionsMax: 500,
  /** Runs of agents kept of one resource, and characters of what each of them printed. */
  runsMax: 6,
  runOutputMax: 1_000,
  /** Resources of which runs are kept. */
  runResourcesMax: 2_000,
  /** Operators waiting for an answer at once. */
  requestsMax: 256,
  /** After this the operator is told that it is accepted but not done. */
  requestTimeoutMs: 600_000,
  /** How long a node's port may take to answer before it is called silent. */
  portProbeMs: 1000,
} as const;
