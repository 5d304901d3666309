import { connect } from "node:net";
import type { Target } from "./datagram-socket.ts";

/** What a port answers. */
export type PortState = "open" | "closed" | "silent";

/** One way said "closed": the others get so long to say "open", because a daemon may lack one of its addresses. */
const secondOpinionMs = 100;

/** Asks the same port by several ways at once. Never rejects; takes at most `timeoutMs`. */
export function probePort(
  ways: readonly { readonly target: Target; readonly localAddress: string | undefined }[],
  timeoutMs: number,
): Promise<PortState> {
  return new Promise((resolve) => {
    let isClosed = false;
    let isDone = false;
    let unanswered = ways.length;
    const sockets = ways.map(({ target, localAddress }) =>
      connect({
        host: target.address,
        port: target.port,
        ...(localAddress === undefined ? {} : { localAddress }),
      }),
    );
    const finish = (state: PortState): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      for (const socket of sockets) socket.destroy();
      resolve(state);
    };
    const giveUp = (): void => finish(isClosed ? "closed" : "silent");
    let timer = setTimeout(giveUp, timeoutMs);
    for (const socket of sockets) {
      socket.once("connect", () => finish("open"));
      socket.once("error", (error: NodeJS.ErrnoException) => {
        unanswered -= 1;
        if (error.code === "ECONNREFUSED" && !isClosed) {
          isClosed = true;
          clearTimeout(timer);
          timer = setTimeout(giveUp, Math.min(secondOpinionMs, timeoutMs));
        }
        if (unanswered === 0) giveUp();
      });
    }
    if (ways.length === 0) giveUp();
  });
}
