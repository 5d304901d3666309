/** Every coded error; docs/errors.md has a section for each, and a test keeps the two equal. */
export const errorCodes = {
  CONFIG_INVALID: "The configuration has errors; none of it was applied",
  CONFIG_UNREADABLE: "The configuration file cannot be read",
  KEYS_INVALID: "The key file has errors",
  KEYS_UNREADABLE: "The key file cannot be read, or others may read it",
  NODE_UNKNOWN: "No such node in the configuration",
  SERVICE_UNKNOWN: "No such service in the configuration",
  AGENT_UNKNOWN: "No such fence agent on this machine",
  NOT_ALLOWED: "The decision rules forbid it",
  NO_QUORUM: "This node has no quorate view, so nothing can be decided",
  NOT_REACHED: "The daemon cannot be reached",
  FAILED: "It was tried and failed",
  TIMED_OUT: "It was accepted but is not done yet",
  BUSY: "Too many entries wait to be ordered",
  STATE_UNUSABLE: "The state folder, or the folder of the socket, cannot be used",
  NETWORK_UNUSABLE: "A configured address or port cannot be used",
  DISK_UNUSABLE: "The arbiter disk cannot be made or read",
  ROOT_NEEDED: "This needs root",
  SCENARIO_INVALID: "The scenario has errors",
  USAGE: "The command was not understood",
} as const;

/** A stable code of docs/errors.md. */
export type ErrorCode = keyof typeof errorCodes;

/** A mistake of an operator or of the surroundings, told so that it can be mended. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
  readonly code: ErrorCode;

  /** @param message what could not be done, on what, colon, what was found, what is wanted; no full stop */
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
