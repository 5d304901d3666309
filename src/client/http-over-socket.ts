import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { notReached } from "./not-reached.ts";

/** One request to the daemon. */
export interface Call {
  readonly socketPath: string;
  readonly method: "GET" | "POST";
  /** Below `/v1`. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Whose socket it is, as systemd calls it. Default `haled`. */
  readonly unit?: string;
  /** Silence of the daemon after which it counts as not reached. */
  readonly silenceMs: number;
}

/** A larger document is no answer of a daemon. */
const documentCharactersMax = 32_000_000;

/**
 * Sends the request.
 *
 * @returns once the head of the answer is there; its body is still to be read
 * @throws ClusterError NOT_REACHED
 */
export async function open(call: Call, signal: AbortSignal): Promise<IncomingMessage> {
  const { socketPath, method, silenceMs, unit } = call;
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  const headers = {
    host: "hale",
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...call.headers,
  };
  return new Promise<IncomingMessage>((resolve, reject) => {
    const fail = (error: unknown): void =>
      reject(signal.aborted ? abortedBy(signal) : notReached(socketPath, error, unit));
    const sent: ClientRequest = request({ socketPath, method, path: `/v1${call.path}`, headers, signal, agent: false });
    sent.setTimeout(silenceMs, () => sent.destroy(new Error(`it says nothing for ${silenceMs / 1000} s`)));
    sent.on("error", fail);
    sent.on("response", resolve);
    sent.end(body);
  });
}

/** The pieces of a body. @throws ClusterError NOT_REACHED when the connection breaks; ends on abort */
export async function* readPieces(
  response: IncomingMessage,
  socketPath: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  response.setEncoding("utf8");
  try {
    for await (const piece of response) yield piece as string;
  } catch (error) {
    if (signal.aborted) return;
    throw notReached(socketPath, error);
  } finally {
    response.destroy();
  }
}

/** The whole body. */
export async function readAll(response: IncomingMessage, socketPath: string, signal: AbortSignal): Promise<string> {
  let text = "";
  for await (const piece of readPieces(response, socketPath, signal)) {
    text += piece;
    if (text.length > documentCharactersMax) throw notReached(socketPath, new Error("its answer does not end"));
  }
  if (signal.aborted) throw abortedBy(signal);
  return text;
}

/** The lines of a body, without their ends. */
export async function* readLines(
  response: IncomingMessage,
  socketPath: string,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let rest = "";
  for await (const piece of readPieces(response, socketPath, signal)) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

function abortedBy(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("Stopped waiting for the daemon");
}
