import { Hono } from "hono";
import type { EventList } from "../model/api-format.ts";
import type { ClusterEvent } from "../model/cluster-event.ts";
import type { Clock } from "../ports/clock.ts";
import type { Control } from "../ports/control.ts";
import { errorBody } from "./api-errors.ts";
import { textStream } from "./text-stream.ts";

/** `GET /v1/events?after=N` and, with `follow=true`, a stream of server-sent events that resumes by Last-Event-ID. */
export function eventRoutes(control: Control, clock: Clock): Hono {
  const app = new Hono();
  app.get("/", (c) => {
    const asked = c.req.header("last-event-id") ?? c.req.query("after") ?? "0";
    if (!/^\d{1,15}$/.test(asked)) {
      const message = `Cannot list events after ${JSON.stringify(asked)}: wants the sequence number of an event`;
      return c.json(errorBody("USAGE", message, "after"), 400);
    }
    const from = resumeAt(control, Number(asked));
    if (c.req.query("follow") !== "true") return c.json<EventList>({ events: control.events(from) });
    const headers = { "content-type": "text/event-stream", "cache-control": "no-store" };
    return c.body(followEvents(control, clock, from), 200, headers);
  });
  return app;
}

function followEvents(control: Control, clock: Clock, from: number): ReadableStream<Uint8Array> {
  return textStream({
    clock,
    ping: ": still here\n\n",
    feed(sink) {
      // At once, so that the client knows that it is connected before anything happens.
      sink.write(": hale events\n\n");
      for (const event of control.events(from)) sink.write(eventText(event));
      return control.onEvent((event) => sink.write(eventText(event)));
    },
  });
}

/** A daemon that was restarted counts from 1 again: who asks for what comes after a higher number wants all of it. */
function resumeAt(control: Control, asked: number): number {
  const newest = control.events(0).at(-1)?.sequence ?? 0;
  return asked > newest ? 0 : asked;
}

function eventText(event: ClusterEvent): string {
  return `id: ${event.sequence}\ndata: ${JSON.stringify(event)}\n\n`;
}
