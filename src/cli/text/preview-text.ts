import type { Preview, PreviewOutage, PreviewPart, PreviewStep } from "../../model/preview.ts";
import { alignRows, printable } from "./layout.ts";
import type { Look } from "./look.ts";
import { spanText } from "./span-text.ts";

/** What would happen in order, who would be down and for how long, and what cannot be foretold. @param heading by default that of `--dry-run` */
export function previewText(
  preview: Extract<Preview, { ok: true }>,
  look: Look,
  heading = "Nothing is done; this is what would follow:",
): string {
  const { paint } = look;
  const nothing = preview.steps.length === 0 ? ["Nothing would be started, stopped or moved."] : [];
  const sections = [
    [paint("strong", heading), ...nothing, ...stepLines(preview.steps, look)],
    outageLines(preview.outages, look),
    preview.unsure.length === 0 ? [] : [paint("dim", "NOT KNOWN"), ...preview.unsure.map(printable)],
    [`In the end: ${printable(preview.text)}`],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

const verbs = { stop: "stop", start: "start", fence: "fence", "give-up": "give up" } as const;

function stepLines(steps: readonly PreviewStep[], look: Look): readonly string[] {
  const { paint } = look;
  return alignRows(
    steps.flatMap(({ atMs, action, node, service, reason, parts = [] }) => {
      const what = service === undefined ? `${verbs[action]} ${node}` : `${verbs[action]} ${service} on ${node}`;
      const step = [paint("dim", `+${spanText(atMs)}`), what, paint("dim", printable(reason))];
      return [step, ...parts.map((part) => partRow(part, atMs, look))];
    }),
  );
}

/** A resource in its turn: `+1.2s    files/web  300ms`. */
function partRow({ resource, atMs, forMs }: PreviewPart, stepAtMs: number, { paint }: Look): readonly string[] {
  const begins = atMs === null ? "later" : `+${spanText(stepAtMs + atMs)}`;
  return [paint("dim", begins), `  ${resource}`, paint("dim", forMs === null ? "never measured" : spanText(forMs))];
}

function outageLines(outages: readonly PreviewOutage[], { paint }: Look): readonly string[] {
  if (outages.length === 0) return [];
  const rows = outages.map(({ service, from, to, outageMs }) => {
    if (to === null) return [service, from, paint("bad", "stays down")];
    const span = outageMs === null ? "for a time that was never measured" : `for about ${spanText(outageMs)}`;
    return [service, from === to ? `${from}, again` : `${from} -> ${to}`, span];
  });
  return [paint("dim", "DOWN"), ...alignRows(rows)];
}
