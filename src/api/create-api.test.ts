import fc from "fast-check";
import type { Hono } from "hono";
import { beforeEach, describe, expect, it } from "vitest";
import { createApi } from "./create-api.ts";
import { FakeControl } from "./fake-control.fixture.ts";
import { apiLimits } from "./limits.ts";
import { ManualClock } from "./manual-clock.fixture.ts";

let control: FakeControl;
let clock: ManualClock;
let app: Hono;

beforeEach(() => {
  control = new FakeControl();
  clock = new ManualClock();
  app = createApi(control, clock);
});

const enableWeb = { kind: "enable-service", service: "web" };

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return app.request(path, { method: "POST", body: text, headers });
}

/** Reads a stream piece by piece. */
function reader(response: Response) {
  const stream = (response.body as ReadableStream<Uint8Array> | null)?.getReader();
  if (stream === undefined) throw new Error("The response has no body");
  const decoder = new TextDecoder();
  return {
    next: async () => decoder.decode((await stream.read()).value),
    isDone: async () => (await stream.read()).done,
    cancel: async () => stream.cancel(),
  };
}

describe("documents", () => {
  it("are the snapshot, the health, the configuration and the reasons", async () => {
    expect(await (await app.request("/v1/status")).json()).toEqual(control.snapshot());
    expect(await (await app.request("/v1/health")).json()).toEqual({
      node: "n1",
      cluster: "office",
      version: "0.1.0",
      isQuorate: true,
    });
    expect(await (await app.request("/v1/config")).json()).toEqual({
      digest: "123456789abc",
      config: control.config(),
    });
    expect(await (await app.request("/v1/fences")).json()).toEqual({ fences: [] });
    expect(await (await app.request("/v1/services/web/why")).json()).toMatchObject({ summary: "web runs on n1" });
  });

  it("do not exist for what does not exist", async () => {
    const unknown = await app.request("/v1/services/wbe/why");
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toEqual({
      error: { code: "SERVICE_UNKNOWN", message: 'Cannot explain service "wbe": configured are web' },
    });
    const route = await app.request("/v1/servces");
    expect([route.status, await route.json()]).toEqual([
      404,
      { error: { code: "USAGE", message: "Cannot GET /v1/servces: no such route in this version" } },
    ]);
    expect((await app.request("/v1/services/%2e%2e%2f/why")).status).toBe(404);
  });
});

describe("events", () => {
  it("are listed after a number", async () => {
    for (const text of ["a", "b", "c"]) control.emit(text);
    expect(await (await app.request("/v1/events?after=1")).json()).toMatchObject({
      events: [{ text: "b" }, { text: "c" }],
    });
    expect(await (await app.request("/v1/events")).json()).toMatchObject({ events: [{ sequence: 1 }, {}, {}] });
    const wrong = await app.request("/v1/events?after=x");
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { error: { code: "USAGE", field: "after" } }]);
  });

  it("are all told to somebody who knows those of an earlier daemon", async () => {
    control.emit("a");
    expect(await (await app.request("/v1/events?after=500")).json()).toMatchObject({ events: [{ text: "a" }] });
  });

  it("are followed, resumed, and forgotten when the reader goes", async () => {
    control.emit("a");
    control.emit("b");
    const stream = reader(await app.request("/v1/events?follow=true", { headers: { "last-event-id": "1" } }));
    expect(await stream.next()).toBe(": hale events\n\n");
    expect(await stream.next()).toMatch(/^id: 2\ndata: \{.*"text":"b"\}\n\n$/);
    control.emit("c");
    expect(await stream.next()).toContain('"text":"c"');
    expect(control.listeners).toBe(1);
    await stream.cancel();
    expect(control.listeners).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  it("say that they are alive when nothing happens", async () => {
    const stream = reader(await app.request("/v1/events?follow=true"));
    await stream.next();
    clock.turn(apiLimits.pingMs);
    expect(await stream.next()).toBe(": still here\n\n");
    clock.turn(apiLimits.pingMs);
    expect(await stream.next()).toBe(": still here\n\n");
    await stream.cancel();
  });

  it("cut off a reader that does not read", async () => {
    const response = await app.request("/v1/events?follow=true");
    for (let i = 0; i < apiLimits.unreadMax + 10; i++) control.emit("x");
    expect(control.listeners).toBe(0);
    await response.body?.cancel();
  });
});

