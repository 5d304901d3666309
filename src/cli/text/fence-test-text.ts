import type { TestedStep } from "../fence-test.ts";
import { alignRows, printable } from "./layout.ts";
import type { Look } from "./look.ts";
import { spanText } from "./span-text.ts";

/** `hale fence test`: each node with its devices; what an agent printed only where something is wrong. */
export function fenceTestText(steps: readonly TestedStep[], { paint }: Look): string {
  if (steps.length === 0) return "no fence step is configured for it\n";
  const head = ["  NODE", "DEVICE", "PLUG", "TOOK", "RESULT"].map((title) => paint("dim", title));
  const rows = steps.flatMap(({ node, device, plug, works, power, reason, output, durationMs }) => {
    const mark = works ? paint("good", "✓") : paint("bad", "✗");
    const result = works ? paint("good", power ?? "works") : paint("bad", printable(reason));
    const said = works || output.trim() === "" ? [] : output.trim().split(/\r?\n/);
    const lines = said.map((line) => [paint("dim", `    | ${printable(line)}`)]);
    return [[`${mark} ${node}`, device, plug ?? "-", spanText(durationMs), result], ...lines];
  });
  return `${alignRows([head, ...rows]).join("\n")}\n`;
}
