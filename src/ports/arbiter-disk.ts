/**
 * A disk that several nodes share, as bytes. Nothing is kept in memory between: what is read was on the disk after the call, what was
 * written is on the disk when the promise is fulfilled.
 *
 * One call at a time. None blocks the caller, and none has a limit in time: a disk that does not answer is one that is asked nothing more.
 */
export interface ArbiterDisk {
  /** The first `length` bytes, a multiple of 4096; fewer when the disk is smaller. Rejects with a reason for people. */
  read(length: number): Promise<Uint8Array>;
  /**
   * Writes `bytes` at `place`, both multiples of 4096. Rejected, some of it may be there. Never on another disk than the last reading was
   * of, whatever has the path now.
   */
  write(place: number, bytes: Uint8Array): Promise<void>;
  /** Does not wait for what is under way. */
  close(): Promise<void>;
}
