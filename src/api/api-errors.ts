import type { ApiError } from "../model/api-format.ts";
import type { Answer } from "../model/intent.ts";

/** HTTP status for a code of docs/errors.md. */
const statusByCode = {
  USAGE: 400,
  NODE_UNKNOWN: 404,
  SERVICE_UNKNOWN: 404,
  NOT_ALLOWED: 409,
  CONFIG_INVALID: 422,
  CONFIG_UNREADABLE: 422,
  BUSY: 429,
  FAILED: 500,
  NO_QUORUM: 503,
  TIMED_OUT: 504,
} as const;

type RefusalStatus = (typeof statusByCode)[keyof typeof statusByCode];

/** The status of a refusal; 500 for codes that say nothing about the request. */
export function statusOf(code: string): RefusalStatus {
  return code in statusByCode ? statusByCode[code as keyof typeof statusByCode] : 500;
}

/** 200 when it was done. */
export function statusOfAnswer(answer: Answer): 200 | RefusalStatus {
  return answer.ok ? 200 : statusOf(answer.code);
}

/** The body of a refusal. */
export function errorBody(code: string, message: string, field?: string): ApiError {
  return { error: { code, message, ...(field === undefined || field === "" ? {} : { field }) } };
}
