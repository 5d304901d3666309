import type { FenceReport } from "../../model/snapshot.ts";
import { alignRows, printable } from "./layout.ts";
import type { Look } from "./look.ts";
import type { Tone } from "./paint.ts";
import { spanText } from "./span-text.ts";

const tones: Readonly<Record<FenceReport["result"], Tone>> = { confirmed: "good", failed: "bad", "under way": "warn" };

/** `hale fence history`, newest first. */
export function fencesText(fences: readonly FenceReport[], { paint, wallText }: Look): string {
  if (fences.length === 0) return "no node was fenced\n";
  const head = ["BEGUN", "NODE", "RESULT", "TOOK", "BY", "WHY, AND WHAT CAME OF IT"].map((title) =>
    paint("dim", title),
  );
  const rows = fences.map((fence) => {
    const { target, result, startedAt, endedAt, by, why, reason, times } = fence;
    const at = startedAt ?? endedAt;
    const took = startedAt === null || endedAt === null ? "-" : spanText(endedAt - startedAt);
    const what = reason === "" ? why : `${why}: ${reason}`;
    const often = times === 1 ? "" : `, ${times} times`;
    return [
      at === null ? "-" : wallText(at),
      paint("strong", target),
      paint(tones[result], result),
      took,
      by,
      printable(`${what}${often}`),
    ];
  });
  return `${alignRows([head, ...rows]).join("\n")}\n`;
}
