import type { WitnessStatus } from "../model/witness-status.ts";
import { open, readAll } from "./http-over-socket.ts";
import { notReached } from "./not-reached.ts";

/** It answers from memory. */
const answerMs = 10_000;

/** What the witness that listens on a unix socket says of itself. @throws ClusterError NOT_REACHED */
export async function askWitness(socketPath: string, signal: AbortSignal): Promise<WitnessStatus> {
  const call = { socketPath, method: "GET", path: "/witness", silenceMs: answerMs, unit: "hale-witness" } as const;
  const response = await open(call, signal);
  const text = await readAll(response, socketPath, signal);
  if (response.statusCode !== 200)
    throw notReached(socketPath, new Error(`it answered ${response.statusCode}; is it a witness?`));
  return JSON.parse(text) as WitnessStatus;
}
