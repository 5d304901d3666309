import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { authorHeader, type ConfigInForce } from "../model/api-format.ts";
import type { Preview } from "../model/preview.ts";
import type { Control } from "../ports/control.ts";
import { errorBody, statusOfAnswer } from "./api-errors.ts";
import { failureOf, parseAuthor } from "./intent-routes.ts";
import { apiLimits } from "./limits.ts";

/**
 * `GET /v1/config`: what is in force. `POST /v1/config` with `{ "text": … }`: the text of a configuration that is to be, and
 * `POST /v1/config/reload`: the file of this node; both with `?dry-run=true` what would follow, and nothing is done.
 */
export function configRoutes(control: Control): Hono {
  const app = new Hono();
  app.get("/", (c) => {
    return c.json<ConfigInForce>({ digest: control.snapshot().config.digest, config: control.config() });
  });
  const tooLarge = errorBody("USAGE", `Cannot take the configuration: more than ${apiLimits.configBytesMax} bytes`);
  const limit = bodyLimit({ maxSize: apiLimits.configBytesMax, onError: (c) => c.json(tooLarge, 413) });
  app.post("/", limit, async (c) => {
    const text = textOf(await c.req.json<unknown>().catch(() => undefined));
    if (text === null) return c.json(errorBody("USAGE", 'Cannot read the body: wants { "text": "…" }', "text"), 400);
    const author = parseAuthor(c.req.header(authorHeader));
    if (c.req.query("dry-run") === "true") return c.json<Preview>(control.previewApply(text, author));
    const answer = await control.apply(text, author, c.req.raw.signal).catch(failureOf);
    return c.json(answer, statusOfAnswer(answer));
  });
  app.post("/reload", async (c) => {
    const author = parseAuthor(c.req.header(authorHeader));
    if (c.req.query("dry-run") === "true") return c.json<Preview>(await control.previewReload(author));
    const answer = await control.reload(author, c.req.raw.signal).catch(failureOf);
    return c.json(answer, statusOfAnswer(answer));
  });
  return app;
}

function textOf(body: unknown): string | null {
  if (typeof body !== "object" || body === null || !("text" in body)) return null;
  return typeof body.text === "string" ? body.text : null;
}
