import type { HaleClient } from "../client/hale-client.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { ServiceId } from "../model/ids.ts";
import type { ServiceSnapshot } from "../model/snapshot.ts";

/** How the wait is shown and ended. */
export interface RestOptions {
  /** These are to run in the end, or to have failed. */
  readonly starting: ReadonlySet<ServiceId>;
  readonly signal: AbortSignal;
  readonly progress: (text: string) => void;
}

/**
 * Waits until no service is being started or stopped, nor is about to be started, and tells each event of a service since `after` on the way.
 *
 * @returns a line for each service that has failed meanwhile, or could not be stopped
 * @throws ClusterError NOT_REACHED; an AbortError when `signal` is aborted
 */
export async function awaitRest(
  client: HaleClient,
  after: number,
  { starting, signal, progress }: RestOptions,
): Promise<readonly string[]> {
  const following = new AbortController();
  const concerned = new Set<string>();
  let seen = after;
  try {
    if (isAtRest(await servicesNow(client, signal), starting)) return await atRest();
    for await (const event of client.followEvents(after, AbortSignal.any([signal, following.signal]))) {
      tell(event);
      if (event.service !== undefined && isAtRest(await servicesNow(client, signal), starting)) return await atRest();
    }
    signal.throwIfAborted();
    return await atRest();
  } finally {
    following.abort();
  }

  /** The state may be ahead of the events that were heard: the others are told, too. */
  async function atRest(): Promise<readonly string[]> {
    for (const event of await client.events(seen, signal)) tell(event);
    return failures(await servicesNow(client, signal), concerned);
  }

  function tell({ sequence, service, text, level }: ClusterEvent): void {
    if (sequence <= seen) return;
    seen = sequence;
    if (service === undefined || level === "debug") return;
    concerned.add(service);
    progress(`${service}: ${text}`);
  }
}

async function servicesNow(client: HaleClient, signal: AbortSignal): Promise<readonly ServiceSnapshot[]> {
  return (await client.status(signal)).services;
}

function isAtRest(services: readonly ServiceSnapshot[], starting: ReadonlySet<ServiceId>): boolean {
  return services.every(({ service, state }) => {
    if (state === "starting" || state === "stopping") return false;
    // A new one is stopped, or nobody can tell, until every node has looked whether it runs there.
    return !starting.has(service) || (state !== "stopped" && state !== "unknown");
  });
}

function failures(services: readonly ServiceSnapshot[], concerned: ReadonlySet<string>): readonly string[] {
  return services
    .filter(({ service, state }) => concerned.has(service) && (state === "failed" || state === "blocked"))
    .map(({ service, state, reason }) => `${service} is ${state}: ${reason}; hale why ${service}`);
}
