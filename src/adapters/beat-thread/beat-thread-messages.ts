/** What the beat thread is started with. */
export interface BeatThreadData {
  /** Of `SharedContent`. */
  readonly memory: SharedArrayBuffer;
  /** The entry's own. */
  readonly setup: unknown;
}

/** To the thread: beat now, or go on with another setup. */
export type ToBeatThread = { readonly kind: "beat" } | { readonly kind: "setup"; readonly setup: unknown };

/** From the thread. */
export type FromBeatThread =
  | { readonly kind: "ready" }
  | { readonly kind: "note"; readonly text: string }
  | { readonly kind: "counters"; readonly counters: Readonly<Record<string, number>> };
