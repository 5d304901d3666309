import type { IncomingMessage } from "node:http";
import {
  type ApiError,
  authorHeader,
  type ConfigInForce,
  type EventList,
  type FenceList,
  type Health,
  type SubmitLine,
} from "../model/api-format.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import { ClusterError, type ErrorCode, errorCodes } from "../model/errors.ts";
import type { Answer } from "../model/intent.ts";
import type { Preview } from "../model/preview.ts";
import type { Snapshot, Why } from "../model/snapshot.ts";
import type { HaleClient } from "./hale-client.ts";
import { type Call, open, readAll, readLines } from "./http-over-socket.ts";
import { notReached } from "./not-reached.ts";

/** A daemon that runs answers in milliseconds; one that is busy with its disk, in seconds. */
const answerMs = 10_000;
/** Streams say something at least every 10 s. */
const streamMs = 35_000;
/** A change of configuration is ordered by the group first. */
const reloadMs = 120_000;

/** What a daemon answers: documents and two kinds of streams. */
const contentTypes = /^(application\/json|application\/x-ndjson|text\/event-stream)\b/;

/** Where a daemon listens, and in whose name it is asked. */
export interface SocketClientOptions {
  readonly socketPath: string;
  /** For the entry and the events; the user's name. */
  readonly author: string;
}

/** A client of the daemon that listens on a unix socket. It holds no connection between calls. */
export function createSocketClient({ socketPath, author }: SocketClientOptions): HaleClient {
  // A header holds no other characters; a name in another script is still somebody.
  const headers = { [authorHeader]: author.replaceAll(/[^\x20-\x7e]/g, "?") };

  async function send(call: Omit<Call, "socketPath">, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await open({ socketPath, ...call, headers: { ...headers, ...call.headers } }, signal);
    if (contentTypes.test(response.headers["content-type"] ?? "")) return response;
    response.destroy();
    throw strange(socketPath);
  }

  async function document<T>(call: Omit<Call, "socketPath">, signal: AbortSignal): Promise<T> {
    const response = await send(call, signal);
    const text = await readAll(response, socketPath, signal);
    const value = parseJson(text, socketPath);
    if (isApiError(value)) throw refusal(value);
    return value as T;
  }

  /** A refused stream is an ordinary error document. */
  async function stream(call: Omit<Call, "socketPath">, signal: AbortSignal): Promise<IncomingMessage> {
    const response = await send(call, signal);
    if (response.statusCode === 200) return response;
    const value = parseJson(await readAll(response, socketPath, signal), socketPath);
    throw isApiError(value) ? refusal(value) : notReached(socketPath, new Error(`it answered ${response.statusCode}`));
  }

  const get = (path: string): Omit<Call, "socketPath"> => ({ method: "GET", path, silenceMs: answerMs });

  return {
    health: (signal) => document<Health>(get("/health"), signal),
    status: (signal) => document<Snapshot>(get("/status"), signal),
    why: (service, signal) => document<Why>(get(`/services/${encodeURIComponent(service)}/why`), signal),
    config: (signal) => document<ConfigInForce>(get("/config"), signal),
    fences: async (signal) => (await document<FenceList>(get("/fences"), signal)).fences,
    events: async (after, signal) => (await document<EventList>(get(`/events?after=${after}`), signal)).events,
    reload: (signal) => document<Answer>({ method: "POST", path: "/config/reload", silenceMs: reloadMs }, signal),
    apply: (text, signal) =>
      document<Answer>({ method: "POST", path: "/config", body: { text }, silenceMs: reloadMs }, signal),
    preview: (intent, signal) =>
      document<Preview>({ method: "POST", path: "/intents?dry-run=true", body: intent, silenceMs: streamMs }, signal),
    previewReload: (signal) =>
      document<Preview>({ method: "POST", path: "/config/reload?dry-run=true", silenceMs: streamMs }, signal),
    previewApply: (text, signal) =>
      document<Preview>({ method: "POST", path: "/config?dry-run=true", body: { text }, silenceMs: streamMs }, signal),

    async *followEvents(after, signal) {
      const response = await stream({ ...get(`/events?after=${after}&follow=true`), silenceMs: streamMs }, signal);
      for await (const line of readLines(response, socketPath, signal)) {
        // Other lines are ids and comments: the event says its own number, and comments only keep the line alive.
        if (line.startsWith("data: ")) yield parseJson(line.slice(6), socketPath) as ClusterEvent;
      }
      if (!signal.aborted) throw notReached(socketPath, Object.assign(new Error("closed"), { code: "ECONNRESET" }));
    },

    async *submit(intent, { wait }, signal) {
      if (!wait) {
        yield await document<SubmitLine>(
          { method: "POST", path: "/intents?wait=false", body: intent, silenceMs: streamMs },
          signal,
        );
        return;
      }
      const response = await stream({ method: "POST", path: "/intents", body: intent, silenceMs: streamMs }, signal);
      for await (const text of readLines(response, socketPath, signal)) {
        const line = parseJson(text, socketPath) as SubmitLine;
        yield line;
        if (line.kind === "answer") return;
      }
      if (!signal.aborted) throw notReached(socketPath, Object.assign(new Error("closed"), { code: "ECONNRESET" }));
    },
  };
}

function parseJson(text: string, socketPath: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw strange(socketPath, cause);
  }
}

function strange(socketPath: string, cause?: unknown): ClusterError {
  return notReached(socketPath, new Error("what answers there is not haled", { cause }));
}

function isApiError(value: unknown): value is ApiError {
  return typeof value === "object" && value !== null && "error" in value;
}

/** A newer daemon may know codes that this command does not. */
function refusal({ error }: ApiError): ClusterError {
  return new ClusterError(error.code in errorCodes ? (error.code as ErrorCode) : "FAILED", error.message);
}
