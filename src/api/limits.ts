/** Every bound of the API, in one place. */
export const apiLimits = {
  /** A request body; the largest intent is a few hundred bytes. */
  bodyBytesMax: 65_536,
  /** A configuration as its file has it. The longest that can be agreed on has 240 KiB without comments. */
  configBytesMax: 1_048_576,
  /** Silence on a stream after which it says that it is alive. */
  pingMs: 10_000,
  /** What a slow reader may leave unread before its stream is cut. It can resume with Last-Event-ID. */
  unreadMax: 2_000,
  authorLengthMax: 64,
} as const;
