import { expect, it } from "vitest";
import { parseNodeId, parseServiceId, resourceId } from "../../model/ids.ts";
import { utcText } from "../fixtures/fake-context.fixture.ts";
import { plainPaint } from "./paint.ts";
import { previewText } from "./preview-text.ts";

const [service, node] = [parseServiceId("shop"), parseNodeId("n2")];
const part = (name: string, atMs: number | null, forMs: number | null) => ({
  resource: resourceId(service, name),
  atMs,
  forMs,
});

it("[TREE-9] shows branches in their turn, and what was never measured", () => {
  const text = previewText(
    {
      ok: true,
      text: "service shop is started on n2",
      steps: [
        { atMs: 0, action: "stop", node: parseNodeId("n1"), service, reason: "relocation" },
        {
          atMs: 1_500,
          action: "start",
          node,
          service,
          reason: "relocation",
          parts: [part("disk", 0, 300), part("ip", 0, 20), part("db", 300, null), part("app", null, 50)],
        },
      ],
      outages: [{ service, from: parseNodeId("n1"), to: node, outageMs: null }],
      unsure: ["how long the start of shop/db takes: it was not done since the cluster started"],
    },
    { paint: plainPaint, wallText: utcText },
  );
  expect(`\n${text}`).toMatchInlineSnapshot(`
    "
    Nothing is done; this is what would follow:
    +0ms   stop shop on n1   relocation
    +1.5s  start shop on n2  relocation
    +1.5s    shop/disk       300ms
    +1.5s    shop/ip         20ms
    +1.8s    shop/db         never measured
    later    shop/app        50ms

    DOWN
    shop  n1 -> n2  for a time that was never measured

    NOT KNOWN
    how long the start of shop/db takes: it was not done since the cluster started

    In the end: service shop is started on n2
    "
  `);
});
