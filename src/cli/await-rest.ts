import type { HaleClient } from "../client/hale-client.ts";
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
  const before = new AbortController();
  const events = client.followEvents(after, AbortSignal.any([signal, before.signal]));
  const concerned = new Set<string>();
  try {
    let services = await servicesNow(client, signal);
    if (isAtRest(services, starting)) {
      // What has come to rest already is told, too.
      for (const event of await client.events(after, signal)) tell(event);
      return failures(services, concerned);
    }
    for await (const event of events) {
      tell(event);
      if (event.service === undefined) continue;
      services = await servicesNow(client, signal);
      if (isAtRest(services, starting)) return failures(services, concerned);
    }
    signal.throwIfAborted();
    return failures(services, concerned);
  } finally {
    before.abort();
  }

  function tell({
    service,
    text,
    level,
  }: {
    readonly service?: string;
    readonly text: string;
    readonly level: string;
  }) {
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
