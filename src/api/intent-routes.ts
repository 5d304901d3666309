import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { authorHeader, type SubmitLine } from "../model/api-format.ts";
import type { Answer, Intent } from "../model/intent.ts";
import type { Preview } from "../model/preview.ts";
import type { Clock } from "../ports/clock.ts";
import type { Control } from "../ports/control.ts";
import { errorBody, statusOfAnswer } from "./api-errors.ts";
import { apiLimits } from "./limits.ts";
import { parseIntent } from "./parse-intent.ts";
import { textStream } from "./text-stream.ts";

/** `POST /v1/intents`: lines of JSON until the answer; with `?wait=false` one document as soon as it is accepted or refused; with
 * `?dry-run=true` one document, what would follow, and nothing is done. */
export function intentRoutes(control: Control, clock: Clock): Hono {
  const app = new Hono();
  const tooLarge = errorBody("USAGE", `Cannot accept the intent: more than ${apiLimits.bodyBytesMax} bytes`);
  const limit = bodyLimit({ maxSize: apiLimits.bodyBytesMax, onError: (c) => c.json(tooLarge, 413) });
  app.post("/", limit, async (c) => {
    const body: unknown = await c.req.json().catch(() => undefined);
    const parsed = parseIntent(body);
    if (!parsed.ok) return c.json(errorBody("USAGE", parsed.message, parsed.field), 400);
    const author = parseAuthor(c.req.header(authorHeader));
    if (c.req.query("dry-run") === "true") return c.json<Preview>(control.preview(parsed.intent, author));
    if (c.req.query("wait") !== "false") {
      const headers = { "content-type": "application/x-ndjson", "cache-control": "no-store" };
      return c.body(streamAnswer({ control, clock, intent: parsed.intent, author }), 200, headers);
    }
    const first = await acceptance(control, parsed.intent, author);
    if (first.kind === "progress") return c.json(first, 202);
    return c.json(first, statusOfAnswer(first.answer));
  });
  return app;
}

/** The author as the client says, which is good enough for a log on a local socket; anything odd is not repeated. */
export function parseAuthor(header: string | undefined): string {
  const isPrintable =
    header !== undefined && /^[\x20-\x7e]+$/.test(header) && header.length <= apiLimits.authorLengthMax;
  return isPrintable ? header : "unknown";
}

interface Submission {
  readonly control: Control;
  readonly clock: Clock;
  readonly intent: Intent;
  readonly author: string;
}

function streamAnswer({ control, clock, intent, author }: Submission): ReadableStream<Uint8Array> {
  return textStream({
    clock,
    ping: lineOf({ kind: "waiting" }),
    feed(sink) {
      const waiting = new AbortController();
      const progress = (text: string): void => sink.write(lineOf({ kind: "progress", text }));
      const answer = (value: Answer): void => {
        sink.write(lineOf({ kind: "answer", answer: value }));
        sink.end();
      };
      control.submit(intent, author, progress, waiting.signal).then(answer, (error: unknown) => {
        answer(failureOf(error));
      });
      return () => waiting.abort();
    },
  });
}

/** The first thing that is heard of an intent: the daemon says "progress" when the group has ordered it. */
function acceptance(
  control: Control,
  intent: Intent,
  author: string,
): Promise<Extract<SubmitLine, { kind: "progress" | "answer" }>> {
  return new Promise((resolve) => {
    const waiting = new AbortController();
    const progress = (text: string): void => resolve({ kind: "progress", text });
    control.submit(intent, author, progress, waiting.signal).then(
      (answer) => resolve({ kind: "answer", answer }),
      (error: unknown) => resolve({ kind: "answer", answer: failureOf(error) }),
    );
  });
}

/** A daemon that ends while somebody waits rejects; the operator still gets an answer. */
export function failureOf(error: unknown): Answer {
  return { ok: false, code: "FAILED", text: error instanceof Error ? error.message : String(error) };
}

function lineOf(line: SubmitLine): string {
  return `${JSON.stringify(line)}\n`;
}
