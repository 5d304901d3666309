import { ClusterError } from "../model/errors.ts";

/** Why a daemon could not be asked, and what to do. @param unit what systemd calls it */
export function notReached(socketPath: string, cause: unknown, unit = "haled"): ClusterError {
  const code = (cause as NodeJS.ErrnoException | null)?.code ?? "";
  const reason = reasons[code]?.replaceAll("haled", unit) ?? (cause instanceof Error ? cause.message : String(cause));
  return new ClusterError("NOT_REACHED", `Cannot reach the daemon at "${socketPath}": ${reason}`, { cause });
}

const ended = "the daemon closed the connection before it had answered; is it being stopped?";

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such socket; is haled running on this node? Try "systemctl status haled"',
  ECONNREFUSED: 'nobody answers there; haled has stopped. Try "systemctl start haled"',
  EACCES: "no permission; run as root",
  EPERM: "no permission; run as root",
  ENOTSOCK: "it is not a socket; is HALE_RUN right?",
  ENOTDIR: "its folder is not a folder; is HALE_RUN right?",
  ECONNRESET: ended,
  EPIPE: ended,
};
