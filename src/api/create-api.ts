import { Hono } from "hono";
import type { FenceList, Health } from "../model/api-format.ts";
import { ClusterError } from "../model/errors.ts";
import { isServiceName, parseServiceId } from "../model/ids.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Clock } from "../ports/clock.ts";
import type { Control } from "../ports/control.ts";
import { errorBody, statusOf } from "./api-errors.ts";
import { configRoutes } from "./config-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { intentRoutes } from "./intent-routes.ts";

/** The whole API of one daemon. Serve it with `adapters/http`, or call `app.request(path)` in a test. */
export function createApi(control: Control, clock: Clock): Hono {
  const app = new Hono().basePath("/v1");
  app.get("/health", (c) => c.json<Health>(healthOf(control.snapshot())));
  app.get("/status", (c) => c.json<Snapshot>(control.snapshot()));
  app.get("/fences", (c) => c.json<FenceList>({ fences: control.fences() }));
  app.get("/services/:id/why", (c) => {
    const id = c.req.param("id");
    const why = isServiceName(id) ? control.why(parseServiceId(id)) : null;
    if (why !== null) return c.json(why);
    const known = control.config().services.map((service) => service.id);
    const list = known.length === 0 ? "no service is configured" : `configured are ${known.join(", ")}`;
    return c.json(errorBody("SERVICE_UNKNOWN", `Cannot explain service ${JSON.stringify(id)}: ${list}`), 404);
  });
  app.route("/config", configRoutes(control));
  app.route("/events", eventRoutes(control, clock));
  app.route("/intents", intentRoutes(control, clock));
  app.notFound((c) =>
    c.json(errorBody("USAGE", `Cannot ${c.req.method} ${c.req.path}: no such route in this version`), 404),
  );
  app.onError((error, c) => {
    const code = error instanceof ClusterError ? error.code : "FAILED";
    return c.json(errorBody(code, error.message), statusOf(code));
  });
  return app;
}

function healthOf(snapshot: Snapshot): Health {
  const { node, cluster, version } = snapshot;
  return { node, cluster, version, isQuorate: snapshot.group.isQuorate };
}
