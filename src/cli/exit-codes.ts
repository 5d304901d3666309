import { ClusterError, type ErrorCode } from "../model/errors.ts";

/** What a program that calls `hale` can tell apart. */
export const exitCodes = { done: 0, failed: 1, usage: 2, noQuorum: 3, notReached: 4, warnings: 5 } as const;

/** One of `exitCodes`. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const usageCodes: ReadonlySet<string> = new Set<ErrorCode>([
  "USAGE",
  "CONFIG_INVALID",
  "CONFIG_UNREADABLE",
  "KEYS_INVALID",
  "KEYS_UNREADABLE",
  "SCENARIO_INVALID",
]);

/** The exit code for a code of docs/errors.md. */
export function exitCodeOf(code: string): ExitCode {
  if (usageCodes.has(code)) return exitCodes.usage;
  if (code === "NO_QUORUM") return exitCodes.noQuorum;
  if (code === "NOT_REACHED") return exitCodes.notReached;
  return exitCodes.failed;
}

/** The code of anything that was thrown. */
export function errorCodeOf(error: unknown): ErrorCode {
  return error instanceof ClusterError ? error.code : "FAILED";
}
