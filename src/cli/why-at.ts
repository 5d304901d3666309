import { ClusterError } from "../model/errors.ts";
import type { Why } from "../model/snapshot.ts";
import type { WallMs } from "../model/units.ts";

/**
 * What was so at a time that is over: the last decision until then, each node's case in it, and what had led there.
 *
 * @param asked the time as it was given, for people
 * @throws ClusterError USAGE when nothing so old is known
 */
export function whyAt(why: Why, at: WallMs, asked: string): Why {
  const history = why.history.filter((decision) => decision.at <= at);
  const [decision] = history;
  if (decision === undefined) {
    const since = why.history.at(-1);
    const known =
      since === undefined
        ? "nothing was decided about it"
        : `the oldest decision that is kept is entry ${since.entry}, later than that`;
    throw new ClusterError(
      "USAGE",
      `Cannot tell why service "${why.service}" was where it was at ${asked}: ${known}; see hale events`,
    );
  }
  const unknown =
    decision.nodes === undefined
      ? " (each node's case is not known any more: this daemon was started later, or much was decided since)"
      : "";
  const { service, failures } = why;
  return {
    service,
    summary: `as decided at ${asked}: ${decision.text}${unknown}`,
    nodes: decision.nodes ?? [],
    history,
    failures: failures.filter((failure) => failure.at <= at),
  };
}