describe("intents", () => {
  it("are answered line by line", async () => {
    const lines = reader(await post("/v1/intents", enableWeb, { "x-hale-author": "eva" }));
    const [submission] = control.submissions;
    expect(submission).toMatchObject({ intent: enableWeb, author: "eva" });
    submission?.progress("entry 12");
    expect(await lines.next()).toBe('{"kind":"progress","text":"entry 12"}\n');
    clock.turn(apiLimits.pingMs);
    expect(await lines.next()).toBe('{"kind":"waiting"}\n');
    submission?.answer({ ok: true, text: "started on n1" });
    expect(await lines.next()).toBe('{"kind":"answer","answer":{"ok":true,"text":"started on n1"}}\n');
    expect(await lines.isDone()).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  it("are no longer waited for when the client goes", async () => {
    const lines = reader(await post("/v1/intents", enableWeb));
    await lines.cancel();
    expect(control.submissions[0]?.signal.aborted).toBe(true);
  });

  it("have an answer when the daemon ends", async () => {
    const lines = reader(await post("/v1/intents", enableWeb));
    control.submissions[0]?.fail(new Error("the daemon ends"));
    expect(await lines.next()).toBe(
      '{"kind":"answer","answer":{"ok":false,"code":"FAILED","text":"the daemon ends"}}\n',
    );
  });

  it("return once accepted when nobody waits", async () => {
    const pending = post("/v1/intents?wait=false", { kind: "relocate-service", service: "web", to: "n2" });
    await expect.poll(() => control.submissions.length).toBe(1);
    control.submissions[0]?.progress("entry 12");
    const response = await pending;
    expect([response.status, await response.json()]).toEqual([202, { kind: "progress", text: "entry 12" }]);
    expect(control.submissions[0]?.signal.aborted).toBe(false);
  });

  it("return the refusal when nobody waits", async () => {
    const pending = post("/v1/intents?wait=false", enableWeb);
    await expect.poll(() => control.submissions.length).toBe(1);
    control.submissions[0]?.answer({ ok: false, code: "NO_QUORUM", text: "no quorum" });
    expect((await pending).status).toBe(503);
  });

  it.each([
    [
      "{",
      'Cannot accept the intent: found nothing, wanted an intent such as { "kind": "enable-service", "service": "web" }',
      undefined,
    ],
    [
      { kind: "begin-service" },
      'Cannot accept the intent: field "kind": found "begin-service", wanted one of enable-service, disable-service, start-service, stop-service, restart-service, freeze-service, unfreeze-service, relocate-service, clear-service, standby-node, online-node, freeze-node, unfreeze-node, begin-maintenance, end-maintenance, release-node, shutdown-node, stop-cluster, schedule, cancel-scheduled, fence-node, confirm-off-node, remove-node, readmit-node',
      "kind",
    ],
    [
      { kind: "enable-service" },
      'Cannot accept the intent: field "service": found nothing, wanted the name of a service',
      "service",
    ],
    [
      { kind: "enable-service", service: "a/b" },
      'Cannot accept the intent: field "service": found "a/b", wanted the name of a service',
      "service",
    ],
    [
      { kind: "relocate-service", service: "web", to: 7 },
      'Cannot accept the intent: field "to": found 7, wanted the name of a node',
      "to",
    ],
    [
      { kind: "schedule", what: { kind: "fence-node", node: "n1" }, at: 1 },
      'Cannot accept the intent: field "what.kind": found "fence-node", wanted a wish that may wait, such as { "kind": "enable-service", "service": "web" }',
      "what.kind",
    ],
    [
      { kind: "schedule", what: { kind: "enable-service", service: "web" }, at: "03:00" },
      'Cannot accept the intent: field "at": found "03:00", wanted milliseconds since 1970',
      "at",
    ],
    [
      { kind: "fence-node", node: "n1", force: true },
      'Cannot accept the intent: field "force": found true, wanted no such field',
      "force",
    ],
  ])("are refused with the field that is wrong: %j", async (body, message, field) => {
    const response = await post("/v1/intents", body);
    expect(response.status).toBe(400);
    expect(await response.json()).toEqual({
      error: { code: "USAGE", message, ...(field === undefined ? {} : { field }) },
    });
    expect(control.submissions).toEqual([]);
  });

  it("are refused whatever else is sent", async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (body) => {
        expect((await post("/v1/intents", body)).status).toBe(400);
      }),
    );
    expect((await post("/v1/intents", " ".repeat(apiLimits.bodyBytesMax + 1))).status).toBe(413);
  });
});

it("takes a configuration in somebody's name, tells what would follow, and refuses what is none", async () => {
  const body = JSON.stringify({ text: "cluster: office" });
  const good = await post("/v1/config", body, { "x-hale-author": "eva" });
  expect([good.status, await good.json()]).toEqual([200, { ok: true, text: "configuration 123456789abc is in force" }]);
  const dry = await post("/v1/config?dry-run=true", body);
  expect(await dry.json()).toMatchObject({ ok: true, steps: [] });
  for (const wrong of ["", "{}", '{"text":7}', "[]", "null"])
    expect((await post("/v1/config", wrong)).status).toBe(400);
  const large = await post("/v1/config", JSON.stringify({ text: "x".repeat(2 ** 21) }));
  expect(large.status).toBe(413);
  expect(control.applied).toEqual([["eva", "cluster: office"]]);
});

it("reloads the configuration in somebody's name", async () => {
  const good = await post("/v1/config/reload", "", { "x-hale-author": "eva" });
  expect([good.status, await good.json()]).toEqual([200, { ok: true, text: "configuration 123456789abc is in force" }]);
  control.reloadAnswer = { ok: false, code: "CONFIG_INVALID", text: "Cannot use it" };
  const bad = await post("/v1/config/reload", "", { "x-hale-author": "e\u00e9" });
  expect([bad.status, await bad.json()]).toEqual([422, { ok: false, code: "CONFIG_INVALID", text: "Cannot use it" }]);
  expect(control.reloads).toEqual(["eva", "unknown"]);
});
