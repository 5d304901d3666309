import { createSocket } from "node:dgram";
import { connect } from "node:net";
import type { ProbeTarget, Reply } from "./probe.ts";

/** Ask the target once. Never rejects. @param timeoutMs from the first packet to the last */
export type Ask = (timeoutMs: number) => Promise<Reply>;

/** @throws TypeError when a URL is not one */
export async function asker(target: ProbeTarget): Promise<Ask> {
  switch (target.kind) {
    case "http":
      return httpAsker(new URL(target.url));
    case "tcp":
      return async (timeoutMs) => askStream(target.ip, target.port, "probe\n", timeoutMs, readLine);
    case "udp":
      return udpAsker(target.ip, target.port);
  }
}

function httpAsker(url: URL): Ask {
  const request = `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`;
  const port = Number(url.port || 80);
  return async (timeoutMs) => askStream(url.hostname, port, request, timeoutMs, readHttp);
}

/** @returns the reply once `received` is a whole one; undefined to read on */
type Reader = (received: string, isAtEnd: boolean) => Reply | undefined;

/**
 * A new connection for one question. Written on bare sockets, because `node:http` costs three times as much and its
 * agent, pipelining and time-outs are all in the way.
 */
async function askStream(ip: string, port: number, request: string, timeoutMs: number, read: Reader): Promise<Reply> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port, noDelay: true });
    const done = (reply: Reply): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reply);
    };
    const timer = setTimeout(() => done(failure("timed-out", "no answer in time")), timeoutMs);
    let received = "";
    socket.setEncoding("latin1");
    socket.on("connect", () => socket.write(request));
    socket.on("data", (text: string) => {
      received += text;
      const reply = read(received, false);
      if (reply !== undefined) done(reply);
    });
    socket.on("end", () => done(read(received, true) ?? failure("failed", "closed before a whole answer")));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      done(failure(error.code === "ECONNREFUSED" ? "refused" : "failed", error.code ?? error.message));
    });
  });
}

const readLine: Reader = (received) => {
  const end = received.indexOf("\n");
  return end < 0 ? undefined : answered(received.slice(0, end).split(" ")[0] ?? "");
};

const readHttp: Reader = (received, isAtEnd) => {
  const headEnd = received.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  const head = received.slice(0, headEnd);
  const body = received.slice(headEnd + 4);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (!isAtEnd && (length === undefined || body.length < Number(length))) return undefined;
  const status = /^HTTP\/1\.[01] (\d+)/.exec(head)?.[1] ?? "?";
  if (!status.startsWith("2")) return failure("failed", `HTTP ${status}`);
  const name = /^x-host: *(.*)$/im.exec(head)?.[1] ?? body.split("\n")[0] ?? "";
  return answered(name.trim().slice(0, 64));
};

/** One socket for all datagrams; replies are told apart by a number that comes back. */
async function udpAsker(ip: string, port: number): Promise<Ask> {
  const socket = createSocket("udp4");
  const waiting = new Map<number, (reply: Reply) => void>();
  let last = 0;
  socket.on("message", (message, from) => {
    const [responder = "", number] = message.toString().split(" ");
    // An answer from another address than the one asked would be no answer to a client.
    if (from.address === ip) waiting.get(Number(number))?.(answered(responder));
  });
  socket.on("error", () => {}); // Unreachable and such: those requests time out.
  await new Promise<void>((resolve) => socket.bind(resolve));
  return async (timeoutMs) =>
    new Promise((resolve) => {
      last += 1;
      const number = last;
      const done = (reply: Reply): void => {
        clearTimeout(timer);
        if (waiting.delete(number)) resolve(reply);
      };
      const timer = setTimeout(() => done(failure("timed-out", "no answer in time")), timeoutMs);
      waiting.set(number, done);
      socket.send(`${number}`, port, ip, (error) => {
        if (error !== null) done(failure("failed", (error as NodeJS.ErrnoException).code ?? error.message));
      });
    });
}

function answered(responder: string): Reply {
  return { outcome: "answered", responder, error: "" };
}

function failure(outcome: "refused" | "timed-out" | "failed", error: string): Reply {
  return { outcome, responder: "", error };
}
